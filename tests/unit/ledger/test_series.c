/*
 * Running totals on a real store, held against a plain recomputation from all
 * of them: what a series adds depends on what it has, and on nothing else.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "collectord/ledger/audit.h"
#include "collectord/ledger/impl.h"
#include "collectord/ledger/methods/methods.h"
#include "collectord/ledger/series.h"
#include "tests/unit/ledger/ledger_help.h"
#include "tests/unit/ledger/sights.h"

#define SIGHTS_MAX 400
#define T0 1778544000000ll /* 2026-05-12 00:00 UTC */
#define DAY 86400000ll
#define HOUR 3600000ll
#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof((a)[0])))

static int64_t now_us = (T0 + 10 * DAY) * 1000;

static int64_t
test_now_us(void)
{
	return now_us += 10;
}

struct bench {
	char dir[64];
	struct ledger *l;
	struct event all[SIGHTS_MAX];
	size_t n;
};

static void
bench_open(struct bench *b)
{
	struct ledger_options opt = {
		.dir = b->dir, .machine = "m1", .now_us = test_now_us
	};

	b->l = help_open(&opt);
}

static void
bench_start(struct bench *b)
{
	b->n = 0;
	snprintf(b->dir, sizeof(b->dir), "/tmp/tt-series-XXXXXX");
	help_dir(b->dir);
	bench_open(b);
}

static void
bench_end(struct bench *b)
{
	help_end(b->l, b->dir);
}

static struct put
bench_put(struct bench *b, struct event *evs, size_t n)
{
	struct error err;

	for (size_t i = 0; i < n; i++)
		cr_assert_eq(event_validate(&evs[i], now_us / 1000, &err), 0,
		    "event %zu: %s: %s", i, err.field, err.message);
	return help_put(b->l, evs, n);
}

/* --- Reports ---------------------------------------------------------------
 */

#define ROWS_MAX 4000

struct table {
	struct report_row row[ROWS_MAX];
	char key[ROWS_MAX][40];
	size_t n;
};

/* All rows by a key, in steps of so many ms from T0 on. */
static void
read_table(struct bench *b, enum report_key by, int64_t step, uint32_t periods,
    struct table *t)
{
	struct report_query q = {
		.nedges = periods + 1, .by = { by }, .nby = 1
	};
	struct packer k = { 0 };
	struct ledger_query *lq;
	struct wire_cursor c;
	struct value v;
	uint32_t i;
	int rc;

	q.edges = malloc((periods + 1) * sizeof(*q.edges));
	for (i = 0; i <= periods; i++)
		q.edges[i] = T0 + i * step;
	lq = ledger_query_new(b->l, &q);
	free(q.edges);
	cr_assert_not_null(lq, "no memory");
	while ((rc = ledger_query_step(lq, 1000)) == 1)
		;
	cr_assert_eq(rc, 0, "ledger_query_step: %d", rc);
	t->n = 0;
	for (size_t next = 0; next < ledger_query_rows(lq);) {
		packer_clear(&k);
		next = ledger_query_pack(lq, next, 1, &k);
		c = (struct wire_cursor){ (uint8_t *)k.p,
			(uint8_t *)k.p + k.len };
		cr_assert(unpack_member(c, "rows", &v), "no rows");
		for (i = 0; i < v.n; i++, t->n++) {
			cr_assert_lt(t->n, ROWS_MAX, "too many rows");
			rc = unpack_row(&v.rest, 1, &t->row[t->n]);
			cr_assert_eq(rc, 0, "row %zu", t->n);
			snprintf(t->key[t->n], sizeof(t->key[0]), "%.*s",
			    (int)t->row[t->n].key[0].len,
			    t->row[t->n].key[0].p);
		}
	}
	packer_free(&k);
	ledger_query_free(lq);
}

/* Everything, in one row. */
static struct sums
total_of(struct bench *b)
{
	static struct table t;
	struct sums s = { 0 };

	read_table(b, KEY_MACHINE, 20 * DAY, 1, &t);
	for (size_t i = 0; i < t.n; i++)
		cr_assert(sums_add(&s, &t.row[i].sums), "overflow");
	return s;
}

