/*
 * The requests in memory against a plain list, and as many calls of one of them
 * as would never end where a step walked through all.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "collectord/ledger/recent_requests.h"
#include "tests/unit/ledger/sights.h"

#define NUMBERS 10000
#define DIGESTS 7

/* digest of a number, 0: none */
struct plain {
	uint64_t of[NUMBERS];
};

static size_t
check_list(const struct recent_requests *r, const struct plain *p,
    uint64_t digest, uint64_t seed)
{
	uint64_t got[NUMBERS];
	bool seen[NUMBERS] = { false };
	size_t i, n = recent_requests_list(r, digest, got, NUMBERS), want = 0;

	for (i = 0; i < n; i++) {
		cr_assert_eq(p->of[got[i]], digest,
		    "seed %lu: call %lu is of %lu, not of %lu", seed, got[i],
		    p->of[got[i]], digest);
		cr_assert(
		    !seen[got[i]], "seed %lu: call %lu twice", seed, got[i]);
		seen[got[i]] = true;
	}
	for (i = 0; i < NUMBERS; i++)
		want += p->of[i] == digest;
	cr_assert_eq(n, want, "seed %lu: %zu calls of %lu, not %zu", seed, n,
	    digest, want);
	return n;
}

static void
check_sorted(const struct recent_requests *r, const struct plain *p,
    uint64_t to, uint64_t seed)
{
	size_t i, n, want = 0;
	struct request_row *rows = recent_requests_sorted(r, to, &n);

	cr_assert_not_null(rows, "no memory");
	for (i = 0; i < NUMBERS; i++)
		want += i <= to && p->of[i] != 0;
	cr_assert_eq(n, want, "seed %lu: %zu rows, not %zu", seed, n, want);
	for (i = 1; i < n; i++)
		cr_assert(rows[i - 1].digest < rows[i].digest ||
			      (rows[i - 1].digest == rows[i].digest &&
				  rows[i - 1].number < rows[i].number),
		    "seed %lu: row %zu is out of order", seed, i);
	free(rows);
}

static void
check_all(const struct recent_requests *r, const struct plain *p,
    struct dice *d, uint64_t seed)
{
	size_t n = 0;

	for (uint64_t digest = 1; digest <= DIGESTS; digest++)
		n += check_list(r, p, digest << 8, seed);
	cr_assert_eq(r->n, n, "seed %lu: %zu here, not %zu", seed, r->n, n);
	check_sorted(r, p, dice_roll(d, NUMBERS), seed);
}

/* Few are left, whose places are then fewer too. */
static void
leave_few(struct recent_requests *r, struct plain *p)
{
	for (uint64_t number = NUMBERS / 8; number < NUMBERS; number++) {
		recent_requests_remove(r, p->of[number], number);
		p->of[number] = 0;
	}
	recent_requests_trim(r);
	cr_assert_leq(r->cap, 4096, "%zu places for %zu", r->cap, r->n);
}

/* All digests end alike, so that they share their chain. */
static void
change(struct recent_requests *r, struct plain *p, struct dice *d)
{
	uint64_t number = 1 + dice_roll(d, NUMBERS - 1);
	uint64_t digest = (1 + dice_roll(d, DIGESTS)) << 8;

	switch (dice_roll(d, 3)) {
	case 0:
		if (p->of[number] != 0)
			digest = p->of[number];
		recent_requests_remove(r, digest, number);
		p->of[number] = 0;
		break;
	default:
		cr_assert_eq(recent_requests_set(r, digest, number), 0);
		p->of[number] = digest;
	}
}

Test(recent_requests, are_those_of_a_plain_list, .timeout = 120)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct recent_requests r = { 0 };
		struct plain p = { { 0 } };
		struct dice d = { seed };

		check_all(&r, &p, &d, seed);
		for (int i = 0; i < 2000; i++) {
			change(&r, &p, &d);
			if (i % 500 == 499)
				leave_few(&r, &p);
			if (i % 50 == 0)
				check_all(&r, &p, &d, seed);
		}
		recent_requests_release(&r);
	}
}

Test(recent_requests, only_the_own_request_of_a_call_is_removed)
{
	struct recent_requests r = { 0 };

	cr_assert_eq(recent_requests_set(&r, 5, 9), 0);
	recent_requests_remove(&r, 6, 9);
	recent_requests_remove(&r, 5, 9 + r.cap);
	cr_assert(recent_requests_has(&r, 5, 9), "call 9 is gone");
	cr_assert(!recent_requests_has(&r, 6, 9), "call 9 is of both");
	recent_requests_remove(&r, 5, 9);
	cr_assert(!recent_requests_has(&r, 5, 9), "call 9 is still here");
	recent_requests_release(&r);
}

Test(recent_requests, a_flood_of_one_costs_each_call_a_step, .timeout = 120)
{
	const uint64_t flood = 1000000;
	struct recent_requests r = { 0 };
	uint64_t some[67];
	size_t n;

	for (uint64_t number = 1; number <= flood; number++) {
		cr_assert_eq(recent_requests_set(&r, 42, number), 0);
		n = recent_requests_list(&r, 42, some, 67);
		cr_assert_eq(n, number < 67 ? number : 67, "%zu listed", n);
	}
	for (uint64_t number = 1; number <= flood; number++)
		recent_requests_remove(&r, 42, number);
	cr_assert_eq(r.n, 0, "%zu are left", r.n);
	recent_requests_trim(&r);
	cr_assert_leq(r.cap, 4096, "%zu places are left", r.cap);
	recent_requests_release(&r);
}
