/*
 * What several sights of one call add up to. The join is commutative,
 * associative and idempotent, so order, repetition and machine do not matter.
 * Pure: no store, no clock.
 */
#ifndef LEDGER_MERGE_H
#define LEDGER_MERGE_H

#include "proto/event.h"
#include "proto/limits.h"

/*
 * How good a sight is, as it was sent; never recomputed from merged values.
 * Better: higher rank first, then not copied before copied, main before tool
 * before subagent, larger sum of tokens, earlier ts, smaller digest of its
 * texts.
 */
struct stamp {
	uint64_t tokens; /* max(total, classes) */
	int64_t ts_ms;
	uint64_t tie;
	uint8_t rank;
	uint8_t standing; /* copied << 2 | kind's place; lower is better */
};

/*
 * The state of one call. The owner (machine, session, message) goes as one
 * text with the stamp of EV_MESSAGE; every other text has its own stamp, that
 * of the best sight that has it.
 */
struct merged {
	uint8_t rank;
	bool is_void;
	bool has_cost;
	int64_t cost_pico;
	int64_t ts_ms;
	uint64_t count[EV_COUNTS];
	struct text text[EV_TEXTS];
	struct stamp stamp[EV_TEXTS]; /* [EV_MACHINE], [EV_SESSION] unused */
};

/* Negative when a is better than b, 0 when they are equal. */
int stamp_cmp(const struct stamp *a, const struct stamp *b);

/*
 * One sight alone. ev is valid, with machine, message and ts filled in. Texts
 * are borrowed from it.
 */
void merge_init(struct merged *m, const struct event *ev);
/* a = a joined with b. Texts are borrowed from both. */
void merge_join(struct merged *a, const struct merged *b);

uint64_t merged_classes(const struct merged *m);
uint64_t merged_other(const struct merged *m);

#endif