static struct sums
of_day(struct bench *b, uint32_t day)
{
	static struct table t;
	struct sums s = { 0 };

	read_table(b, KEY_MACHINE, DAY, 15, &t);
	for (size_t i = 0; i < t.n; i++)
		if (t.row[i].period == day)
			cr_assert(sums_add(&s, &t.row[i].sums), "overflow");
	return s;
}

/* --- The plain recomputation -----------------------------------------------
 */

struct stated {
	const struct event *ev; /* one of its sights: whose it is */
	uint64_t n[EV_COUNTS];
	int64_t cost;
	bool has_cost, is_void;
	uint8_t rank;
};

static bool
same_text(const struct event *a, const struct event *b, enum event_text t)
{
	return text_eq(a->text[t], b->text[t]);
}

static bool
same_series(const struct event *a, const struct event *b)
{
	char x[LIMIT_TEXT], y[LIMIT_TEXT];
	size_t nx = event_canonical_model(a->text[EV_MODEL], x);
	size_t ny = event_canonical_model(b->text[EV_MODEL], y);

	return same_text(a, b, EV_MACHINE) && same_text(a, b, EV_SESSION) &&
	       same_text(a, b, EV_AGENT) && nx == ny && memcmp(x, y, nx) == 0;
}

static void
state_sight(struct stated *s, const struct event *ev)
{
	s->is_void |= ev->is_void;
	if (s->ev != NULL && ev->rank < s->rank)
		return;
	if (s->ev == NULL || ev->rank > s->rank) {
		memcpy(s->n, ev->count, sizeof(s->n));
		s->has_cost = ev->has_cost;
		s->cost = ev->has_cost ? ev->cost_pico : 0;
		s->rank = ev->rank;
		s->ev = ev;
		return;
	}
	for (int i = 0; i < EV_COUNTS; i++)
		s->n[i] = s->n[i] > ev->count[i] ? s->n[i] : ev->count[i];
	if (ev->has_cost && (!s->has_cost || ev->cost_pico > s->cost))
		s->cost = ev->cost_pico;
	s->has_cost |= ev->has_cost;
}

static size_t
state_all(const struct event *all, size_t n, struct stated *out)
{
	size_t i, j, nout = 0;

	for (i = 0; i < n; i++) {
		for (j = 0; j < nout; j++)
			if (out[j].ev->ts_ms == all[i].ts_ms &&
			    same_series(out[j].ev, &all[i]))
				break;
		if (j == nout)
			out[nout++] = (struct stated){ .ev = NULL };
		state_sight(&out[j], &all[i]);
	}
	return nout;
}

static int
by_time(const void *pa, const void *pb)
{
	const struct stated *a = pa, *b = pb;

	return (a->ev->ts_ms > b->ev->ts_ms) - (a->ev->ts_ms < b->ev->ts_ms);
}

static uint64_t
all_tokens(const struct stated *s)
{
	uint64_t classes = s->n[EV_INPUT] + s->n[EV_CACHE_READ] +
			   s->n[EV_CACHE_WRITE] + s->n[EV_OUTPUT];

	return s->n[EV_TOTAL] > classes ? s->n[EV_TOTAL] : classes;
}

static const enum event_count parts[] = { EV_INPUT, EV_CACHE_READ,
	EV_CACHE_WRITE, EV_CACHE_WRITE_1H, EV_OUTPUT, EV_REASONING,
	EV_WEB_SEARCHES };

static bool
is_below(const struct stated *s, const struct stated *was)
{
	for (size_t i = 0; i < COUNT(parts); i++)
		if (s->n[parts[i]] < was->n[parts[i]])
			return true;
	return s->n[EV_TOTAL] > 0 && all_tokens(s) < all_tokens(was);
}

