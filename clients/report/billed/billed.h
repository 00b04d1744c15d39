/*
 * What the accounts of provider services say of whole UTC days: the answer to
 * `billed`, all of its pages. Owned memory; texts point into it.
 */
#ifndef REPORT_BILLED_H
#define REPORT_BILLED_H

#include "clients/common/options.h"
#include "clients/report/fetch.h"

#define BILLED_DAY_MS 86400000ll
#define BILLED_CURRENCY_MAX 12

enum billed_count {
	BILLED_INPUT, /* uncached */
	BILLED_CACHE_READ,
	BILLED_CACHE_WRITE,
	BILLED_OUTPUT,
	BILLED_REQUESTS,
	BILLED_COUNTS
};

struct billed_row {
	int64_t day_ms;                     /* its UTC midnight */
	size_t account;                     /* its place among them */
	struct text model;                  /* empty: not told */
	char currency[BILLED_CURRENCY_MAX]; /* "USD" where it is not told */
	bool has_amount;
	money_sum amount; /* 10^-12 of the currency */
	uint64_t n[BILLED_COUNTS];
	/* What another provider bills for it; the same currency, and no part
	 * of the amount. */
	money_sum elsewhere;
	struct text unit;   /* empty: it is all of tokens */
	money_sum quantity; /* 10^-12 of the unit */
	/* The parts of amount and n that the service says are of batches. */
	money_sum batch_amount;
	uint64_t batch_tokens;
};

struct billed_account {
	struct text name, provider;
	bool is_shared; /* others use it too, and mean to */
	bool gives_cost, gives_usage;
	size_t cost_feeds, other_feeds; /* that tell days */
};

/* Days that one question brought whole, of an account's costs or use; none
 * where an account knows no day of the period. */
struct billed_run {
	size_t account;
	struct text feed;
	bool gives_cost;
	int64_t from_ms, to_ms;
	int64_t at_ms;    /* when it was asked */
	int64_t first_ms; /* days before it are not asked for; 0: not known */
};

struct billed {
	struct billed_row *rows;
	size_t n, cap;
	struct billed_account *accounts;
	size_t n_accounts;
	struct billed_run *runs;
	size_t n_runs;
	int64_t to_ms; /* behind the days that were asked about */
	void **pages;
	size_t n_pages;
};

void billed_free(struct billed *b);
/* A request for the days in [from, to). */
void billed_pack(
    struct packer *k, uint32_t msgid, int64_t from_ms, int64_t to_ms);
/*
 * Takes one page and keeps its bytes: *next_ms is the day that the next one
 * begins with, 0 after the last. 0, -1 where it makes no sense, -2 where there
 * is no memory.
 */
int billed_take(struct billed *b, struct wire_cursor result, int64_t *next_ms);
/* The same of a reply that is there. On failure c->why says why. */
enum client_result billed_take_page(
    struct billed *b, struct client *c, int64_t *next_ms);
/*
 * Takes the answer to a request already sent under that msgid, and asks for the
 * pages that follow. A daemon that knows no accounts has none. On failure
 * c->why says why; billed_free in any case.
 */
enum client_result billed_wait(struct billed *b, struct client *c,
    uint32_t msgid, int64_t to_ms, int64_t deadline_ms);

/*
 * Asks for a report and for what was billed in [from, to) in one go. On failure
 * both hold nothing; both are to be freed.
 */
enum client_result billed_fetch_beside(struct billed *b, struct client *c,
    const struct report_query *q, int64_t from_ms, int64_t to_ms,
    int64_t deadline_ms, struct answer *seen);
/* Leaves only the providers that match one of the patterns; none: all. */
void billed_keep_only(struct billed *b, const struct option_list *patterns);

/* The provider's name of an account's name: what stands before the "/". */
struct text billed_provider(struct text name);
bool billed_is_usd(const struct billed_row *row);
/* Does the account tell amounts or use by the day? */
bool billed_has_days(const struct billed_account *a);
/*
 * When the account was asked for what it says of that whole day: its costs, or
 * its use where it gives no costs. Of several feeds the one asked longest ago
 * counts. 0: one of them does not know the day whole.
 */
int64_t billed_asked_ms(const struct billed *b, size_t account, int64_t day_ms);
/*
 * The first day that the account was asked for, once all that will be are
 * there: what lies before and is not known stays so. 0: there may be more.
 */
int64_t billed_first_ms(const struct billed *b, size_t account);
/*
 * The newest days without a gap that an account knows whole, into *run, with
 * when it was asked last. False where there are none.
 */
bool billed_last_days(
    const struct billed *b, size_t account, struct billed_run *run);

#endif
