/*
 * What the ledger has of one session: the answer of the method `session`.
 */
#ifndef REPORT_HEARD_H
#define REPORT_HEARD_H

#include "clients/report/fetch.h"

/* Texts and cursors point into the result. */
struct heard {
	struct text machine, session, parent, agent, project;
	int64_t first_ms, last_ms; /* 0: no call yet */
	bool has_context;
	uint64_t context_used, context_size;
	int64_t context_at_ms;
	struct value windows; /* an array of quota windows */
	struct wire_cursor report;
};

struct heard_window {
	struct text name;  /* "five_hour" */
	money_sum percent; /* used, in units of 10^-12 of one percent */
	int64_t resets_ms; /* 0: not told */
	int64_t at_ms;     /* when it was told */
};

/* Packs the request: id "last" is the one heard last; NULL machine: ours. */
void heard_pack(
    struct packer *k, uint32_t msgid, const char *session, const char *machine);
/* 0, or -1 where it is no such result. */
int heard_read(struct wire_cursor result, struct heard *h);
/* The next one; false after the last. list is a copy of h->windows. */
bool heard_next_window(struct value *list, struct heard_window *w);
/* cache_read / (input + cache_read + cache_write): part and whole. */
void heard_cache(const struct sums *s, uint64_t *part, uint64_t *whole);

#endif
