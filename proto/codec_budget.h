/*
 * Budgets and notices on the wire: see PROTOCOL.md. Written to a packer, read
 * by borrowing, as everywhere.
 */
#ifndef PROTO_CODEC_BUDGET_H
#define PROTO_CODEC_BUDGET_H

#include "proto/budget.h"
#include "proto/codec.h"
#include "proto/notice.h"

/* A budget and where it stands in one period. */
struct budget_state {
	struct budget budget;
	int64_t from_ms, to_ms;
	struct text label;
	money_sum spent; /* as the limit: picodollars, or tokens */
	uint64_t unpriced_tokens, unpriced_calls;
	enum budget_level level;
};

/* The params of budget_set, a map. */
void pack_budget(struct packer *k, const struct budget *b);
/* 0, or -1 with *err; budget_validate is its caller's. */
int unpack_budget(
    struct wire_cursor params, struct budget *b, struct error *err);
/* One of the `budgets`. */
void pack_budget_state(struct packer *k, const struct budget_state *s);
/* Moves the cursor past it; -1 where it is none. */
int unpack_budget_state(struct wire_cursor *c, struct budget_state *s);

void pack_notice(struct packer *k, const struct notice *n);
int unpack_notice(struct wire_cursor *c, struct notice *n);

#endif
