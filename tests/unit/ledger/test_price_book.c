#include <criterion/criterion.h>

#include <stdio.h>
#include <time.h>

#include "collectord/ledger/price/price_book.h"
#include "collectord/ledger/price/price_memo.h"
#include "collectord/ledger/price/price_table.h"
#include "proto/calendar.h"

#define NOON 1788264000000ll /* 2026-09-01T12:00:00Z */
#define DAY(ms) ((int32_t)((ms) / 86400000))

static struct price_override
override_of(const char *pattern, int64_t in, int64_t out)
{
	struct price_override o = { .pattern = text_of(pattern),
		.since_day = PRICE_ALWAYS };

	price_rates_init(&o.rates);
	o.rates.of[PRICE_INPUT] = in;
	o.rates.of[PRICE_OUTPUT] = out;
	return o;
}

static void
add(struct price_book *book, const char *pattern, int64_t in)
{
	struct price_override o = override_of(pattern, in, 0);
	int rc = price_book_add(book, &o);

	cr_assert_eq(rc, 0, "%s is refused: %d", pattern, rc);
}

/* The input rate of a call, -1 where it is unpriced. */
static int64_t
rate_of(const struct price_book *book, const char *provider, const char *model,
    const char *tier, int64_t ts_ms)
{
	struct price_call call = { text_of(provider), text_of(model),
		text_of(tier), { 0 }, ts_ms };
	struct price_rule rule;

	if (price_match(book, &call, &rule) != PRICE_OK)
		return -1;
	return rule.base.of[PRICE_INPUT];
}

static void
expect(const struct price_book *book, const char *provider, const char *model,
    const char *tier, int64_t rate)
{
	int64_t got = rate_of(book, provider, model, tier, NOON);

	cr_assert_eq(got, rate, "%s %s %s: %lld, expected %lld", provider,
	    model, tier, (long long)got, (long long)rate);
}

Test(price_table, every_row_parses_and_days_ascend, .timeout = 30)
{
	struct price_book *book = price_book_new();
	struct price_listed a, b;

	cr_assert_not_null(book, "a row does not parse");
	cr_assert_eq(price_book_rows(book), price_table_rows);
	for (size_t i = 0; i < price_table_rows; i++) {
		price_book_row(book, i, &a);
		if (i + 1 == price_table_rows)
			break;
		price_book_row(book, i + 1, &b);
		if (text_eq(a.model, b.model))
			cr_assert_lt(a.since_day, b.since_day,
			    "%s: day %d before %d", price_table[i].model,
			    a.since_day, b.since_day);
		else
			cr_assert_eq(b.since_day, PRICE_ALWAYS,
			    "%s begins on day %d", price_table[i + 1].model,
			    b.since_day);
	}
	price_book_free(book);
}

Test(price_table, steps_ascend_and_rates_are_known, .timeout = 30)
{
	struct price_book *book = price_book_new();
	struct price_listed row;

	for (size_t i = 0; i < price_table_rows; i++) {
		const char *model = price_table[i].model;

		price_book_row(book, i, &row);
		cr_assert(row.rates->of[PRICE_INPUT] >= 0 &&
			      row.rates->of[PRICE_OUTPUT] >= 0,
		    "%s lacks a rate", model);
		for (uint32_t s = 0; s < row.n_steps; s++) {
			cr_assert_gt(row.steps[s].above,
			    s == 0 ? 0 : row.steps[s - 1].above,
			    "%s: steps do not ascend", model);
			cr_assert_geq(row.steps[s].rates.of[PRICE_INPUT],
			    row.rates->of[PRICE_INPUT],
			    "%s: a long prompt is cheaper", model);
		}
	}
	price_book_free(book);
}

/* Collects every id and alias. */
static size_t
all_names(struct text *names)
{
	size_t n = 0;

	for (size_t i = 0; i < price_table_rows; i++) {
		const char *s = price_table[i].aliases;

		if (i == 0 ||
		    strcmp(price_table[i].model, price_table[i - 1].model) != 0)
			names[n++] = text_of(price_table[i].model);
		while (s != NULL && *s != '\0') {
			size_t len = strcspn(s, " ");

			names[n++] = (struct text){ s, (uint32_t)len };
			s += len + strspn(s + len, " ");
		}
	}
	return n;
}

