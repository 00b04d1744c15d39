#include <criterion/criterion.h>

#include "proto/money.h"

struct parse_case {
	const char *text;
	int rc;
	int64_t pico;
};

static void
check_parse(const struct parse_case *c)
{
	int64_t pico = -77;
	int rc = money_parse(c->text, strlen(c->text), &pico);

	cr_assert_eq(
	    rc, c->rc, "\"%s\": rc %d, expected %d", c->text, rc, c->rc);
	if (c->rc == 0)
		cr_assert_eq(pico, c->pico, "\"%s\": %lld, expected %lld",
		    c->text, (long long)pico, (long long)c->pico);
	else
		cr_assert_eq(pico, -77, "\"%s\" failed and wrote %lld", c->text,
		    (long long)pico);
}

#define CHECK_ALL(cases)                                                       \
	do {                                                                   \
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)    \
			check_parse(&cases[i]);                                \
	} while (0)

Test(money, decimal_text_is_parsed_exactly, .timeout = 30)
{
	static const struct parse_case cases[] = {
		{ "0", 0, 0 },
		{ "-0", 0, 0 },
		{ "0.0", 0, 0 },
		{ "1", 0, MONEY_USD },
		{ "-1.5", 0, -1500000000000 },
		{ "0.1", 0, 100000000000 },
		{ "0.3", 0, 300000000000 },
		{ "0.000000000001", 0, 1 },
		{ "3e-5", 0, 30000000 },
		{ "1E2", 0, 100 * MONEY_USD },
		{ "1e+2", 0, 100 * MONEY_USD },
		{ "1.25e-0", 0, 1250000000000 },
		{ "0.000000012345678e7", 0, 123456780000 },
		{ "100000000000000000000e-20", 0, MONEY_USD },
		{ "0e999999999999999999999", 0, 0 },
		{ "1e-99999999999999999999", 0, 0 },
		{ "0.00000000000000000000000000000000000000001e41", 0,
		    MONEY_USD },
		{ "1000000", 0, 1000000 * MONEY_USD },
	};

	CHECK_ALL(cases);
}

Test(money, more_than_twelve_decimals_round_half_away_from_zero, .timeout = 30)
{
	static const struct parse_case cases[] = {
		{ "0.0000000000005", 0, 1 },
		{ "-0.0000000000005", 0, -1 },
		{ "0.0000000000004999999999999999999", 0, 0 },
		{ "-0.0000000000004", 0, 0 },
		{ "0.0000000000015", 0, 2 },
		{ "0.0000000000025", 0, 3 },
		{ "0.9999999999995", 0, MONEY_USD },
		{ "5e-13", 0, 1 },
		{ "5e-14", 0, 0 },
		{ "99e-14", 0, 1 },
		{ "49e-14", 0, 0 },
	};

	CHECK_ALL(cases);
}

Test(money, anything_but_a_json_number_is_a_syntax_error, .timeout = 30)
{
	static const char *const cases[] = { "", "-", "+1", ".5", "1.", "1.e5",
		"01", "-01", "00", "1e", "1e+", "1e1.5", "1 ", " 1", "1,5",
		"0x10", "1_000", "$1", "nan", "inf", "--1", "1-", "1.5.5",
		"1e5e5", "-e5", "-.5", "1\n" };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check_parse(&(struct parse_case){ cases[i], MONEY_ESYNTAX, 0 });
}

Test(money, text_ends_where_its_length_says, .timeout = 30)
{
	int64_t pico = 0;

	cr_assert_eq(money_parse("12345", 2, &pico), 0);
	cr_assert_eq(pico, 12 * MONEY_USD, "got %lld", (long long)pico);
	cr_assert_eq(money_parse("1\0", 2, &pico), MONEY_ESYNTAX);
}

Test(money, one_amount_fits_64_bits_to_the_last_unit, .timeout = 30)
{
	static const struct parse_case cases[] = {
		{ "9223372.036854775807", 0, INT64_MAX },
		{ "-9223372.036854775808", 0, INT64_MIN },
		{ "9223372.0368547758074", 0, INT64_MAX },
		{ "9223372.036854775808", MONEY_ERANGE, 0 },
		{ "9223372.0368547758075", MONEY_ERANGE, 0 },
		{ "-9223372.036854775809", MONEY_ERANGE, 0 },
		{ "1e7", MONEY_ERANGE, 0 },
		{ "1e999", MONEY_ERANGE, 0 },
		{ "-1e99999999999999999999", MONEY_ERANGE, 0 },
		{ "99999999999999999999999999999999999999999", MONEY_ERANGE,
		    0 },
	};

	CHECK_ALL(cases);
}

static void
check_round_trip(money_sum pico, const char *expected)
{
	char text[MONEY_TEXT_MAX];
	size_t len = money_format(pico, text);
	money_sum back = 0;
	int rc = money_parse_sum(text, len, &back);

	cr_assert_str_eq(text, expected);
	cr_assert_eq(len, strlen(text), "length %zu of \"%s\"", len, text);
	cr_assert_eq(rc, 0, "\"%s\" is not parsed: %d", text, rc);
	cr_assert(back == pico, "\"%s\" is parsed to something else", text);
}

