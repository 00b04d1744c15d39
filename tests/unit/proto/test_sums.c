#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/report.h"
#include "proto/sums.h"

static struct sums
some_sums(uint64_t seed)
{
	struct sums s = { .cost = (money_sum)(seed * 1000003) };

	for (int i = 0; i < SUM_COUNTS; i++)
		s.n[i] = seed * (uint64_t)(i + 1);
	s.plan_cost = s.cost / 2;
	return s;
}

Test(sums, every_sum_and_key_has_its_own_name, .timeout = 30)
{
	for (int i = 0; i < SUM_COUNTS; i++) {
		cr_assert_not_null(sum_names[i], "sum %d has no name", i);
		for (int j = 0; j < i; j++)
			cr_assert_str_neq(sum_names[i], sum_names[j]);
	}
	for (int i = 0; i < REPORT_KEYS; i++) {
		cr_assert_not_null(report_key_names[i], "key %d", i);
		for (int j = 0; j < i; j++)
			cr_assert_str_neq(
			    report_key_names[i], report_key_names[j]);
	}
	cr_assert_str_eq(
	    sum_names[SUM_CACHE_WRITE_1H], "cache_write_1h_tokens");
	cr_assert_str_eq(report_key_names[KEY_SESSION], "session");
}

Test(sums, taking_out_what_was_added_leaves_nothing, .timeout = 30)
{
	struct sums total = { 0 }, a = some_sums(7), b = some_sums(11);

	cr_assert(sums_add(&total, &a));
	cr_assert(sums_add(&total, &b));
	cr_assert_eq(total.n[SUM_INPUT], a.n[SUM_INPUT] + b.n[SUM_INPUT], "%ju",
	    (uintmax_t)total.n[SUM_INPUT]);
	cr_assert(total.cost == a.cost + b.cost);
	cr_assert_not(sums_is_zero(&total));
	cr_assert(sums_sub(&total, &a));
	cr_assert(sums_sub(&total, &b));
	cr_assert(sums_is_zero(&total));
}

Test(sums, each_part_alone_is_not_zero, .timeout = 30)
{
	struct sums s = { 0 };

	cr_assert(sums_is_zero(&s));
	for (int i = 0; i < SUM_COUNTS; i++) {
		s = (struct sums){ 0 };
		s.n[i] = 1;
		cr_assert_not(sums_is_zero(&s), "sum %d", i);
	}
	s = (struct sums){ .cost = 1 };
	cr_assert_not(sums_is_zero(&s));
	s = (struct sums){ .plan_cost = 1 };
	cr_assert_not(sums_is_zero(&s));
}

Test(sums, overflow_of_any_part_is_told, .timeout = 30)
{
	const money_sum most =
	    (money_sum)INT64_MAX << 64 | (money_sum)UINT64_MAX;
	struct sums a = { 0 }, b = { 0 };

	for (int i = 0; i < SUM_COUNTS; i++) {
		a = (struct sums){ 0 };
		b = (struct sums){ 0 };
		a.n[i] = UINT64_MAX;
		b.n[i] = 1;
		cr_assert_not(sums_add(&a, &b), "sum %d", i);
	}
	a = (struct sums){ .cost = most };
	b = (struct sums){ .cost = 1 };
	cr_assert_not(sums_add(&a, &b));
	a = (struct sums){ .plan_cost = most };
	b = (struct sums){ .plan_cost = 1 };
	cr_assert_not(sums_add(&a, &b));
}

Test(sums, a_part_that_was_never_in_cannot_be_taken_out, .timeout = 30)
{
	struct sums before = some_sums(5), a, b;

	for (int i = 0; i < SUM_COUNTS; i++) {
		a = before;
		b = (struct sums){ 0 };
		b.n[i] = a.n[i] + 1;
		cr_assert_not(sums_sub(&a, &b), "sum %d", i);
	}
	a = before;
	b = (struct sums){ .cost = before.cost + 1 };
	cr_assert_not(sums_sub(&a, &b));
	a = before;
	b = (struct sums){ .plan_cost = before.plan_cost + 1 };
	cr_assert_not(sums_sub(&a, &b));
}

Test(sums, total_tokens_leave_out_subsets, .timeout = 30)
{
	struct sums s = { 0 };

	for (int i = 0; i < SUM_COUNTS; i++)
		s.n[i] = 1ull << i;
	cr_assert_eq(sums_total_tokens(&s),
	    1ull << SUM_INPUT | 1ull << SUM_CACHE_READ |
		1ull << SUM_CACHE_WRITE | 1ull << SUM_OUTPUT |
		1ull << SUM_OTHER,
	    "%ju", (uintmax_t)sums_total_tokens(&s));
}
