#include <criterion/criterion.h>
#include <string.h>

#include "clients/common/figure.h"

static money_sum
money(const char *text)
{
	money_sum v = 0;

	cr_assert(money_parse_sum(text, strlen(text), &v) == 0,
	    "bad money in the test: %s", text);
	return v;
}

Test(figure, thousands_are_grouped, .timeout = 30)
{
	static const struct {
		uint64_t n;
		const char *want;
	} rows[] = { { 0, "0" }, { 7, "7" }, { 999, "999" }, { 1000, "1,000" },
		{ 12345, "12,345" }, { 123456, "123,456" },
		{ 1234567, "1,234,567" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" } };
	char buf[FIGURE_MAX];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		figure_grouped(rows[i].n, buf);
		cr_expect_str_eq(
		    buf, rows[i].want, "%s, not %s", buf, rows[i].want);
	}
}

Test(figure, compact_numbers_never_say_1000k, .timeout = 30)
{
	static const struct {
		uint64_t n;
		const char *want;
	} rows[] = { { 0, "0" }, { 999, "999" }, { 1000, "1.0K" },
		{ 1049, "1.0K" }, { 1050, "1.1K" }, { 1234, "1.2K" },
		{ 9949, "9.9K" }, { 9950, "10K" }, { 12345, "12K" },
		{ 999499, "999K" }, { 999500, "1.0M" }, { 999999, "1.0M" },
		{ 1000000, "1.0M" }, { 9950000, "10M" }, { 999499999, "999M" },
		{ 999500000, "1.0B" }, { 999950000, "1.0B" },
		{ 1234567890, "1.2B" }, { 999499999999, "999B" },
		{ 999500000000, "1.0T" }, { 999500000000000, "1.0P" },
		{ 999500000000000000, "1.0E" }, { UINT64_MAX, "18E" } };
	char buf[FIGURE_MAX];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		figure_compact(rows[i].n, buf);
		cr_expect_str_eq(buf, rows[i].want, "%llu is %s, not %s",
		    (unsigned long long)rows[i].n, buf, rows[i].want);
	}
}

Test(figure, compact_numbers_take_four_places_at_most, .timeout = 30)
{
	char buf[FIGURE_MAX];
	uint64_t n;

	for (n = 1; n < UINT64_MAX / 11; n += n / 10 + 1) {
		figure_compact(n, buf);
		cr_assert(
		    strlen(buf) <= 4, "%llu is %s", (unsigned long long)n, buf);
	}
}

Test(figure, money_has_decimals_by_its_size, .timeout = 30)
{
	static const struct {
		const char *usd, *want;
	} rows[] = { { "0", "$0.00" }, { "0.42", "$0.42" },
		{ "0.4239", "$0.4239" }, { "0.42391", "$0.4239" },
		{ "0.5", "$0.50" }, { "0.425", "$0.425" }, { "0.05", "$0.05" },
		{ "0.012345", "$0.01235" }, { "0.00012345", "$0.0001235" },
		{ "0.0000001", "$0.0000001" },
		{ "0.000000000001", "$0.000000000001" },
		{ "0.99994", "$0.9999" }, { "0.99995", "$1.00" },
		{ "0.0999996", "$0.10" }, { "1", "$1.00" },
		{ "1.005", "$1.01" }, { "12.345", "$12.35" },
		{ "999.994", "$999.99" }, { "999.995", "$1,000.00" },
		{ "1234567.891", "$1,234,567.89" },
		{ "-0.000000000001", "-$0.000000000001" }, { "-3", "-$3.00" } };
	char buf[FIGURE_MAX];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		figure_money(money(rows[i].usd), buf);
		cr_expect_str_eq(buf, rows[i].want, "%s is %s, not %s",
		    rows[i].usd, buf, rows[i].want);
	}
}

Test(figure, unknown_cost_is_not_zero, .timeout = 30)
{
	static const struct {
		uint64_t calls, unpriced;
		const char *usd, *want;
	} rows[] = { { 0, 0, "0", "$0.00" }, { 3, 0, "0", "$0.00" },
		{ 3, 3, "0", "-" }, { 3, 1, "0.42", "$0.42+" },
		{ 3, 2, "0", "$0.00+" } };
	struct sums s = { 0 };
	char buf[FIGURE_MAX];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s.n[SUM_CALLS] = rows[i].calls;
		s.n[SUM_UNPRICED_CALLS] = rows[i].unpriced;
		s.cost = money(rows[i].usd);
		figure_cost(&s, buf);
		cr_expect_str_eq(buf, rows[i].want, "row %zu is %s, not %s", i,
		    buf, rows[i].want);
	}
}

Test(figure, the_largest_sum_fits, .timeout = 30)
{
	money_sum most = ((((money_sum)1 << 126) - 1) << 1) + 1;
	struct sums s = { .n = { [SUM_CALLS] = 2, [SUM_UNPRICED_CALLS] = 1 },
		.cost = -most };
	char buf[FIGURE_MAX];

	figure_cost(&s, buf);
	cr_expect_str_eq(
	    buf, "-$170,141,183,460,469,231,731,687,303.72+", "%s", buf);
}

