/*
 * What was billed, as the daemon answers it, beside what was seen.
 */
#ifndef TESTS_UNIT_CLIENTS_BOOKS_HELP_H
#define TESTS_UNIT_CLIENTS_BOOKS_HELP_H

#include <criterion/criterion.h>

#include "clients/report/billed/billed.h"

#define DAY 1778544000000ll /* 2026-05-12T00:00:00Z */
#define DAYS(n) (DAY + (n)*BILLED_DAY_MS)
#define LATE DAYS(20)
#define BOOKS_SEEN_MAX 16

/* Zero is a valid state. */
struct books {
	struct packer packed;
	struct billed billed;
	struct report_row seen[BOOKS_SEEN_MAX];
	size_t n_seen;
};

/* The beginnings of three days and the end of the last. */
extern const int64_t books_days[4];

struct bill {
	int day;
	const char *name, *model, *currency, *amount;
	unsigned input, output;
};

struct account {
	const char *name, *provider;
	bool is_shared;
	const char *gives; /* one of cost and usage, or both; its feed too */
	int from, to;      /* days that are whole */
	int64_t at_ms;
};

/* An answer to billed, packed as the daemon packs it; it points into b. */
struct wire_cursor books_pack(struct books *b, const struct bill *bills,
    size_t n, const struct account *accounts, size_t n_accounts);
/* Makes it b->billed; nothing is seen any longer. */
void books_take(struct books *b, const struct bill *bills, size_t n,
    const struct account *accounts, size_t n_accounts);
/* A call on one of the days; its sums may be changed. */
struct sums *books_see(struct books *b, uint32_t day, const char *provider,
    const char *model, const char *cost);
void books_free(struct books *b);

money_sum usd(const char *text);
/* Of the last four amounts. */
const char *usd_text(money_sum pico);
#define EXPECT_USD(got, want, what)                                            \
	cr_expect((got) == usd(want), "%s is %s, expected %s", what,           \
	    usd_text(got), want)

#endif
