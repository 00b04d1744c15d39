/*
 * What services billed: a question about some days has those of every account
 * and feed, and none around them.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "collectord/ledger/billing/billed.h"
#include "collectord/ledger/methods/methods.h"
#include "tests/unit/ledger/ledger_help.h"

#define DAY_MS 86400000ll
#define DAY0 20500u
#define DAYS 40u

static char dir[] = "/tmp/tt-billed-XXXXXX";
static struct ledger *ledger;

/* Each name or feed is the beginning of another, or comes right after it. */
static const char *const names[] = { "a", "openai", "openai-x", "openai/a",
	"openai/ab", "openaj", "z" };
static const char *const feeds[] = { "c", "costs", "costs-eu", "costs2",
	"usage" };
#define NAMES (sizeof(names) / sizeof(names[0]))
#define FEEDS (sizeof(feeds) / sizeof(feeds[0]))

static int64_t
test_now_us(void)
{
	return (DAY0 + DAYS) * DAY_MS * 1000;
}

static void
open_ledger(void)
{
	struct ledger_options opt = {
		.dir = dir, .machine = "", .now_us = test_now_us
	};

	help_dir(dir);
	ledger = help_open(&opt);
}

static void
teardown(void)
{
	help_end(ledger, dir);
}

TestSuite(billed, .init = open_ledger, .fini = teardown, .timeout = 60);

/* What a feed of an account billed on a day tells all three. */
static int64_t
cents(size_t name, size_t feed, uint32_t day)
{
	return (int64_t)(1 + name * 100000 + feed * 1000 + day);
}

static void
write_rows(size_t name, size_t feed, uint32_t generation)
{
	static uint8_t bytes[DAYS * 128];
	struct wbuf w;
	size_t at = 0;
	uint32_t n = 0;

	wbuf_init(&w, bytes, sizeof(bytes));
	for (uint32_t day = 0; day < DAYS; day++) {
		struct bill_row row = { .day = DAY0 + day,
			.has_amount = true,
			.amount = cents(name, feed, day) * (MONEY_USD / 100),
			.currency = TEXT("USD") };

		bill_row_write(&w, &row);
	}
	cr_assert(!w.failed, "the rows do not fit");
	while (at < w.len)
		cr_assert_eq(ledger_bill_rows(
				 ledger, generation, wbuf_span(&w), &at, &n),
		    0);
}

static void
fill_feed(struct account *a, size_t name, size_t feed)
{
	struct bill_end e = { .account = a,
		.feed = feeds[feed],
		.gives = BILL_COST,
		.is_whole = true,
		.from_day = DAY0,
		.to_day = DAY0 + DAYS,
		.at_ms = (DAY0 + DAYS) * DAY_MS };

	cr_assert_eq(ledger_bill_begin(ledger, &e.generation), 0);
	write_rows(name, feed, e.generation);
	cr_assert_eq(ledger_bill_end(ledger, &e), 0);
}

static void
list_feeds(struct account *a)
{
	a->n_feeds = FEEDS;
	for (size_t feed = 0; feed < FEEDS; feed++)
		snprintf(a->feed[feed].name, sizeof(a->feed[feed].name), "%s",
		    feeds[feed]);
}

static void
fill(void)
{
	static struct account a;

	for (size_t name = 0; name < NAMES; name++) {
		a = (struct account){ .is_enabled = true };
		list_feeds(&a);
		snprintf(a.name, sizeof(a.name), "%s", names[name]);
		for (size_t feed = 0; feed < FEEDS; feed++)
			fill_feed(&a, name, feed);
	}
}

static void
ask(uint32_t from_day, uint32_t to_day, const char *provider,
    struct packer *result)
{
	const struct ledger_method *m = ledger_method_find(TEXT("billed"));
	struct packer params = { 0 };
	struct ledger_call c = { .ledger = ledger, .result = result };
	int rc;