Test(figure, bytes_and_times_are_cut_to_their_unit, .timeout = 30)
{
	static const struct {
		uint64_t n;
		const char *bytes;
	} sizes[] = { { 0, "0 B" }, { 1023, "1023 B" }, { 1024, "1.0 KiB" },
		{ 1536, "1.5 KiB" }, { 10240, "10 KiB" },
		{ 1048575, "1023 KiB" }, { 1048576, "1.0 MiB" },
		{ UINT64_MAX, "16383 PiB" } };
	static const struct {
		int64_t ms;
		const char *ago;
	} times[] = { { -5000, "just now" }, { 0, "just now" },
		{ 999, "just now" }, { 1000, "1 s ago" }, { 59999, "59 s ago" },
		{ 60000, "1 min ago" }, { 3599999, "59 min ago" },
		{ 3600000, "1 h ago" }, { 86399999, "23 h ago" },
		{ 86400000, "1 day ago" }, { 3 * 86400000ll, "3 days ago" } };
	char buf[FIGURE_MAX];
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		figure_bytes(sizes[i].n, buf);
		cr_expect_str_eq(
		    buf, sizes[i].bytes, "%s, not %s", buf, sizes[i].bytes);
	}
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		figure_ago(times[i].ms, buf);
		cr_expect_str_eq(
		    buf, times[i].ago, "%s, not %s", buf, times[i].ago);
	}
}

Test(figure, money_has_as_many_decimals_as_asked_for, .timeout = 30)
{
	static const struct {
		const char *money, *cents, *exact;
	} rows[] = { { "0", "$0.00", "$0.00" },
		{ "0.4239", "$0.42", "$0.4239" },
		{ "-0.001", "$0.00", "-$0.001" },
		{ "-0.005", "-$0.01", "-$0.005" },
		{ "1234.5", "$1,234.50", "$1,234.50" },
		{ "0.000000000001", "$0.00", "$0.000000000001" },
		{ "0.999", "$1.00", "$0.999" } };
	char buf[FIGURE_MAX];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		figure_money_as(money(rows[i].money), FIGURE_CENTS, buf);
		cr_expect_str_eq(
		    buf, rows[i].cents, "%s in cents: %s", rows[i].money, buf);
		figure_money_as(money(rows[i].money), FIGURE_EXACT, buf);
		cr_expect_str_eq(
		    buf, rows[i].exact, "%s exact: %s", rows[i].money, buf);
	}
}

Test(figure, what_a_plan_covers_is_told, .timeout = 30)
{
	struct sums s = { .cost = money("3.1") };
	char buf[FIGURE_COST_MAX];

	s.n[SUM_CALLS] = 2;
	figure_cost_plan(&s, FIGURE_BY_SIZE, buf);
	cr_expect_str_eq(buf, "$3.10", "%s", buf);
	s.plan_cost = money("2");
	figure_cost_plan(&s, FIGURE_BY_SIZE, buf);
	cr_expect_str_eq(buf, "$3.10 (plan $2.00)", "%s", buf);
	s.n[SUM_UNPRICED_CALLS] = 1;
	figure_cost_plan(&s, FIGURE_BY_SIZE, buf);
	cr_expect_str_eq(buf, "$3.10+ (plan $2.00)", "%s", buf);
}

Test(figure, shares_are_rounded_and_nothing_has_none, .timeout = 30)
{
	static const struct {
		int64_t part, whole;
		const char *want;
	} rows[] = { { 1, 3, "33.3%" }, { 2, 3, "66.7%" }, { 0, 5, "0.0%" },
		{ 5, 5, "100.0%" }, { 1, 0, "-" }, { -1, 3, "-33.3%" },
		{ -1, 100000, "0.0%" }, { 30, 2, "1500.0%" },
		{ INT64_MAX, INT64_MAX, "100.0%" } };
	char buf[FIGURE_MAX];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		figure_share(rows[i].part, rows[i].whole, buf);
		cr_expect_str_eq(
		    buf, rows[i].want, "%s, not %s", buf, rows[i].want);
	}
}

Test(figure, spans_have_two_units_at_most, .timeout = 30)
{
	static const struct {
		int64_t ms;
		const char *want;
	} rows[] = { { -5, "0s" }, { 45999, "45s" }, { 60000, "1m" },
		{ 1380000, "23m" }, { 3600000, "1h 00m" },
		{ 3900000, "1h 05m" }, { 86399999, "23h 59m" },
		{ 183600000, "2d 3h" } };
	char buf[FIGURE_MAX];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		figure_span(rows[i].ms, buf);
		cr_expect_str_eq(
		    buf, rows[i].want, "%s, not %s", buf, rows[i].want);
	}
}

Test(figure, rates_are_dollars_a_million_tokens, .timeout = 30)
{
	char buf[FIGURE_MAX];

	figure_rate(3000000, buf);
	cr_expect_str_eq(buf, "3.00", "%s", buf);
	figure_rate(125000, buf);
	cr_expect_str_eq(buf, "0.125", "%s", buf);
	figure_rate(0, buf);
	cr_expect_str_eq(buf, "0.00", "%s", buf);
}
