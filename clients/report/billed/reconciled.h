/*
 * What was seen next to what was billed, by UTC day, provider and, where the
 * provider bills by model, model. Pure. Nothing is added up over currencies,
 * and what a plan covers is no part of what a bill should show.
 */
#ifndef REPORT_RECONCILED_H
#define REPORT_RECONCILED_H

#include "clients/report/billed/billed.h"

/* What a difference may come from: a suspicion, never a finding. */
enum reconcile_cause {
	CAUSE_NONE,          /* they agree, or nearly */
	CAUSE_INCOMPLETE,    /* that day is not known whole yet */
	CAUSE_NOT_ASKED,     /* nor will it be: it lies too far back */
	CAUSE_NOT_FINAL,     /* it was asked for too soon after its end */
	CAUSE_CURRENCY,      /* not in dollars */
	CAUSE_SHARED,        /* others use the account, and mean to */
	CAUSE_UNPRICED,      /* calls that were seen have no price */
	CAUSE_OTHER_MACHINE, /* or another person, with the same key */
	CAUSE_UNHOOKED_KEY,  /* nothing of that provider was seen that day */
	CAUSE_OTHER_ACCOUNT, /* what was seen went through another key */
	CAUSE_CACHE_TIER,
	CAUSE_BATCH,   /* the service says that some of it was one */
	CAUSE_CREDITS, /* less than nothing was billed: credits, a refund */
	CAUSE_PLAN,
	CAUSE_ELSEWHERE, /* by the user's own key at another provider */
	CAUSE_FEES,      /* not by token: searches, code execution */
	CAUSE_PRICE, /* the same tokens for another price: credits, rebates */
	RECONCILE_CAUSES
};

/* "not_final": names in JSON and CSV. */
extern const char *const reconcile_cause_names[RECONCILE_CAUSES];

struct reconcile_row {
	int64_t day_ms;
	struct text provider;
	struct text model; /* empty: all, or not told; see is_by_model */
	bool is_by_model;
	char currency[BILLED_CURRENCY_MAX];
	struct sums seen;
	money_sum seen_cost; /* without what a plan covers */
	bool has_amount;     /* the amount is known; a 0 may be */
	money_sum amount;
	bool has_counts; /* tokens were told */
	uint64_t n[BILLED_COUNTS];
	money_sum elsewhere; /* what others bill for it; no part of amount */
	/* The parts of amount and n that are of batches. */
	money_sum batch_amount;
	uint64_t batch_tokens;
	bool is_shared; /* a shared account billed some of it */
	/* Of the provider's accounts. */
	bool is_whole;
	bool is_asked;     /* what is missing of the day may still come */
	int64_t at_ms;     /* when the one asked longest ago was asked */
	bool saw_provider; /* some call of it was seen that day */
	/* The judgement. */
	bool has_difference;
	money_sum difference; /* billed beyond seen; negative: less */
	enum reconcile_cause cause;
};

struct reconciled {
	struct reconcile_row *rows; /* by day, provider and model */
	size_t n;
	/* Over rows that have a difference. */
	money_sum seen, billed, difference, elsewhere;
	size_t open; /* rows that have none */
};

/*
 * seen are rows by provider and model whose period i is the day that begins at
 * edges[i]. Texts stay those of the two. 0, or -1 where there is no memory.
 */
int reconcile(struct reconciled *out, const struct billed *b,
    const struct report_row *seen, size_t n_seen, const int64_t *edges);
void reconciled_free(struct reconciled *r);

/* Has the provider an account that tells days? */
bool reconcile_has_provider(const struct billed *b, struct text provider);
/* Are the provider's amounts told by model (where it tells none, its use)? */
bool reconcile_is_by_model(const struct billed *b, struct text provider);
/*
 * Names of one model compare as equal: in any case, with or without what stands
 * before a "/" and a snapshot's date after it.
 */
int reconcile_cmp_model(struct text a, struct text b);
/* Fills the judgement of a row whose other members are there. */
void reconcile_judge(struct reconcile_row *row);

#endif