/* What the i-th adds; those before it are before it in time. */
static bool
rise_of(const struct stated *all, size_t i, struct stated *rise)
{
	const struct stated *s = &all[i], *was;
	struct stated base = { .ev = NULL };
	uint64_t total = 0, classes;
	bool any = false, adds = false;
	size_t j = i, k;

	while (j-- > 0) {
		was = &all[j];
		if (!same_series(was->ev, s->ev))
			continue;
		if (!is_below(s, was)) {
			for (k = 0; k < COUNT(parts); k++)
				if (was->n[parts[k]] > base.n[parts[k]])
					base.n[parts[k]] = was->n[parts[k]];
			if (all_tokens(was) > total)
				total = all_tokens(was);
			if (was->has_cost && was->cost > base.cost)
				base.cost = was->cost;
			base.has_cost |= was->has_cost;
			any = true;
		}
		if (!was->is_void)
			break;
	}
	*rise = *s;
	for (k = 0; k < COUNT(parts); k++) {
		rise->n[parts[k]] -= base.n[parts[k]];
		adds |= rise->n[parts[k]] > 0;
	}
	if (s->n[EV_TOTAL] > 0)
		rise->n[EV_TOTAL] = all_tokens(s) - total;
	adds |= rise->n[EV_TOTAL] > 0;
	classes = rise->n[EV_INPUT] + rise->n[EV_CACHE_READ] +
		  rise->n[EV_CACHE_WRITE] + rise->n[EV_OUTPUT];
	rise->n[EV_TOTAL] =
	    rise->n[EV_TOTAL] > classes ? rise->n[EV_TOTAL] - classes : 0;
	if (any && s->has_cost) {
		rise->has_cost = base.has_cost && s->cost >= base.cost;
		rise->cost = rise->has_cost ? s->cost - base.cost : 0;
	}
	adds |= rise->has_cost && rise->cost > 0;
	return adds && !s->is_void;
}

static void
add_rise(struct sums *s, const struct stated *r)
{
	uint64_t tokens = r->n[EV_INPUT] + r->n[EV_CACHE_READ] +
			  r->n[EV_CACHE_WRITE] + r->n[EV_OUTPUT] +
			  r->n[EV_TOTAL];

	s->n[SUM_CALLS]++;
	s->n[SUM_INPUT] += r->n[EV_INPUT];
	s->n[SUM_CACHE_READ] += r->n[EV_CACHE_READ];
	s->n[SUM_CACHE_WRITE] += r->n[EV_CACHE_WRITE];
	s->n[SUM_CACHE_WRITE_1H] += r->n[EV_CACHE_WRITE_1H];
	s->n[SUM_OUTPUT] += r->n[EV_OUTPUT];
	s->n[SUM_REASONING] += r->n[EV_REASONING];
	s->n[SUM_OTHER] += r->n[EV_TOTAL];
	s->n[SUM_WEB_SEARCHES] += r->n[EV_WEB_SEARCHES];
	s->cost += r->cost;
	s->n[SUM_UNPRICED_CALLS] += !r->has_cost;
	s->n[SUM_UNPRICED_TOKENS] += r->has_cost ? 0 : tokens;
}

/* --- Any order -------------------------------------------------------------
 */

#define SLOTS 300

static void
check_rows(const struct table *t, enum event_text text,
    const struct stated *rises, size_t n, uint64_t seed)
{
	struct sums want;
	uint64_t calls = 0;

	for (size_t r = 0; r < t->n; r++) {
		want = (struct sums){ 0 };
		for (size_t i = 0; i < n; i++)
			if (text_is(rises[i].ev->text[text], t->key[r]) &&
			    (rises[i].ev->ts_ms - T0) / 900000 ==
				t->row[r].period)
				add_rise(&want, &rises[i]);
		for (int k = 0; k < SUM_COUNTS; k++)
			cr_assert_eq(t->row[r].sums.n[k], want.n[k],
			    "seed %lu, %s in slot %u: %s is %lu, not %lu",
			    (unsigned long)seed, t->key[r], t->row[r].period,
			    sum_names[k], (unsigned long)t->row[r].sums.n[k],
			    (unsigned long)want.n[k]);
		cr_assert(t->row[r].sums.cost == want.cost,
		    "seed %lu, %s in slot %u: cost is %ld, not %ld",
		    (unsigned long)seed, t->key[r], t->row[r].period,
		    (long)t->row[r].sums.cost, (long)want.cost);
		calls += want.n[SUM_CALLS];
	}
	cr_assert_eq(calls, n, "seed %lu: %lu calls in rows, not %zu",
	    (unsigned long)seed, (unsigned long)calls, n);
}