	pack_map(&params, 2u + (provider != NULL));
	pack_str(&params, "from");
	pack_i64(&params, from_day * DAY_MS);
	pack_str(&params, "to");
	pack_i64(&params, to_day * DAY_MS);
	if (provider != NULL) {
		pack_str(&params, "provider");
		pack_str(&params, provider);
	}
	c.params = (struct wire_cursor){ (uint8_t *)params.p,
		(uint8_t *)params.p + params.len };
	rc = m->step(&c);
	cr_assert_eq(rc, METHOD_DONE, "days %u to %u: %d: %s", from_day, to_day,
	    rc, c.error.message);
	packer_free(&params);
}

/* What was told, by account and feed. */
struct told {
	size_t rows, whole, absent;
	money_sum amount;
	int64_t first_ms, last_ms; /* of the rows */
};

static uint64_t
number(struct value map, const char *name)
{
	struct value v;

	cr_assert(unpack_member(map.at, name, &v) && v.type == VALUE_U64,
	    "no %s", name);
	return v.u64;
}

static struct value
list_of(struct wire_cursor answer, const char *name)
{
	struct value v;

	cr_assert(unpack_member(answer, name, &v) && v.type == VALUE_ARRAY,
	    "no %s", name);
	return v;
}

static void
add_row(struct told *told, struct value row)
{
	struct value amount;
	money_sum pico;
	int64_t day_ms = (int64_t)number(row, "day");

	cr_assert(unpack_member(row.at, "amount", &amount));
	cr_assert_eq(money_parse_sum(amount.text.p, amount.text.len, &pico), 0);
	if (told->rows == 0 || day_ms < told->first_ms)
		told->first_ms = day_ms;
	if (day_ms > told->last_ms)
		told->last_ms = day_ms;
	told->amount += pico;
	told->rows++;
}

static struct told
read_answer(struct packer *k)
{
	struct told told = { 0 };
	struct wire_cursor c = { (uint8_t *)k->p, (uint8_t *)k->p + k->len };
	struct value rows = list_of(c, "rows"), runs = list_of(c, "complete"),
		     v;

	while (rows.n-- > 0) {
		cr_assert_eq(unpack_value(&rows.rest, &v), 0);
		add_row(&told, v);
	}
	while (runs.n-- > 0) {
		cr_assert_eq(unpack_value(&runs.rest, &v), 0);
		told.whole += (number(v, "to") - number(v, "from")) / DAY_MS;
		told.absent += number(v, "to") == 0;
	}
	cr_assert(!unpack_member(c, "next", &v), "there is another page");
	packer_free(k);
	return told;
}

static bool
is_of(const char *name, const char *provider)
{
	size_t len = provider == NULL ? 0 : strlen(provider);

	return provider == NULL || (strncmp(name, provider, len) == 0 &&
				       (name[len] == '\0' || name[len] == '/'));
}

/* Each account tells a row a day, with the sum of its feeds. */
static void
expect_days(uint32_t from, uint32_t to, const char *provider)
{
	struct packer result = { 0 };
	struct told told;
	size_t accounts = 0;
	money_sum sum = 0;
	uint32_t first = from < DAYS ? from : DAYS, end = to < DAYS ? to : DAYS;

	for (size_t name = 0; name < NAMES; name++) {
		if (!is_of(names[name], provider))
			continue;
		accounts++;
		for (size_t feed = 0; feed < FEEDS; feed++)
			for (uint32_t day = first; day < end; day++)
				sum += cents(name, feed, day);
	}
	ask(DAY0 + from, DAY0 + to, provider, &result);
	told = read_answer(&result);
	cr_expect_eq(told.rows, accounts * (end - first),
	    "days %u to %u of %s: %zu rows", from, to, provider, told.rows);
	cr_expect(told.amount == sum * (MONEY_USD / 100),
	    "days %u to %u of %s: the sum is wrong", from, to, provider);
	cr_expect_eq(told.whole, accounts * FEEDS * (end - first),
	    "days %u to %u of %s: %zu are whole", from, to, provider,
	    told.whole);
	cr_expect_eq(told.absent, end == first ? accounts * FEEDS : 0,
	    "days %u to %u of %s: %zu know none", from, to, provider,
	    told.absent);
	if (told.rows > 0)
		cr_expect(told.first_ms == (DAY0 + from) * DAY_MS &&
			      told.last_ms == (DAY0 + end - 1) * DAY_MS,
		    "days %u to %u: from %jd to %jd", from, to,
		    (intmax_t)told.first_ms, (intmax_t)told.last_ms);
}