Test(price_table, names_are_unique_and_lower_case, .timeout = 30)
{
	static struct text names[2000];
	size_t n = all_names(names);

	cr_assert_gt(n, 300, "%zu names", n);
	for (size_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < names[i].len; k++)
			cr_assert(names[i].p[k] < 'A' || names[i].p[k] > 'Z',
			    "%.*s is not lower case", (int)names[i].len,
			    names[i].p);
		for (size_t j = i + 1; j < n; j++)
			cr_assert(!text_eq(names[i], names[j]),
			    "%.*s is there twice", (int)names[i].len,
			    names[i].p);
	}
}

Test(price_table, every_name_finds_its_own_row, .timeout = 30)
{
	struct price_book *book = price_book_new();

	for (size_t i = 0; i < price_table_rows; i++) {
		struct price_call call = {
			text_of(price_vendor_names[price_table[i].vendor]),
			text_of(price_table[i].model), { 0 }, { 0 },
			4102444800000
		};
		struct price_rule rule;
		int rc = price_match(book, &call, &rule);

		cr_assert_eq(rc, PRICE_OK, "%s: %d", price_table[i].model, rc);
		cr_assert(rule.entry.len > strlen(price_table[i].model) &&
			      memcmp(rule.entry.p + rule.entry.len -
					 strlen(price_table[i].model),
				  price_table[i].model,
				  strlen(price_table[i].model)) == 0,
		    "%s is %.*s", price_table[i].model, (int)rule.entry.len,
		    rule.entry.p);
	}
	price_book_free(book);
}

static void
match_at(const struct price_book *book, const char *model, const char *tier,
    const char *geo, int64_t ts_ms, struct price_rule *rule, int *rc)
{
	struct price_call call = { { 0 }, text_of(model), text_of(tier),
		text_of(geo), ts_ms };

	*rc = price_match(book, &call, rule);
}

/* Halves and tenths of what is not lent, looked at where they are made. */
static void
check_part(const struct price_rates *whole, const struct price_rates *part,
    int64_t times, int64_t parts, const char *what)
{
	for (int i = 0; i < PRICE_WEB_SEARCH; i++) {
		if ((part->assumed | whole->assumed) >> i & 1)
			continue;
		cr_assert_eq(part->of[i] * parts, whole->of[i] * times,
		    "%s, %s: %lld is not %lld/%lld of %lld", what,
		    price_class_names[i], (long long)part->of[i],
		    (long long)times, (long long)parts,
		    (long long)whole->of[i]);
	}
}

Test(price_table, no_tier_or_region_loses_part_of_a_picodollar, .timeout = 30)
{
	static const struct {
		const char *tier, *geo;
		unsigned sold;
		int64_t times, parts;
	} ways[] = {
		{ "batch", "", SOLD_BATCH, 1, 2 },
		{ "flex", "", SOLD_FLEX, 1, 2 },
		{ "", "us", SOLD_US, 11, 10 },
		{ "batch", "us", SOLD_US, 11, 20 },
	};
	struct price_book *book = price_book_new();
	struct price_rule whole, part;
	int rc, rc2;

	for (size_t i = 0; i < price_table_rows; i++) {
		const struct price_fact *f = &price_table[i];
		int32_t day;
		int64_t ts;

		price_parse_day(f->since, &day);
		ts = day == PRICE_ALWAYS ? 1577836800000
					 : (int64_t)day * 86400000;
		match_at(book, f->model, "", "", ts, &whole, &rc);
		cr_assert_eq(rc, PRICE_OK, "%s: %d", f->model, rc);
		for (size_t k = 0; k < sizeof(ways) / sizeof(*ways); k++) {
			if ((f->sold & ways[k].sold) == 0)
				continue;
			match_at(book, f->model, ways[k].tier, ways[k].geo, ts,
			    &part, &rc2);
			cr_assert_eq(rc2, PRICE_OK, "%s %s: %d", f->model,
			    ways[k].tier, rc2);
			check_part(&whole.base, &part.base, ways[k].times,
			    ways[k].parts, f->model);
			for (uint32_t s = 0; s < whole.n_steps; s++)
				check_part(&whole.steps[s].rates,
				    &part.steps[s].rates, ways[k].times,
				    ways[k].parts, f->model);
		}
	}
	price_book_free(book);
}