Test(money, sums_travel_as_their_shortest_exact_text, .timeout = 30)
{
	const money_sum max = (money_sum)(~(money_magnitude)0 >> 1);

	check_round_trip(0, "0");
	check_round_trip(1, "0.000000000001");
	check_round_trip(-1, "-0.000000000001");
	check_round_trip(423900000000, "0.4239");
	check_round_trip(-3 * MONEY_USD, "-3");
	check_round_trip(100 * MONEY_USD, "100");
	check_round_trip(INT64_MIN, "-9223372.036854775808");
	check_round_trip(max, "170141183460469231731687303.715884105727");
	check_round_trip(-max - 1, "-170141183460469231731687303.715884105728");
}

Test(money, sums_beyond_128_bits_are_out_of_range, .timeout = 30)
{
	static const char *const cases[] = {
		"170141183460469231731687303.715884105728",
		"-170141183460469231731687303.715884105729",
		"170141183460469231731687303.7158841057275",
		"1e27",
	};
	money_sum sum;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		rc = money_parse_sum(cases[i], strlen(cases[i]), &sum);
		cr_assert_eq(rc, MONEY_ERANGE, "\"%s\": %d", cases[i], rc);
	}
}

Test(money, random_sums_survive_text, .timeout = 30)
{
	uint64_t seed = 0x9e3779b97f4a7c15;
	char text[MONEY_TEXT_MAX];
	money_sum sum, back;
	int i;

	for (i = 0; i < 100000; i++) {
		seed = seed * 6364136223846793005 + 1442695040888963407;
		sum = (money_sum)(int64_t)seed * (int64_t)(seed >> (i % 64));
		sum >>= i % 100;
		cr_assert_eq(
		    money_parse_sum(text, money_format(sum, text), &back), 0,
		    "\"%s\" is not parsed", text);
		cr_assert(
		    back == sum, "\"%s\" is parsed to something else", text);
	}
}

struct rounded_case {
	money_sum pico;
	int decimals;
	const char *text;
};

Test(money, rounded_text_is_padded_and_never_minus_zero, .timeout = 30)
{
	static const struct rounded_case cases[] = {
		{ 423900000000, 2, "0.42" },
		{ 425000000000, 2, "0.43" },
		{ -425000000000, 2, "-0.43" },
		{ 424999999999, 2, "0.42" },
		{ 0, 2, "0.00" },
		{ -4999999999, 2, "0.00" },
		{ -5000000000, 2, "-0.01" },
		{ 999999999999, 2, "1.00" },
		{ 1500000000000, 0, "2" },
		{ 1499999999999, 0, "1" },
		{ -400000000000, 0, "0" },
		{ 1, 12, "0.000000000001" },
		{ MONEY_USD, 12, "1.000000000000" },
		{ 1234567890123456789, 4, "1234567.8901" },
		{ 9, 20, "0.000000000009" },
		{ 3 * MONEY_USD, -1, "3" },
	};
	char text[MONEY_TEXT_MAX];
	size_t i, len;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		len = money_format_rounded(
		    cases[i].pico, cases[i].decimals, text);
		cr_assert_str_eq(text, cases[i].text);
		cr_assert_eq(
		    len, strlen(text), "length %zu of \"%s\"", len, text);
	}
}

Test(money, products_that_do_not_fit_are_refused, .timeout = 30)
{
	int64_t v = 0;

	cr_assert(money_mul(3000000, 1000000, &v));
	cr_assert_eq(v, 3 * MONEY_USD, "got %lld", (long long)v);
	cr_assert(money_mul(-1, (uint64_t)1 << 63, &v));
	cr_assert_eq(v, INT64_MIN, "got %lld", (long long)v);
	cr_assert(money_mul(0, UINT64_MAX, &v));
	cr_assert_eq(v, 0, "got %lld", (long long)v);
	cr_assert_not(money_mul(1, (uint64_t)1 << 63, &v));
	cr_assert_not(money_mul(INT64_MAX, 2, &v));
	cr_assert_not(money_mul(INT64_MIN, UINT64_MAX, &v));
}

Test(money, decimals_say_whether_they_are_exact, .timeout = 30)
{
	struct money_decimal d;

	cr_assert_eq(money_parse_decimal("1.2e3", 5, 0, &d), 0);
	cr_assert(d.exact && !d.negative && d.magnitude == 1200);
	cr_assert_eq(money_parse_decimal("-12.000", 7, 0, &d), 0);
	cr_assert(d.exact && d.negative && d.magnitude == 12);
	cr_assert_eq(money_parse_decimal("1.05", 4, 1, &d), 0);
	cr_assert(!d.exact && d.magnitude == 11);
	cr_assert_eq(money_parse_decimal("0.01e1", 6, 0, &d), 0);
	cr_assert(!d.exact && d.magnitude == 0);
}