Test(billed, a_day_is_found_among_many_and_those_around_it_are_not)
{
	static const char *const providers[] = { NULL, "openai", "openai-x",
		"opena", "a", "z" };
	static const uint32_t spans[][2] = { { 0, 1 }, { 17, 18 },
		{ DAYS - 1, DAYS }, { 5, 9 }, { 0, DAYS }, { 7, 7 },
		{ DAYS - 2, DAYS + 50 }, { DAYS, DAYS + 9 } };

	fill();
	for (size_t p = 0; p < sizeof(providers) / sizeof(providers[0]); p++)
		for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
			expect_days(spans[i][0], spans[i][1], providers[p]);
}

Test(billed, who_is_not_asked_any_more_is_not_waited_for)
{
	struct account a = { .is_enabled = true, .name = "openai" };
	struct packer result = { 0 };
	struct told told;

	list_feeds(&a);
	fill_feed(&a, 1, 0);
	fill_feed(&a, 1, 1);
	/* The service has the second one no longer. */
	a.n_feeds = 1;
	cr_assert_eq(ledger_account_put(ledger, &a), 0);
	ask(DAY0 + DAYS, DAY0 + DAYS + 1, NULL, &result);
	told = read_answer(&result);
	cr_expect_eq(told.absent, 1, "%zu know none", told.absent);
	a.is_enabled = false;
	cr_assert_eq(ledger_account_put(ledger, &a), 0);
	ask(DAY0 + DAYS, DAY0 + DAYS + 1, NULL, &result);
	told = read_answer(&result);
	cr_expect_eq(told.absent, 0, "%zu know none", told.absent);
}

/* As many models, each in two currencies, of one day. */
static void
fill_models(uint32_t models)
{
	static uint8_t bytes[1 << 20];
	struct account a = { .is_enabled = true, .name = "openai" };
	struct bill_end e = { .account = &a,
		.feed = "costs",
		.gives = BILL_COST,
		.is_whole = true,
		.from_day = DAY0,
		.to_day = DAY0 + 1,
		.at_ms = (DAY0 + DAYS) * DAY_MS };
	char model[32];
	struct wbuf w;
	size_t at = 0;
	uint32_t n = 0;

	wbuf_init(&w, bytes, sizeof(bytes));
	for (uint32_t i = 0; i < 2 * models; i++) {
		struct bill_row row = { .day = DAY0,
			.has_amount = true,
			.amount = i % 2 == 0 ? MONEY_USD : 3 * MONEY_USD,
			.currency = i % 2 == 0 ? TEXT("USD") : TEXT("CNY") };

		snprintf(model, sizeof(model), "model-%u", i / 2);
		row.text[BILL_MODEL] = text_of(model);
		row.count[BILL_INPUT] = UINT64_C(1) << 62;
		bill_row_write(&w, &row);
	}
	cr_assert(!w.failed, "the rows do not fit");
	cr_assert_eq(ledger_bill_begin(ledger, &e.generation), 0);
	while (at < w.len)
		cr_assert_eq(ledger_bill_rows(
				 ledger, e.generation, wbuf_span(&w), &at, &n),
		    0);
	cr_assert_eq(ledger_bill_end(ledger, &e), 0);
}

