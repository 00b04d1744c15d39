#include <criterion/criterion.h>

#include "clients/price/tariff.h"
#include "proto/calendar.h"

static void
expect_rate(const char *s, enum tariff_class class, int64_t wanted)
{
	int64_t pico = -7;
	int rc = tariff_parse_rate(s, class, &pico);

	if (wanted < 0)
		cr_expect_neq(rc, 0, "\"%s\" became %jd", s, (intmax_t)pico);
	else
		cr_expect(rc == 0 && pico == wanted,
		    "\"%s\": %jd, expected %jd", s, (intmax_t)pico,
		    (intmax_t)wanted);
}

Test(tariff, rates_are_exact_or_refused, .timeout = 30)
{
	expect_rate("3", TARIFF_INPUT, 3000000);
	expect_rate(".3", TARIFF_CACHE_READ, 300000);
	expect_rate("0.000001", TARIFF_INPUT, 1);
	expect_rate("0", TARIFF_OUTPUT, 0);
	expect_rate("0.0000001", TARIFF_INPUT, -1);
	expect_rate("-1", TARIFF_INPUT, -1);
	expect_rate("3 ", TARIFF_INPUT, -1);
	expect_rate("", TARIFF_INPUT, -1);
	expect_rate("1000001", TARIFF_INPUT, -1);
	expect_rate(".01", TARIFF_WEB_SEARCH, 10000000000);
	expect_rate("2", TARIFF_WEB_SEARCH, -1);
}

Test(tariff, a_day_is_one_of_utc_and_comes_back, .timeout = 30)
{
	char buf[CALENDAR_TEXT_MAX];
	int64_t ms;

	cr_assert_eq(tariff_parse_day("2026-05-12", &ms), 0);
	cr_expect_eq(ms, 1778544000000, "%jd", (intmax_t)ms);
	tariff_format_day(ms, buf);
	cr_expect_str_eq(buf, "2026-05-12", "%s", buf);
	cr_expect_neq(tariff_parse_day("2026-02-30", &ms), 0);
	cr_expect_neq(tariff_parse_day("2026-05-12T00:00:00Z", &ms), 0);
}

static void
pack_price(struct packer *k, const char *input)
{
	pack_str(k, "rates");
	pack_map(k, 2);
	pack_str(k, "input");
	pack_str(k, input);
	pack_str(k, "output");
	pack_str(k, "15");
	pack_str(k, "above");
	pack_array(k, 0);
}

static void
pack_override(struct packer *k, const char *pattern, int64_t from)
{
	pack_map(k, 6);
	pack_str(k, "origin");
	pack_str(k, "set");
	pack_str(k, "pattern");
	pack_str(k, pattern);
	pack_str(k, "tier");
	pack_str(k, "");
	pack_str(k, "from");
	pack_i64(k, from);
	pack_price(k, "1");
}

static void
pack_table_row(
    struct packer *k, const char *input, int64_t from, const char *aliases)
{
	pack_map(k, 6);
	pack_str(k, "provider");
	pack_str(k, "anthropic");
	pack_str(k, "model");
	pack_str(k, "claude-x");
	pack_str(k, "from");
	if (from == 0)
		pack_nil(k);
	else
		pack_i64(k, from);
	pack_price(k, input);
	pack_str(k, "aliases");
	pack_str(k, aliases);
}

static void
read_prices(struct packer *k, struct tariffs *list)
{
	const uint8_t *p;

	pack_map(k, 3);
	pack_str(k, "as_of");
	pack_str(k, "2026-05-01");
	pack_str(k, "overrides");
	pack_array(k, 2);
	pack_override(k, "house/m", 1000);
	pack_override(k, "house/m", 2000);
	pack_str(k, "table");
	pack_array(k, 2);
	pack_table_row(k, "3", 0, "claude-x-1 cx");
	pack_table_row(k, "2", 5000, NULL);
	p = (const uint8_t *)k->p;
	cr_assert_eq(
	    tariffs_read(list, (struct wire_cursor){ p, p + k->len }), 0);
}

static void
expect_input(const struct tariff *t, int64_t pico, const char *what)
{
	cr_assert_not_null(t, "%s: no price", what);
	cr_expect_eq(t->rates.of[TARIFF_INPUT], pico, "%s: %jd, expected %jd",
	    what, (intmax_t)t->rates.of[TARIFF_INPUT], (intmax_t)pico);
}

Test(tariff, the_built_in_price_of_a_day_has_many_names, .timeout = 30)
{
	static const char *const names[] = { "claude-x", "anthropic/claude-x",
		"cx", "claude-x-1", "anthropic/cx" };
	struct packer k = { 0 };
	struct tariffs list;

	read_prices(&k, &list);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct text t = text_of(names[i]);

		expect_input(
		    tariffs_built_in(&list, t, 4999), 3000000, names[i]);
		expect_input(
		    tariffs_built_in(&list, t, 5000), 2000000, names[i]);
	}
	cr_expect_null(tariffs_built_in(&list, TEXT("claude"), 9000));
	cr_expect_null(tariffs_built_in(&list, TEXT("claude-x-"), 9000));
	cr_expect_null(tariffs_built_in(&list, TEXT("openai/cx"), 9000));
	tariffs_release(&list);
	packer_free(&k);
}

Test(tariff, the_newest_override_in_force_is_found, .timeout = 30)
{
	struct packer k = { 0 };
	struct tariffs list;
	const struct tariff *t;

	read_prices(&k, &list);
	cr_expect_null(tariffs_override(&list, TEXT("house/m"), 999));
	t = tariffs_override(&list, TEXT("house/m"), 2500);
	cr_assert_not_null(t);
	cr_expect_eq(t->from_ms, 2000, "%jd", (intmax_t)t->from_ms);
	cr_expect_null(tariffs_override(&list, TEXT("house"), 2500));
	tariffs_release(&list);
	packer_free(&k);
}
