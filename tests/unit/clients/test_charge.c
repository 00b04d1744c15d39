#include <criterion/criterion.h>

#include "clients/report/charge.h"

static struct packer packed;

static void
teardown(void)
{
	packer_free(&packed);
}

TestSuite(charge, .fini = teardown, .timeout = 30);

static void
pack_rates(const char *input, const char *read, const char *write,
    const char *write_1h, const char *output)
{
	const char *const names[] = { "input", "cache_read", "cache_write",
		"cache_write_1h", "output" };
	const char *const rates[] = { input, read, write, write_1h, output };
	size_t i;

	pack_map(&packed, 5);
	for (i = 0; i < 5; i++) {
		pack_str(&packed, names[i]);
		pack_str(&packed, rates[i]);
	}
}

/* Rule 12 has a step beyond 200,000 tokens; rule 7 has no output rate. */
static struct wire_cursor
rules(void)
{
	packer_clear(&packed);
	pack_map(&packed, 2);
	pack_str(&packed, "7");
	pack_map(&packed, 2);
	pack_str(&packed, "kind");
	pack_str(&packed, "override");
	pack_str(&packed, "rates");
	pack_map(&packed, 1);
	pack_str(&packed, "input");
	pack_str(&packed, "0");
	pack_str(&packed, "12");
	pack_map(&packed, 4);
	pack_str(&packed, "entry");
	pack_str(&packed, "anthropic/claude-sonnet-4-5");
	pack_str(&packed, "kind");
	pack_str(&packed, "table");
	pack_str(&packed, "rates");
	pack_rates("3", "0.3", "3.75", "6", "15");
	pack_str(&packed, "steps");
	pack_array(&packed, 1);
	pack_map(&packed, 2);
	pack_str(&packed, "above");
	pack_u64(&packed, 200000);
	pack_str(&packed, "rates");
	pack_rates("6", "0.6", "7.5", "12", "22.5");
	return (struct wire_cursor){ (const uint8_t *)packed.p,
		(const uint8_t *)packed.p + packed.len };
}

static struct sums
some_use(void)
{
	struct sums s = { .cost = 0 };

	s.n[SUM_CALLS] = 1;
	s.n[SUM_INPUT] = 1000;
	s.n[SUM_CACHE_READ] = 2000;
	s.n[SUM_CACHE_WRITE] = 300;
	s.n[SUM_CACHE_WRITE_1H] = 100;
	s.n[SUM_OUTPUT] = 10;
	s.n[SUM_OTHER] = 5;
	return s;
}

#define EXPECT_PICO(got, want)                                                 \
	cr_expect((got) == (want), "%lld p$, expected %lld", (long long)(got), \
	    (long long)(want))

Test(charge, each_class_has_its_rate_and_the_sum_is_exact)
{
	/* 3000 + 600 + 750 + 600 + 150 microdollars */
	const money_sum want = 5100000000;
	struct sums s = some_use();
	struct charge_price p;
	struct charge c;

	charge_find(rules(), TEXT("12/0"), &p);
	cr_expect_eq(p.how, CHARGE_TABLE);
	cr_expect(text_is(p.entry, "anthropic/claude-sonnet-4-5"));
	charge_apply(&p, &s, &c);
	EXPECT_PICO(c.amount, want);
	cr_expect(c.is_known);
	cr_expect_eq(c.n, 6, "%zu lines", c.n);
	cr_expect_eq(c.line[2].class, CHARGE_CACHE_WRITE);
	cr_expect_eq(c.line[2].n, 200, "%lu tokens for five minutes",
	    (unsigned long)c.line[2].n);
	EXPECT_PICO(c.line[2].amount, 750000000ll);
	EXPECT_PICO(c.line[3].amount, 600000000ll);
	cr_expect_eq(c.line[5].rate, CHARGE_UNKNOWN, "other has a rate");
	s.cost = want;
	cr_expect(charge_agrees(&c, &s));
	s.cost++;
	cr_expect(!charge_agrees(&c, &s), "a picodollar more agrees");
}

Test(charge, a_step_has_its_own_rates_throughout)
{
	struct sums s = some_use();
	struct charge_price p;
	struct charge c;

	charge_find(rules(), TEXT("12/1"), &p);
	cr_expect_eq(p.above, 200000, "above %lu", (unsigned long)p.above);
	charge_apply(&p, &s, &c);
	EXPECT_PICO(c.amount, 10125000000ll);
}

Test(charge, a_rate_of_zero_is_free_and_a_missing_one_unknown)
{
	struct sums s = { .cost = 0 };
	struct charge_price p;
	struct charge c;

	s.n[SUM_CALLS] = 1;
	s.n[SUM_INPUT] = 10;
	charge_find(rules(), TEXT("7/0"), &p);
	cr_expect_eq(p.how, CHARGE_OVERRIDE);
	charge_apply(&p, &s, &c);
	cr_expect(c.is_known && c.amount == 0, "free is not known");
	cr_expect(charge_agrees(&c, &s));
	s.n[SUM_OUTPUT] = 1;
	charge_apply(&p, &s, &c);
	cr_expect(!c.is_known, "output without a rate is known");
}

Test(charge, reported_costs_are_taken_as_they_are)
{
	struct sums s = some_use();
	struct charge_price p;
	struct charge c;

	s.cost = 123;
	charge_find(rules(), TEXT("reported"), &p);
	charge_apply(&p, &s, &c);
	cr_expect_eq(p.how, CHARGE_REPORTED);
	EXPECT_PICO(c.amount, 123ll);
	cr_expect(charge_agrees(&c, &s));
}

Test(charge, no_rule_is_no_price_which_is_not_zero)
{
	struct sums s = some_use();
	struct charge_price p;
	struct charge c;

	charge_find(rules(), TEXT(""), &p);
	charge_apply(&p, &s, &c);
	cr_expect_eq(p.how, CHARGE_NONE);
	cr_expect(!c.is_known);
	s.n[SUM_UNPRICED_CALLS] = 1;
	cr_expect(charge_agrees(&c, &s));
	s.cost = 1;
	cr_expect(!charge_agrees(&c, &s), "a cost without a price agrees");
}

Test(charge, rules_that_are_not_there_have_no_rates)
{
	static const char *const texts[] = { "99/0", "12/9", "/", "x",
		"12/99999999999999999999" };
	struct sums s = some_use();
	struct charge_price p;
	struct charge c;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		charge_find(rules(), text_of(texts[i]), &p);
		charge_apply(&p, &s, &c);
		cr_expect(!c.is_known, "%s is known", texts[i]);
	}
	charge_find((struct wire_cursor){ NULL, NULL }, TEXT("12/0"), &p);
	cr_expect_eq(p.rate[CHARGE_INPUT], CHARGE_UNKNOWN);
}

Test(charge, the_largest_sums_do_not_overflow)
{
	struct sums s = { .cost = 0 };
	struct charge_price p;
	struct charge c;

	s.n[SUM_CALLS] = 1;
	s.n[SUM_INPUT] = UINT64_MAX;
	charge_find(rules(), TEXT("12/0"), &p);
	charge_apply(&p, &s, &c);
	cr_expect(c.amount == (money_sum)UINT64_MAX * 3000000,
	    "the amount overflowed");
}