Test(billed, more_models_than_anybody_has_are_told_together)
{
	const uint32_t models = 5000;
	struct packer result = { 0 };
	struct wire_cursor c;
	struct value rows, row, v;
	money_sum usd = 0, cny = 0, pico;
	size_t n = 0, nameless = 0;

	fill_models(models);
	ask(DAY0, DAY0 + 1, NULL, &result);
	c = (struct wire_cursor){ (uint8_t *)result.p,
		(uint8_t *)result.p + result.len };
	for (rows = list_of(c, "rows"); rows.n-- > 0; n++) {
		cr_assert_eq(unpack_value(&rows.rest, &row), 0);
		cr_assert(unpack_member(row.at, "amount", &v));
		cr_assert_eq(money_parse_sum(v.text.p, v.text.len, &pico), 0);
		cr_assert(unpack_member(row.at, "currency", &v));
		*(text_is(v.text, "USD") ? &usd : &cny) += pico;
		if (unpack_member(row.at, "model", &v))
			continue;
		nameless++;
		cr_expect_eq(number(row, "input_tokens"), INT64_MAX,
		    "a sum that no number holds is %ju",
		    (uintmax_t)number(row, "input_tokens"));
	}
	cr_expect_eq(n, 2002, "%zu rows", n);
	cr_expect_eq(nameless, 2, "%zu rows without a model", nameless);
	cr_expect(usd == models * (money_sum)MONEY_USD, "dollars are lost");
	cr_expect(cny == 3 * models * (money_sum)MONEY_USD, "yuan are lost");
	packer_free(&result);
}

/* A day with these rows alone, as it is answered. */
static void
ask_day_of(const struct bill_row *rows, size_t n_rows, struct packer *result)
{
	static uint8_t bytes[1 << 16];
	struct account a = { .is_enabled = true, .name = "openai" };
	struct bill_end e = { .account = &a,
		.feed = "costs",
		.gives = BILL_COST,
		.is_whole = true,
		.from_day = DAY0,
		.to_day = DAY0 + 1,
		.at_ms = (DAY0 + DAYS) * DAY_MS };
	struct wbuf w;
	size_t at = 0;
	uint32_t n = 0;

	wbuf_init(&w, bytes, sizeof(bytes));
	for (size_t i = 0; i < n_rows; i++)
		bill_row_write(&w, &rows[i]);
	cr_assert(!w.failed, "the rows do not fit");
	cr_assert_eq(ledger_bill_begin(ledger, &e.generation), 0);
	cr_assert_eq(
	    ledger_bill_rows(ledger, e.generation, wbuf_span(&w), &at, &n), 0);
	cr_assert_eq(ledger_bill_end(ledger, &e), 0);
	ask(DAY0, DAY0 + 1, NULL, result);
}

static struct value
row_at(const struct packer *k, uint32_t i)
{
	struct wire_cursor c = { (uint8_t *)k->p, (uint8_t *)k->p + k->len };
	struct value rows = list_of(c, "rows"), row;

	cr_assert_lt(i, rows.n, "%u rows", rows.n);
	do
		cr_assert_eq(unpack_value(&rows.rest, &row), 0);
	while (i-- > 0);
	return row;
}

static void
expect_money(struct value row, const char *name, const char *want)
{
	struct value v;
	bool is_there = unpack_member(row.at, name, &v);

	cr_expect_eq(is_there, want != NULL, "%s is%s there", name,
	    is_there ? "" : " not");
	if (is_there && want != NULL)
		cr_expect(text_is(v.text, want), "%s is %.*s, not %s", name,
		    (int)v.text.len, v.text.p, want);
}

Test(billed, what_others_bill_is_told_apart)
{
	struct bill_row rows[] = {
		{ .day = DAY0,
		    .has_amount = true,
		    .amount = MONEY_USD / 50,
		    .elsewhere = 12 * (money_sum)MONEY_USD,
		    .currency = TEXT("USD") },
		{ .day = DAY0,
		    .has_amount = true,
		    .elsewhere = MONEY_USD / 2,
		    .currency = TEXT("USD") },
		{ .day = DAY0,
		    .text[BILL_MODEL] = TEXT("m"),
		    .has_amount = true,
		    .amount = MONEY_USD,
		    .currency = TEXT("USD") },
	};
	struct packer result = { 0 };

	ask_day_of(rows, sizeof(rows) / sizeof(rows[0]), &result);
	expect_money(row_at(&result, 0), "amount", "0.02");
	expect_money(row_at(&result, 0), "elsewhere", "12.5");
	expect_money(row_at(&result, 1), "amount", "1");
	expect_money(row_at(&result, 1), "elsewhere", NULL);
	packer_free(&result);
}

