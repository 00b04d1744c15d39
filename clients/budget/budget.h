/*
 * What the verbs of tt-budget share: options, the call, and how a budget is
 * shown.
 */
#ifndef CLIENTS_BUDGET_BUDGET_H
#define CLIENTS_BUDGET_BUDGET_H

#include "clients/common/verbs.h"
#include "clients/report/fetch.h"
#include "clients/report/setup.h"
#include "proto/codec_budget.h"

#define BUDGET_NAME "tt-budget"

struct budget_options {
	struct report_options common; /* first: the macros of setup.h fit */
	const char *period, *name, *session, *hook;
	const char *filter[BUDGET_FILTERS];
	uint64_t warn_percent;
	bool warn_seen, warn; /* set: --warn N; check: --warn */
	bool tokens, metered, remind;
};

#define BUDGET_AT(member) offsetof(struct budget_options, member)
#define BUDGET_HEAD(title) OPTION_ROW_HEAD(title)
#define BUDGET_FLAG(n, member, h)                                              \
	OPTION_ROW_FLAG(struct budget_options, n, member, h)
#define BUDGET_WORD(n, member, a, h)                                           \
	OPTION_ROW_TEXT(struct budget_options, n, member, a, h)

struct budget_verb {
	struct verb verb; /* first */
	/*
	 * EXIT_*; args are the operands. A verb that is quick sets s up itself,
	 * as far as it needs.
	 */
	int (*run)(struct setup *s, const struct budget_options *o, int nargs,
	    char **args);
	bool is_quick;
};

extern const struct budget_verb budget_set, budget_status, budget_list,
    budget_rm, budget_check;

/* --- states.c ------------------------------------------------------------- */

/* What `budgets` answers; owned, budget_states_release. */
struct budget_states {
	int64_t now_ms;
	struct budget_state item[BUDGETS_MAX];
	size_t n;
	void *kept; /* the texts' bytes */
};

/* The request. NULL: of no name, of the session heard last. */
void budget_states_pack(
    struct packer *k, const char *name, const char *session);
/* 0, or -1 where it makes no sense. */
int budget_states_read(struct budget_states *list, struct wire_cursor result);
void budget_states_release(struct budget_states *list);
/* Connects and asks. EXIT_*, trouble told. */
int budget_states_fetch(
    struct setup *s, const char *name, struct budget_states *list);

/* Usage: EXIT_USAGE after one line. */
#define budget_misused(...) options_misused(BUDGET_NAME, __VA_ARGS__)
/* At most one operand, a budget's name; NULL where there is none. EXIT_*. */
int budget_take_name(int nargs, char **args, const char **name);

/* --- name.c --------------------------------------------------------------- */

/*
 * "daily", "weekly-claude", "monthly-project:web": what a budget without a
 * name is called, the same for the same budget. -1: none can be made.
 */
int budget_derive_name(const struct budget *b, char buf[BUDGET_NAME_MAX + 1]);

/* --- amount.c ------------------------------------------------------------- */

/* "15" or "2.50" USD; of tokens a whole number, with K, M or G. 0 or -1. */
int budget_parse_amount(const char *s, bool is_tokens, money_sum *amount);

/* --- pace.c --------------------------------------------------------------- */

/* How a budget's use compares with how much of its period has passed. Pure. */
struct budget_pace {
	bool has_elapsed; /* the period has an end, and has begun */
	int64_t elapsed_ms, whole_ms;
	money_sum even;      /* what an even spend would be by now */
	money_sum projected; /* at the period's end, at the rate so far */
	int64_t full_ms;     /* when the limit is reached; 0: not in it */
};

void budget_pace(
    const struct budget_state *s, int64_t now_ms, struct budget_pace *p);

/* --- show.c --------------------------------------------------------------- */

/* "$3.20", or "1,200 tokens". */
void budget_amount(bool is_tokens, money_sum amount, char buf[FIGURE_MAX]);
/* The same without the word, for columns. */
void budget_figure(bool is_tokens, money_sum amount, char buf[FIGURE_MAX]);
/* "name":…,"level":…, amounts and what they are of; no braces. */
void budget_json(const struct budget_state *s);
/* The budget's own settings, each after a comma. */
void budget_json_settings(const struct budget *b);
/* ,"from":…,"to":…: of a session null. Needs the zone. */
void budget_json_span(const struct budget_state *s);
/*
 * One line: "daily: $11.00 of $10.00 are spent in 2026-05-12 (110.0%)", and
 * what has no price.
 */
void budget_line(FILE *f, const struct budget_state *s);
/* "model claude-*, project web", or "-". */
void budget_filters(const struct budget *b, char *buf, size_t cap);

#endif