static void
check_all(struct bench *b, uint64_t seed)
{
	static struct stated all[SIGHTS_MAX], rises[SIGHTS_MAX];
	static struct table t;
	size_t n = state_all(b->all, b->n, all), nrises = 0;
	struct ledger_status st;
	struct audit a;

	qsort(all, n, sizeof(*all), by_time);
	for (size_t i = 0; i < n; i++)
		nrises += rise_of(all, i, &rises[nrises]);
	read_table(b, KEY_SESSION, 900000, SLOTS, &t);
	check_rows(&t, EV_SESSION, rises, nrises, seed);
	read_table(b, KEY_AGENT, 900000, SLOTS, &t);
	check_rows(&t, EV_AGENT, rises, nrises, seed);
	read_table(b, KEY_MACHINE, 900000, SLOTS, &t);
	check_rows(&t, EV_MACHINE, rises, nrises, seed);
	a = help_audit(b->l, "in the middle of it all");
	cr_assert_eq(a.calls, nrises, "seed %lu: doctor has %lu calls, not %zu",
	    (unsigned long)seed, (unsigned long)a.calls, nrises);
	cr_assert_eq(ledger_status(b->l, &st), 0, "status failed");
	cr_assert_eq(st.calls, nrises,
	    "seed %lu: status has %lu calls, not %zu", (unsigned long)seed,
	    (unsigned long)st.calls, nrises);
}

static struct text
pick(struct dice *d, const char *const *from, uint32_t n)
{
	return text_of(from[dice_roll(d, n)]);
}

/* Totals that mostly rise with time, so that falls are the exception. */
static void
totals_random(struct dice *d, struct event *ev)
{
	static const char *const machines[] = { "m1", "m1", "m1", "m2" };
	static const char *const sessions[] = { "s1", "s2" };
	static const char *const models[] = { "castle-9", "x/Castle-9",
		"castle-9-20260102", "grove-5" };
	static const char *const agents[] = { "goose", "goose", "droid" };
	uint32_t place = dice_roll(d, 24);
	uint64_t at = dice_roll(d, 5) == 0 ? dice_roll(d, 24) : place;

	event_init(ev);
	ev->running = true;
	ev->text[EV_MACHINE] = pick(d, machines, COUNT(machines));
	ev->text[EV_SESSION] = pick(d, sessions, COUNT(sessions));
	ev->text[EV_MODEL] = pick(d, models, COUNT(models));
	ev->text[EV_AGENT] = pick(d, agents, COUNT(agents));
	ev->ts_ms = T0 + place * 3 * HOUR - 7000 * (place % 3) + 7000 * 3;
	ev->count[EV_INPUT] = at / 2 * 100;
	ev->count[EV_CACHE_READ] = at / 5 * 1000;
	ev->count[EV_CACHE_WRITE] = at / 7 * 10 + dice_roll(d, 2) * 10;
	ev->count[EV_CACHE_WRITE_1H] = at / 7 * 5;
	ev->count[EV_OUTPUT] = at / 2 * 7;
	ev->count[EV_REASONING] = at / 2 * 3;
	ev->count[EV_WEB_SEARCHES] = at / 11;
	if (dice_roll(d, 3) == 0)
		ev->count[EV_TOTAL] = event_classes(ev) + at / 3 * 50;
	ev->has_cost = dice_roll(d, 3) != 0;
	if (ev->has_cost)
		ev->cost_pico = (int64_t)(at / 2 * 1000003);
	ev->rank = (uint8_t)(dice_roll(d, 10) == 0 ? 2 : EVENT_RANK_DEFAULT);
	ev->is_void = dice_roll(d, 12) == 0;
}

