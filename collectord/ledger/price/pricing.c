#include "collectord/ledger/price/pricing.h"

#include <stdio.h>

#include "collectord/ledger/series.h"
#include "collectord/ledger/writer.h"
#include "proto/error.h"

size_t
pricing_text(uint64_t code, char buf[32])
{
	if (code == PRICING_NONE)
		return 0;
	if (code == PRICING_REPORTED)
		return (size_t)snprintf(buf, 32, "reported");
	return (size_t)snprintf(
	    buf, 32, "%u/%u", pricing_rule(code), pricing_step(code));
}

/* Of all a rule is chosen by; never 0. */
static uint32_t
key_of(const struct merged *m)
{
	static const enum event_text texts[] = { EV_PROVIDER, EV_MODEL, EV_TIER,
		EV_GEO };
	static const struct digest_key key = { 0 };
	uint8_t bytes[4 * (LIMIT_TEXT + 2) + 8];
	struct wbuf w;
	uint32_t k;
	size_t i;

	wbuf_init(&w, bytes, sizeof(bytes));
	write_be64(&w, (uint64_t)m->ts_ms);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		write_text(&w, m->text[texts[i]]);
	k = (uint32_t)digest64(&key, w.p, w.len);
	return k == 0 ? 1 : k;
}

static void
counts_of(const struct merged *m, struct price_counts *c)
{
	*c = (struct price_counts){
		.input = m->count[EV_INPUT],
		.output = m->count[EV_OUTPUT],
		.cache_read = m->count[EV_CACHE_READ],
		.cache_write = m->count[EV_CACHE_WRITE],
		.cache_write_1h = m->count[EV_CACHE_WRITE_1H],
		.web_searches = m->count[EV_WEB_SEARCHES],
	};
}

static unsigned
step_of(const struct price_rule *rule, const struct price_lines *lines)
{
	unsigned i;

	if (!lines->is_long)
		return 0;
	for (i = 0; i < rule->n_steps; i++)
		if (rule->steps[i].above == lines->above)
			return i + 1;
	return 0;
}

/* Not priced by a rule: by what was reported, or not at all. */
static void
use_reported(const struct merged *m, struct pricing *p)
{
	p->code = m->has_cost ? PRICING_REPORTED : PRICING_NONE;
	p->cost_pico = m->has_cost ? m->cost_pico : 0;
}

/* false where the rule does not cover what the call used. */
static bool
use_rule(const struct merged *m, const struct price_rule *rule, uint32_t number,
    struct pricing *p)
{
	struct price_counts counts;
	struct price_lines lines;
	int64_t cost;

	counts_of(m, &counts);
	if (price_apply(rule, &counts, &cost, &lines) != PRICE_OK)
		return false;
	p->code = PRICING_RULE + (uint64_t)number * 8 + step_of(rule, &lines);
	p->cost_pico = cost;
	return true;
}

static int
number_rule(struct writer *w, const struct price_rule *rule, uint32_t *number)
{
	uint8_t bytes[PRICE_RULE_BYTES_MAX];
	struct wbuf b;
	int rc;

	wbuf_init(&b, bytes, sizeof(bytes));
	price_rule_write(&b, rule);
	if (b.failed)
		return -ERR_STORE;
	if (!w->only_reads)
		return intern_rule(&w->interner, w->txn, wbuf_span(&b), number);
	*number = UINT32_MAX; /* no rule has it, so it differs from all */
	rc = rule_find(w->txn, &w->key, wbuf_span(&b), number);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

static int
match(struct writer *w, const struct merged *m, struct pricing *p)
{
	struct price_call call = {
		.provider = m->text[EV_PROVIDER],
		.model = m->text[EV_MODEL],
		.tier = m->text[EV_TIER],
		.geo = m->text[EV_GEO],
		.ts_ms = m->ts_ms,
	};
	struct price_matched *matched;
	int rc = 0;

	use_reported(m, p);
	matched = price_memo_match(&w->memo, w->book, &call);
	if (matched == NULL)
		return -ERR_STORE;
	if (matched->rc != PRICE_OK)
		return 0;
	if (!matched->has_number)
		rc = number_rule(w, &matched->rule, &matched->number);
	matched->has_number = rc == 0 && matched->number != UINT32_MAX;
	if (rc == 0)
		use_rule(m, &matched->rule, matched->number, p);
	return rc;
}

static int
keep(struct writer *w, const struct merged *m, struct pricing *p)
{
	struct price_rule rule;
	struct span bytes;
	uint32_t number;
	int rc;

	if (p->code < PRICING_RULE) {
		use_reported(m, p);
		return 0;
	}
	number = pricing_rule(p->code);
	rc = rule_bytes(w->txn, number, &bytes);
	if (rc != 0)
		return rc;
	if (!price_rule_read(bytes, &rule))
		return -ERR_STORE;
	if (!use_rule(m, &rule, number, p))
		use_reported(m, p);
	return 0;
}

static int
update(struct writer *w, const struct merged *m, bool anew, struct pricing *p)
{
	uint32_t key = key_of(m);
	bool same = p->key == key && !anew;

	p->key = key;
	if (w->prefers_reported && m->has_cost) {
		use_reported(m, p);
		return 0;
	}
	return same ? keep(w, m, p) : match(w, m, p);
}

int
pricing_update(
    struct writer *w, const struct merged *m, bool anew, struct pricing *p)
{
	struct merged rise;
	bool adds;
	int rc;

	if (!series_has(m))
		return update(w, m, anew, p);
	rc = series_rise(w, m, &rise, &adds);
	if (rc == 0 && adds)
		return update(w, &rise, anew, p);
	/* Nothing to price yet. */
	*p = (struct pricing){ .code = PRICING_NONE };
	return rc;
}

void
pricing_sums(const struct merged *m, const struct pricing *p, struct sums *s)
{
	*s = (struct sums){ 0 };
	if (m->is_void)
		return;
	s->n[SUM_CALLS] = 1;
	s->n[SUM_FAILED] = m->count[EV_OUTCOME] == OUTCOME_FAILED;
	s->n[SUM_INPUT] = m->count[EV_INPUT];
	s->n[SUM_CACHE_READ] = m->count[EV_CACHE_READ];
	s->n[SUM_CACHE_WRITE] = m->count[EV_CACHE_WRITE];
	s->n[SUM_CACHE_WRITE_1H] = m->count[EV_CACHE_WRITE_1H];
	s->n[SUM_OUTPUT] = m->count[EV_OUTPUT];
	s->n[SUM_REASONING] = m->count[EV_REASONING];
	s->n[SUM_OTHER] = merged_other(m);
	s->n[SUM_WEB_SEARCHES] = m->count[EV_WEB_SEARCHES];
	s->cost = p->cost_pico;
	if (text_is(m->text[EV_BILLING], "plan"))
		s->plan_cost = p->cost_pico;
	if (p->code == PRICING_NONE) {
		s->n[SUM_UNPRICED_CALLS] = 1;
		s->n[SUM_UNPRICED_TOKENS] = sums_total_tokens(s);
	} else if (p->code >= PRICING_RULE) {
		/* No rule has a price for tokens of an unknown class. */
		s->n[SUM_UNPRICED_TOKENS] = s->n[SUM_OTHER];
	}
}