/* An amount's own quantity is what its use tells already. */
Test(billed, what_is_no_token_has_a_row_for_each_unit)
{
	struct bill_row rows[] = {
		{ .day = DAY0,
		    .text[BILL_UNIT] = TEXT("images"),
		    .has_quantity = true,
		    .quantity = 3 * (money_sum)MONEY_USD,
		    .count[BILL_REQUESTS] = 2 },
		{ .day = DAY0,
		    .text[BILL_UNIT] = TEXT("seconds"),
		    .has_quantity = true,
		    .quantity = MONEY_USD / 2 },
		{ .day = DAY0,
		    .text[BILL_UNIT] = TEXT("images"),
		    .has_quantity = true,
		    .quantity = MONEY_USD,
		    .count[BILL_REQUESTS] = 1 },
		{ .day = DAY0,
		    .text[BILL_UNIT] = TEXT("images"),
		    .has_quantity = true,
		    .quantity = MONEY_USD,
		    .has_amount = true,
		    .amount = MONEY_USD,
		    .currency = TEXT("USD") },
		{ .day = DAY0, .count[BILL_INPUT] = 9 },
	};
	struct packer result = { 0 };
	struct value v;

	ask_day_of(rows, sizeof(rows) / sizeof(rows[0]), &result);
	expect_money(row_at(&result, 0), "unit", "images");
	expect_money(row_at(&result, 0), "quantity", "4");
	cr_expect_eq(number(row_at(&result, 0), "requests"), 3);
	expect_money(row_at(&result, 1), "unit", "seconds");
	expect_money(row_at(&result, 1), "quantity", "0.5");
	expect_money(row_at(&result, 2), "amount", "1");
	expect_money(row_at(&result, 2), "unit", NULL);
	cr_expect(!unpack_member(row_at(&result, 2).at, "quantity", &v));
	cr_expect_eq(number(row_at(&result, 3), "input_tokens"), 9);
	expect_money(row_at(&result, 3), "unit", NULL);
	packer_free(&result);
}

Test(billed, what_was_used_in_batches_is_told_apart)
{
	struct bill_row rows[] = {
		{ .day = DAY0,
		    .text[BILL_TIER] = TEXT("batch"),
		    .count = { 10, 20, 30, 5, 40, 7, 1, 3 } },
		{ .day = DAY0,
		    .text[BILL_TIER] = TEXT("standard"),
		    .count = { 1000 } },
		{ .day = DAY0,
		    .text[BILL_TIER] = TEXT("batch"),
		    .has_amount = true,
		    .amount = MONEY_USD / 4,
		    .currency = TEXT("USD") },
		{ .day = DAY0,
		    .has_amount = true,
		    .amount = MONEY_USD,
		    .currency = TEXT("USD") },
		{ .day = DAY0,
		    .has_amount = true,
		    .amount = MONEY_USD,
		    .currency = TEXT("CNY") },
	};
	struct packer result = { 0 };
	struct value v;

	ask_day_of(rows, sizeof(rows) / sizeof(rows[0]), &result);
	cr_expect_eq(number(row_at(&result, 0), "input_tokens"), 1010);
	cr_expect_eq(number(row_at(&result, 0), "batch_tokens"), 100,
	    "%ju tokens of batches",
	    (uintmax_t)number(row_at(&result, 0), "batch_tokens"));
	expect_money(row_at(&result, 0), "batch_amount", NULL);
	expect_money(row_at(&result, 1), "amount", "1.25");
	expect_money(row_at(&result, 1), "batch_amount", "0.25");
	cr_expect(!unpack_member(row_at(&result, 1).at, "batch_tokens", &v));
	expect_money(row_at(&result, 2), "batch_amount", NULL);
	packer_free(&result);
}