static void
random_life(uint64_t seed, size_t nsights)
{
	static struct bench b;
	struct dice d = { seed };
	struct put p;
	size_t n, batch;

	bench_start(&b);
	b.l->writer.recent.gather = seed % 4 * 3;
	for (n = 0; n < nsights; n++)
		totals_random(&d, &b.all[n]);
	while (b.n < nsights) {
		batch = 1 + dice_roll(&d, 12);
		if (batch > nsights - b.n)
			batch = nsights - b.n;
		bench_put(&b, &b.all[b.n], batch);
		b.n += batch;
		/* One that is known already says nothing new. */
		p = bench_put(&b, &b.all[dice_roll(&d, (uint32_t)b.n)], 1);
		cr_assert_eq(
		    p.unchanged, 1, "stored %u, merged %u", p.stored, p.merged);
		if (dice_roll(&d, 8) == 0)
			check_all(&b, seed);
		if (dice_roll(&d, 10) == 0) {
			ledger_close(b.l);
			bench_open(&b);
		}
	}
	check_all(&b, seed);
	for (n = b.n; n-- > 0;) {
		p = bench_put(&b, &b.all[n], 1);
		cr_assert_eq(p.unchanged, 1, "seed %lu: sight %zu again",
		    (unsigned long)seed, n);
	}
	check_all(&b, seed);
	bench_end(&b);
}

Test(series, equals_a_plain_recomputation_of_few_totals, .timeout = 120)
{
	for (uint64_t seed = 1; seed <= 60; seed++)
		random_life(seed, 20 + seed % 30);
}

Test(series, equals_a_plain_recomputation_of_many_totals, .timeout = 120)
{
	for (uint64_t seed = 100; seed < 106; seed++)
		random_life(seed, SIGHTS_MAX);
}

/* --- One rule each ---------------------------------------------------------
 */

static struct event
totals(int64_t ts_ms, uint64_t input, uint64_t output)
{
	struct event ev;

	event_init(&ev);
	ev.running = true;
	ev.text[EV_SESSION] = TEXT("s");
	ev.text[EV_MODEL] = TEXT("castle-9");
	ev.text[EV_AGENT] = TEXT("goose");
	ev.ts_ms = ts_ms;
	ev.count[EV_INPUT] = input;
	ev.count[EV_OUTPUT] = output;
	return ev;
}

static void
put_totals(struct bench *b, int64_t ts_ms, uint64_t input, uint64_t output)
{
	struct event ev = totals(ts_ms, input, output);

	bench_put(b, &ev, 1);
}

static void
expect(struct bench *b, const char *when, uint64_t calls, uint64_t input)
{
	struct sums s = total_of(b);

	cr_assert_eq(s.n[SUM_CALLS], calls, "%s: %lu calls, not %lu", when,
	    (unsigned long)s.n[SUM_CALLS], (unsigned long)calls);
	cr_assert_eq(s.n[SUM_INPUT], input, "%s: input %lu, not %lu", when,
	    (unsigned long)s.n[SUM_INPUT], (unsigned long)input);
	help_audit(b->l, when);
}

Test(series, totals_in_between_move_what_the_next_adds, .timeout = 30)
{
	static struct bench b;
	struct sums s;

	bench_start(&b);
	put_totals(&b, T0 + 2 * DAY + HOUR, 1000, 10);
	expect(&b, "the first adds itself", 1, 1000);
	put_totals(&b, T0 + HOUR, 100, 1);
	expect(&b, "an earlier one", 2, 1000);
	put_totals(&b, T0 + DAY - 1, 400, 4);
	put_totals(&b, T0 + DAY, 700, 7);
	expect(&b, "two around midnight", 4, 1000);
	s = of_day(&b, 0);
	cr_expect_eq(
	    s.n[SUM_INPUT], 400, "day 0: %lu", (unsigned long)s.n[SUM_INPUT]);
	s = of_day(&b, 1);
	cr_expect_eq(
	    s.n[SUM_INPUT], 300, "day 1: %lu", (unsigned long)s.n[SUM_INPUT]);
	s = of_day(&b, 2);
	cr_expect_eq(
	    s.n[SUM_INPUT], 300, "day 2: %lu", (unsigned long)s.n[SUM_INPUT]);
	put_totals(&b, T0 + 3 * DAY, 1000, 10);
	expect(&b, "equal totals are no call", 4, 1000);
	put_totals(&b, T0 + 4 * DAY, 50, 11);
	expect(&b, "a count that fell: all anew", 5, 1050);
	put_totals(&b, T0 + 5 * DAY, 60, 12);
	expect(&b, "and on from there", 6, 1060);
	bench_end(&b);
}