Test(price_book, an_override_is_before_the_table, .timeout = 30)
{
	struct price_book *book = price_book_new();

	expect(book, "anthropic", "claude-sonnet-4-5", "", 3000000);
	add(book, "Anthropic/Claude-Sonnet-4-5", 7);
	expect(book, "anthropic", "claude-sonnet-4-5", "", 7);
	expect(book, "anthropic", "claude-sonnet-4-5-20250929", "", 7);
	expect(book, "bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
	    "", 7);
	expect(book, "openrouter", "anthropic/claude-sonnet-4.5", "", 7);
	expect(book, "anthropic", "claude-sonnet-4-6", "", 3000000);
	price_book_clear(book);
	expect(book, "anthropic", "claude-sonnet-4-5", "", 3000000);
	price_book_free(book);
}

Test(price_book, the_more_exact_override_wins, .timeout = 30)
{
	struct price_book *book = price_book_new();

	add(book, "claude-sonnet-4-5", 1);
	add(book, "anthropic/claude-sonnet-4-5", 2);
	add(book, "openrouter/claude-sonnet-4-5", 3);
	add(book, "claude-sonnet-4-5-20250929", 4);
	add(book, "openrouter/anthropic/claude-sonnet-4-5", 5);
	expect(book, "my-gateway", "claude-sonnet-4-5", "", 2);
	expect(book, "anthropic", "claude-sonnet-4-5", "", 2);
	expect(book, "openrouter", "claude-sonnet-4-5", "", 3);
	expect(book, "anthropic", "claude-sonnet-4-5-20250929", "", 4);
	expect(book, "openrouter", "anthropic/claude-sonnet-4-5", "", 5);
	price_book_free(book);
}

Test(price_book, an_override_holds_from_its_day_on, .timeout = 30)
{
	struct price_book *book = price_book_new();
	struct price_override o = override_of("gpt-5", 11, 0);
	int64_t day = NOON / 86400000 * 86400000, got;

	o.since_day = DAY(NOON);
	cr_assert_eq(price_book_add(book, &o), 0);
	o = override_of("gpt-5", 22, 0);
	o.since_day = DAY(NOON) + 2;
	cr_assert_eq(price_book_add(book, &o), 0);
	got = rate_of(book, "openai", "gpt-5", "", day - 1);
	cr_assert_eq(got, 1250000, "the day before: %lld", (long long)got);
	got = rate_of(book, "openai", "gpt-5", "", day);
	cr_assert_eq(got, 11, "its day: %lld", (long long)got);
	got = rate_of(book, "openai", "gpt-5", "", day + 2 * 86400000 - 1);
	cr_assert_eq(got, 11, "before the second: %lld", (long long)got);
	got = rate_of(book, "openai", "gpt-5", "", day + 2 * 86400000);
	cr_assert_eq(got, 22, "the second: %lld", (long long)got);
	price_book_free(book);
}

Test(price_book, an_override_holds_for_every_tier_unless_one_has_its_own,
    .timeout = 30)
{
	struct price_book *book = price_book_new();
	struct price_override o = override_of("gpt-5", 100, 0);

	cr_assert_eq(price_book_add(book, &o), 0);
	o = override_of("gpt-5", 40, 0);
	o.tier = TEXT("batch");
	cr_assert_eq(price_book_add(book, &o), 0);
	expect(book, "openai", "gpt-5", "", 100);
	expect(book, "openai", "gpt-5", "standard", 100);
	expect(book, "openai", "gpt-5", "priority", 100);
	expect(book, "openai", "gpt-5", "batch", 40);
	price_book_free(book);
}

Test(price_book, zero_is_free_and_local_programs_can_be_so, .timeout = 30)
{
	struct price_book *book = price_book_new();

	expect(book, "ollama", "llama3:8b", "", -1);
	add(book, "ollama/llama3:8b", 0);
	expect(book, "ollama", "llama3:8b", "", 0);
	expect(book, "lmstudio", "llama3:8b", "", -1);
	price_book_free(book);
}

