/*
 * What tt-notices is made of: the list and who holds it (list.c), the words
 * (text.c), the ways of showing them (show.c, hook.c), and their order (run.c).
 */
#ifndef CLIENTS_NOTICES_NOTICES_H
#define CLIENTS_NOTICES_NOTICES_H

#include "clients/report/fetch.h"
#include "clients/report/setup.h"
#include "proto/codec_budget.h"

#define NOTICES_NAME "tt-notices"
#define NOTICES_MAX 100 /* in one answer */

struct notices_options {
	struct report_options common; /* first: the macros of setup.h fit */
	const char *hook;
	bool claim, delivered;
};

struct notices {
	struct notice item[NOTICES_MAX];
	char *text[NOTICES_MAX]; /* owned, in the reader's language */
	size_t n;
	void *kept; /* the notices' bytes */
};

/* --- list.c --------------------------------------------------------------- */

/* Asks for those pending, those delivered, or claims. EXIT_*, trouble told. */
int notices_fetch(
    struct setup *s, const struct notices_options *o, struct notices *list);
/* What is held is told, on the connection that claimed it. EXIT_*. */
int notices_confirm(struct setup *s, const struct notices *list);
void notices_release(struct notices *list);

/* --- text.c --------------------------------------------------------------- */

/*
 * Finds the words for every notice; digests are asked from the ledger. EXIT_*,
 * trouble told.
 */
int notices_compose(struct setup *s, struct notices *list);

/* --- show.c --------------------------------------------------------------- */

void notices_put_text(const struct notices *list);
void notices_put_json(const struct notices *list);

/* --- hook.c --------------------------------------------------------------- */

/* EXIT_USAGE after one line where there is no such hook. */
int notices_check_hook(const char *name);
/*
 * Reads what the agent says and tells in its terms what is pending. Whatever
 * happens the agent is not to know.
 */
void notices_run_hook(struct setup *s, const struct notices_options *o);

/* --- run.c ---------------------------------------------------------------- */

/*
 * Fetches, composes, shows by `put` and, where they were claimed, confirms once
 * the output is written. EXIT_*.
 */
int notices_run(struct setup *s, const struct notices_options *o,
    void (*put)(void *arg, const struct notices *list), void *arg);

#endif