Test(series, another_model_agent_session_or_machine_is_another, .timeout = 30)
{
	static struct bench b;
	struct event ev[6];

	bench_start(&b);
	for (size_t i = 0; i < 6; i++)
		ev[i] = totals(T0 + HOUR * (int64_t)i, 100, 1);
	ev[1].text[EV_MODEL] = TEXT("x/Castle-9-20260102");
	ev[2].text[EV_MODEL] = TEXT("grove-5");
	ev[3].text[EV_AGENT] = TEXT("droid");
	ev[4].text[EV_SESSION] = TEXT("t");
	ev[5].text[EV_MACHINE] = TEXT("m2");
	bench_put(&b, ev, 6);
	expect(&b, "one is another's spelling", 5, 500);
	bench_end(&b);
}

Test(series, a_reported_cost_rises_and_an_unknown_one_stays_so, .timeout = 30)
{
	static struct bench b;
	struct event ev[4];
	struct sums s;

	bench_start(&b);
	for (size_t i = 0; i < 4; i++) {
		ev[i] = totals(T0 + HOUR * (int64_t)i, 100 * (i + 1), 1);
		ev[i].has_cost = i != 2;
		ev[i].cost_pico = 1000 * (int64_t)(i + 1);
	}
	bench_put(&b, ev, 4);
	s = total_of(&b);
	cr_expect(s.cost == 2000, "cost %ld, not 2000", (long)s.cost);
	cr_expect_eq(s.n[SUM_UNPRICED_CALLS], 2, "%lu unpriced",
	    (unsigned long)s.n[SUM_UNPRICED_CALLS]);
	ev[2].has_cost = true;
	bench_put(&b, &ev[2], 1);
	s = total_of(&b);
	cr_expect(s.cost == 4000, "cost %ld, not 4000", (long)s.cost);
	cr_expect_eq(s.n[SUM_UNPRICED_CALLS], 0, "%lu unpriced",
	    (unsigned long)s.n[SUM_UNPRICED_CALLS]);
	help_audit(b.l, "costs");
	bench_end(&b);
}

/* --- Methods ---------------------------------------------------------------
 */

/* params: {key: value, key: value}, texts "" and numbers 0 left out. */
static void
call_method(struct bench *b, const char *name, const char *text_key,
    const char *text, const char *u64_key, uint64_t n, struct packer *result)
{
	struct packer k = { 0 };

	pack_map(&k, (text_key != NULL) + (u64_key != NULL));
	if (text_key != NULL) {
		pack_str(&k, text_key);
		pack_str(&k, text);
	}
	if (u64_key != NULL) {
		pack_str(&k, u64_key);
		pack_u64(&k, n);
	}
	packer_clear(result);
	help_call(b->l, name, &k, result);
	packer_free(&k);
}

Test(series, what_a_void_session_had_stays_out_of_what_follows, .timeout = 30)
{
	static struct bench b;
	struct packer result = { 0 };
	struct event ev;
	uint64_t n;

	bench_start(&b);
	put_totals(&b, T0, 100, 1);
	put_totals(&b, T0 + HOUR, 200, 2);
	call_method(&b, "void", "session", "s", NULL, 0, &result);
	n = help_u64(&result, "voided");
	cr_expect_eq(n, 2, "%lu voided", (unsigned long)n);
	expect(&b, "all void", 0, 0);
	put_totals(&b, T0 + 3 * HOUR, 250, 2);
	expect(&b, "only what came after", 1, 50);
	/* By its id alone, at any time, and before it was ever heard of. */
	event_init(&ev);
	ev.text[EV_SESSION] = TEXT("s");
	ev.text[EV_MESSAGE] = TEXT("running/1778551200000/goose/castle-9");
	ev.ts_ms = T0 + 9 * DAY;
	ev.is_void = true;
	bench_put(&b, &ev, 1);
	put_totals(&b, T0 + 2 * HOUR, 9000, 2);
	expect(&b, "a mistake above the next is passed over", 1, 50);
	packer_free(&result);
	bench_end(&b);
}