Test(price_book, the_same_key_replaces, .timeout = 30)
{
	struct price_book *book = price_book_new();

	add(book, "x/y", 1);
	add(book, "X/Y", 2);
	cr_assert_eq(price_book_overrides(book)->n, 1, "%zu overrides",
	    price_book_overrides(book)->n);
	expect(book, "x", "y", "", 2);
	price_book_free(book);
}

Test(price_book, an_override_that_makes_no_sense_is_refused, .timeout = 30)
{
	struct price_book *book = price_book_new();
	struct price_override o = override_of("", 1, 1);

	cr_assert_eq(price_book_add(book, &o), -1, "no pattern");
	o = override_of("m", PRICE_UNKNOWN, 1);
	cr_assert_eq(price_book_add(book, &o), -1, "no input");
	o = override_of("m", 1, PRICE_UNKNOWN);
	cr_assert_eq(price_book_add(book, &o), -1, "no output");
	o = override_of("m", 1, 1);
	o.n_steps = 2;
	o.steps[0].above = o.steps[1].above = 5;
	cr_assert_eq(price_book_add(book, &o), -1, "steps");
	cr_assert_eq(price_book_overrides(book)->n, 0);
	price_book_free(book);
}

Test(price_book, overrides_lend_an_hour_by_vendor, .timeout = 30)
{
	struct price_book *book = price_book_new();
	struct price_override o = override_of("claude-sonnet-4-5", 100, 1);
	struct price_rule rule;
	int rc;

	o.rates.of[PRICE_CACHE_WRITE_5M] = 125;
	cr_assert_eq(price_book_add(book, &o), 0);
	o.pattern = TEXT("other");
	cr_assert_eq(price_book_add(book, &o), 0);
	match_at(book, "claude-sonnet-4-5", "", "", NOON, &rule, &rc);
	cr_assert_eq(rule.base.of[PRICE_CACHE_WRITE_1H], 200, "Anthropic: %lld",
	    (long long)rule.base.of[PRICE_CACHE_WRITE_1H]);
	match_at(book, "other", "", "", NOON, &rule, &rc);
	cr_assert_eq(rule.base.of[PRICE_CACHE_WRITE_1H], 125, "other: %lld",
	    (long long)rule.base.of[PRICE_CACHE_WRITE_1H]);
	cr_assert_eq(rule.kind, PRICE_OVERRIDE);
	price_book_free(book);
}

Test(price_book, many_overrides_stay_in_order, .timeout = 30)
{
	struct price_book *book = price_book_new();
	char name[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "v/m%d", (i * 7919) % 1000);
		add(book, name, (i * 7919) % 1000);
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		expect(book, "v", name, "", i);
	}
	price_book_free(book);
}

Test(price_book, a_stored_override_comes_back_and_damage_is_noticed,
    .timeout = 30)
{
	struct price_override o = override_of("a/b", 5, 6), again;
	uint8_t bytes[PRICE_OVERRIDE_BYTES_MAX];
	struct wbuf w;

	o.tier = TEXT("batch");
	o.since_day = 20000;
	o.n_steps = 1;
	o.steps[0].above = 200000;
	o.steps[0].rates = o.rates;
	wbuf_init(&w, bytes, sizeof(bytes));
	price_override_write(&w, &o);
	cr_assert(!w.failed);
	cr_assert(price_override_read(wbuf_span(&w), &again));
	cr_assert(text_eq(o.pattern, again.pattern) &&
		  text_eq(o.tier, again.tier) && again.since_day == 20000 &&
		  again.n_steps == 1 && again.rates.of[PRICE_OUTPUT] == 6);
	for (size_t len = 0; len < w.len; len++)
		cr_assert(
		    !price_override_read((struct span){ bytes, len }, &again),
		    "%zu of %zu bytes are an override", len, w.len);
}

