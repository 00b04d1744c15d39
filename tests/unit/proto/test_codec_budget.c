#include <criterion/criterion.h>

#include "proto/codec_budget.h"

static struct notice
digest(void)
{
	return (struct notice){ .id = TEXT("weekly/2026-W20"),
		.kind = NOTICE_WEEKLY,
		.period = TEXT("2026-W20"),
		.from_ms = 1778450400000,
		.to_ms = 1779055200000,
		.made_ms = 1779055200001,
		.figures = { .are_known = true,
		    .calls = 12,
		    .tokens = 5000000000,
		    .unpriced_calls = 2,
		    .cost = 7 * MONEY_USD + 1,
		    .top = TEXT("oak"),
		    .top_tokens = 4000000000,
		    .top_cost = 6 * MONEY_USD } };
}

static int
read_notice(const struct packer *k, size_t len, struct notice *n)
{
	struct wire_cursor c = { (const uint8_t *)k->p,
		(const uint8_t *)k->p + len };

	return unpack_notice(&c, n);
}

Test(codec_budget, a_digest_comes_back_as_it_was, .timeout = 30)
{
	struct notice n = digest(), got;
	struct notice_figures *f = &got.figures;
	struct packer k = { 0 };

	pack_notice(&k, &n);
	cr_assert_eq(read_notice(&k, k.len, &got), 0, "it is none");
	cr_expect(text_is(got.period, "2026-W20") && got.to_ms == n.to_ms);
	cr_expect(f->are_known && text_is(f->top, "oak"), "%d, %.*s",
	    f->are_known, (int)f->top.len, f->top.p);
	cr_expect_eq(f->calls, 12, "%ju calls", (uintmax_t)f->calls);
	cr_expect_eq(f->unpriced_calls, 2);
	cr_expect_eq(f->tokens, n.figures.tokens);
	cr_expect_eq(f->top_tokens, n.figures.top_tokens);
	cr_expect(f->cost == n.figures.cost, "another cost");
	cr_expect(f->top_cost == n.figures.top_cost, "another top cost");
	packer_free(&k);
}

Test(codec_budget, the_cause_of_a_failure_comes_back, .timeout = 30)
{
	struct notice n = { .id = TEXT("provider/openai/2026-05-12"),
		.kind = NOTICE_PROVIDER };
	struct packer k = { 0 };
	struct notice got;

	pack_notice(&k, &n);
	cr_assert_eq(read_notice(&k, k.len, &got), 0, "it is none");
	cr_expect_eq(got.why.len, 0, "%.*s", (int)got.why.len, got.why.p);
	k.len = 0;
	n.why = TEXT("the service fails (HTTP 503)");
	pack_notice(&k, &n);
	cr_assert_eq(read_notice(&k, k.len, &got), 0, "it is none");
	cr_expect(text_is(got.why, "the service fails (HTTP 503)"), "%.*s",
	    (int)got.why.len, got.why.p);
	packer_free(&k);
}

Test(codec_budget, a_notice_without_figures_has_none, .timeout = 30)
{
	struct notice n = digest(), got;
	struct packer k = { 0 };

	n.figures.are_known = false;
	pack_notice(&k, &n);
	cr_assert_eq(read_notice(&k, k.len, &got), 0, "it is none");
	cr_expect_not(got.figures.are_known, "it has figures");
	cr_expect_eq(got.made_ms, n.made_ms);
	packer_free(&k);
}

/* What is left of it, and what is no such map. */
Test(codec_budget, half_a_digest_is_refused, .timeout = 30)
{
	struct notice n = digest(), got;
	struct packer k = { 0 };

	pack_notice(&k, &n);
	for (size_t len = 0; len < k.len; len++)
		cr_expect_neq(read_notice(&k, len, &got), 0,
		    "%zu bytes are a notice", len);
	packer_clear(&k);
	pack_map(&k, 3);
	pack_str(&k, "kind");
	pack_str(&k, "daily");
	pack_str(&k, "level");
	pack_str(&k, "info");
	pack_str(&k, "digest");
	pack_u64(&k, 5);
	cr_expect_neq(read_notice(&k, k.len, &got), 0, "5 is a digest");
	packer_free(&k);
}