Test(series, pruned_totals_hold_up_those_after_them, .timeout = 60)
{
	static struct bench b;
	struct packer result = { 0 };
	uint64_t n;

	bench_start(&b);
	/* Not in the order of time. */
	put_totals(&b, T0 + 3 * DAY, 700, 7);
	put_totals(&b, T0 + 2 * HOUR, 300, 3);
	put_totals(&b, T0 + HOUR, 100, 1);
	put_totals(&b, T0 + 2 * DAY, 500, 5);
	expect(&b, "before", 4, 700);
	call_method(&b, "prune", NULL, NULL, "before", T0 + DAY, &result);
	n = help_u64(&result, "pruned");
	cr_expect_eq(n, 2, "%lu pruned", (unsigned long)n);
	expect(&b, "pruned", 4, 700);
	put_totals(&b, T0 + 90 * 60000, 200, 2);
	put_totals(&b, T0 + 1000, 9000, 2);
	put_totals(&b, T0 + HOUR, 150, 2);
	expect(&b, "what comes late adds nothing", 4, 700);
	put_totals(&b, T0 + DAY, 400, 4);
	put_totals(&b, T0 + 4 * DAY, 900, 9);
	expect(&b, "what comes after the pruned adds its rise", 6, 900);
	call_method(&b, "prune", NULL, NULL, "before", T0 + 4 * DAY, &result);
	n = help_u64(&result, "pruned");
	cr_expect_eq(n, 5, "%lu pruned", (unsigned long)n);
	ledger_close(b.l);
	bench_open(&b);
	expect(&b, "pruned again", 6, 900);
	put_totals(&b, T0 + 5 * DAY, 1000, 9);
	expect(&b, "and on", 7, 1000);
	packer_free(&result);
	bench_end(&b);
}

Test(series, a_long_series_is_pruned_in_steps, .timeout = 60)
{
	static struct bench b;
	static struct event ev[1000];
	struct packer result = { 0 };
	uint64_t n, i;

	bench_start(&b);
	/* The newest first, so that the first number is the last to go. */
	for (i = 0; i < 1200; i++) {
		ev[i % 1000] =
		    totals(T0 + (int64_t)(1200 - i) * 1000, (1200 - i) * 10, 1);
		if (i % 1000 == 999 || i == 1199)
			bench_put(&b, ev, i % 1000 + 1);
	}
	expect(&b, "before", 1200, 12000);
	call_method(&b, "prune", NULL, NULL, "before", T0 + DAY, &result);
	n = help_u64(&result, "pruned");
	cr_expect_eq(n, 1200, "%lu pruned", (unsigned long)n);
	put_totals(&b, T0 + DAY, 12001, 1);
	expect(&b, "after", 1201, 12001);
	packer_free(&result);
	bench_end(&b);
}

Test(series, a_pruned_random_life_keeps_every_sum, .timeout = 120)
{
	static struct bench b;
	struct packer result = { 0 };
	struct dice d = { 4711 };
	struct sums before, after;
	struct put p;
	int k;

	bench_start(&b);
	for (; b.n < 300; b.n++)
		totals_random(&d, &b.all[b.n]);
	bench_put(&b, b.all, b.n);
	check_all(&b, 4711);
	before = total_of(&b);
	for (int day = 1; day < 3; day++) {
		call_method(&b, "prune", NULL, NULL, "before",
		    (uint64_t)(T0 + day * DAY), &result);
		cr_expect_gt(help_u64(&result, "pruned"), 0, "nothing old");
		p = bench_put(&b, b.all, b.n);
		cr_expect_eq(p.unchanged, b.n, "%u stored, %u merged", p.stored,
		    p.merged);
		after = total_of(&b);
		for (k = 0; k < SUM_COUNTS; k++)
			cr_expect_eq(after.n[k], before.n[k],
			    "day %d: %s is %lu, not %lu", day, sum_names[k],
			    (unsigned long)after.n[k],
			    (unsigned long)before.n[k]);
		cr_expect(after.cost == before.cost, "cost %ld, not %ld",
		    (long)after.cost, (long)before.cost);
		help_audit(b.l, "pruned");
	}
	packer_free(&result);
	bench_end(&b);
}