Test(price_book, odd_names_are_safe, .timeout = 30)
{
	static const char *const odd[] = { "/", "//", "a/", "/a", "@", "-v1:0",
		"anthropic.", "us.", "[1m]", "bedrock/",
		"bedrock/us.anthropic.", "anthropic.-v1:0",
		"azure/azure/azure/azure/azure/gpt-5", "@default",
		"-2025-09-29", "anthropic.-20250929-v1:0" };
	struct price_book *book = price_book_new();
	static char longest[300];

	memset(longest, 'a', sizeof(longest) - 1);
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		expect(book, odd[i], odd[i], "", -1);
	expect(book, longest, longest, longest, -1);
	expect(book, "", longest + 45, "", -1);
	price_book_free(book);
}

Test(price_book, the_day_number_is_the_calendars, .timeout = 30)
{
	static const struct {
		const char *text;
		int32_t day;
	} cases[] = { { "1970-01-01", 0 }, { "2000-02-29", 11016 },
		{ "2026-03-13", 20525 }, { "2027-01-01", 20819 } };
	int32_t day;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cr_assert_eq(price_parse_day(cases[i].text, &day), 0);
		cr_assert_eq(day, cases[i].day, "%s: %d, expected %d",
		    cases[i].text, day, cases[i].day);
	}
	cr_assert_eq(price_parse_day("2026-02-30", &day), -1);
}

/* It is on the way of every event; generous, for slow machines. */
Test(price_book, a_match_takes_microseconds, .timeout = 30)
{
	struct price_book *book = price_book_new();
	struct timespec a, b;
	int64_t ns, sum = 0;

	add(book, "some/override", 1);
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < 100000; i++)
		sum += rate_of(book, "bedrock",
		    "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "", NOON);
	clock_gettime(CLOCK_MONOTONIC, &b);
	ns = (b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec;
	cr_assert_eq(sum, 100000 * 3000000ll);
	cr_assert_lt(
	    ns / 100000, 100000, "%lld ns a match", (long long)(ns / 100000));
	cr_log_info("%lld ns a match\n", (long long)(ns / 100000));
	price_book_free(book);
}

/* The nth of some hundred thousand calls, hours, days and tiers all about. */
static struct price_call
any_call(uint64_t n)
{
	static const char *const models[] = { "deepseek-v4-flash",
		"deepseek-v4-pro", "claude-opus-4-6", "claude-sonnet-4-5",
		"gpt-5", "gemini-2.5-pro", "nobody-knows-it" };
	static const char *const tiers[] = { "", "batch", "priority", "odd" };
	uint64_t h = n * 0x9e3779b97f4a7c15u;

	h ^= h >> 29;
	return (struct price_call){ .provider = TEXT(""),
		.model = text_of(models[h % 7]),
		.tier = text_of(tiers[(h >> 8) % 4]),
		.geo = (h >> 16) % 5 == 0 ? TEXT("us") : TEXT(""),
		.ts_ms = 1786000000000 +
			 (int64_t)((h >> 20) % (40 * 24 * 60)) * 60000 };
}

Test(price_memo, it_answers_as_the_book_does, .timeout = 30)
{
	struct price_book *book = price_book_new();
	struct price_memo *memo = NULL;
	struct price_matched *m;
	struct price_rule rule;
	struct price_call call;
	uint64_t n;
	int rc;

	cr_assert_not_null(book);
	for (n = 0; n < 200000; n++) {
		if (n == 100000) {
			add(book, "gpt-5", 7);
			price_memo_forget(memo);
		}
		call = any_call(n);
		rc = price_match(book, &call, &rule);
		m = price_memo_match(&memo, book, &call);
		cr_assert_not_null(m);
		cr_assert_eq(m->rc, rc, "call %llu: %d, the book says %d",
		    (unsigned long long)n, m->rc, rc);
		if (rc != PRICE_OK)
			continue;
		cr_assert(text_eq(m->rule.entry, rule.entry) &&
			      text_eq(m->rule.window, rule.window) &&
			      m->rule.base.of[PRICE_INPUT] ==
				  rule.base.of[PRICE_INPUT],
		    "call %llu: %.*s %lld, the book says %.*s %lld",
		    (unsigned long long)n, (int)m->rule.entry.len,
		    m->rule.entry.p, (long long)m->rule.base.of[PRICE_INPUT],
		    (int)rule.entry.len, rule.entry.p,
		    (long long)rule.base.of[PRICE_INPUT]);
	}
	price_memo_free(memo);
	price_book_free(book);
}