Test(series, a_rise_is_priced_as_a_call_is, .timeout = 30)
{
	static struct bench b;
	struct packer result = { 0 };
	struct event ev;
	struct sums s, again;

	bench_start(&b);
	for (int i = 3; i > 0; i--) {
		ev = totals(T0 + i * HOUR, (uint64_t)i * 1000000, 0);
		ev.text[EV_PROVIDER] = TEXT("anthropic");
		ev.text[EV_MODEL] = TEXT("claude-sonnet-4-5");
		bench_put(&b, &ev, 1);
	}
	s = total_of(&b);
	cr_expect_eq(s.n[SUM_INPUT], 3000000, "input %lu",
	    (unsigned long)s.n[SUM_INPUT]);
	/* A million at a time, whatever order they came in. */
	event_init(&ev);
	ev.text[EV_SESSION] = TEXT("t");
	ev.text[EV_MESSAGE] = TEXT("one");
	ev.text[EV_PROVIDER] = TEXT("anthropic");
	ev.text[EV_MODEL] = TEXT("claude-sonnet-4-5");
	ev.ts_ms = T0 + HOUR;
	ev.count[EV_INPUT] = 1000000;
	bench_put(&b, &ev, 1);
	again = total_of(&b);
	cr_expect(s.cost > 0 && again.cost * 3 == s.cost * 4,
	    "three cost %ld, four %ld", (long)s.cost, (long)again.cost);
	call_method(&b, "recost", NULL, NULL, NULL, 0, &result);
	cr_expect_eq(help_u64(&result, "calls"), 0, "recost: %lu changed",
	    (unsigned long)help_u64(&result, "calls"));
	help_audit(b.l, "recost");
	packer_free(&result);
	bench_end(&b);
}

/* More void ones in a row than are looked at. */
Test(series, many_void_totals_bound_how_far_is_looked_back, .timeout = 60)
{
	static struct bench b;
	struct event ev;
	int i;

	bench_start(&b);
	put_totals(&b, T0, 100, 1);
	put_totals(&b, T0 + 100 * 60000, 10000, 1);
	for (i = 1; i <= SERIES_VOIDS_MAX + 6; i++) {
		ev = totals(T0 + i * 60000, 100 + (uint64_t)i, 1);
		ev.is_void = true;
		bench_put(&b, &ev, 1);
	}
	expect(&b, "the nearest void one holds", 2,
	    100 + 10000 - 100 - SERIES_VOIDS_MAX - 6);
	put_totals(&b, T0 + 30000, 101, 1);
	expect(&b, "out of sight", 3, 101 + 10000 - 100 - SERIES_VOIDS_MAX - 6);
	/* All of them above it, and none before is in sight: it is the first.
	 */
	ev = totals(T0 + 100 * 60000, 90, 1);
	ev.rank = 2;
	bench_put(&b, &ev, 1);
	expect(&b, "fell below all that is seen", 3, 101 + 90);
	bench_end(&b);
}

/* The audit compares places with records, so a lost place is seen. */
Test(series, the_audit_sees_a_place_that_is_gone_or_wrong, .timeout = 30)
{
	static struct bench b;
	struct writer *w;
	struct audit a;

	bench_start(&b);
	put_totals(&b, T0, 100, 1);
	put_totals(&b, T0 + HOUR, 200, 2);
	help_audit(b.l, "whole");
	w = &b.l->writer;
	cr_assert_eq(writer_begin(w, test_now_us()), 0, "no transaction");
	cr_assert_eq(store_clear(w->txn, TABLE_SERIES), 0, "not cleared");
	cr_assert_eq(writer_commit(w), 0, "not committed");
	cr_assert_eq(
	    audit_compare(b.l->store, &w->key, &a, NULL, NULL), 0, "audit");
	cr_expect_geq(
	    a.differences, 2, "%lu differences", (unsigned long)a.differences);
	bench_end(&b);
}
