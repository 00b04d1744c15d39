/*
 * The whole ledger on a real store, held against a plain recomputation from all
 * sights ever sent: ids make components, components merge, requests group.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "collectord/ledger/impl.h"
#include "collectord/ledger/methods/methods.h"
#include "collectord/ledger/price/plan.h"
#include "collectord/ledger/merge.h"
#include "collectord/ledger/reader.h"
#include "tests/unit/ledger/ledger_help.h"
#include "tests/unit/ledger/sights.h"

#define SIGHTS_MAX 600

static int64_t now_us = 1779000000000000;

static int64_t
test_now_us(void)
{
	return now_us += 10;
}

struct bench {
	char dir[64];
	struct ledger *l;
	size_t gather; /* of recent ids */
	struct event all[SIGHTS_MAX];
	size_t n;
};

static void
bench_open(struct bench *b)
{
	struct ledger_options opt = {
		.dir = b->dir, .machine = "", .now_us = test_now_us
	};

	b->l = help_open(&opt);
	b->l->writer.recent.gather = b->gather;
}

static void
bench_start(struct bench *b)
{
	*b = (struct bench){ .dir = "/tmp/tt-ledger-XXXXXX" };
	help_dir(b->dir);
	bench_open(b);
}

static void
bench_end(struct bench *b)
{
	help_end(b->l, b->dir);
}

static void
bench_put(struct bench *b, struct event *evs, size_t n, struct put *p)
{
	*p = help_put(b->l, evs, n);
	cr_assert_eq(p->stored + p->merged + p->unchanged, n,
	    "%u stored, %u merged, %u unchanged of %zu", p->stored, p->merged,
	    p->unchanged, n);
}

/* What the sights must add up to. */
struct model {
	size_t parent[SIGHTS_MAX];
	struct merged state[SIGHTS_MAX]; /* of components, at their root */
};

static size_t
root_of(struct model *m, size_t i)
{
	while (m->parent[i] != i)
		i = m->parent[i];
	return i;
}

static bool
same_model(const struct event *a, const struct event *b)
{
	char x[LIMIT_TEXT], y[LIMIT_TEXT];
	size_t nx = event_canonical_model(a->text[EV_MODEL], x);
	size_t ny = event_canonical_model(b->text[EV_MODEL], y);

	return nx == ny && memcmp(x, y, nx) == 0;
}

static bool
share_an_id(const struct event *a, const struct event *b)
{
	if (text_eq(a->text[EV_MACHINE], b->text[EV_MACHINE]) &&
	    text_eq(a->text[EV_SESSION], b->text[EV_SESSION]) &&
	    text_eq(a->text[EV_MESSAGE], b->text[EV_MESSAGE]))
		return true;
	return a->text[EV_CALL].len > 0 &&
	       text_eq(a->text[EV_CALL], b->text[EV_CALL]) && same_model(a, b);
}

static void
model_merge(struct model *m, const struct event *all, size_t n)
{
	struct merged one;
	size_t i, j, r;
	bool first[SIGHTS_MAX] = { false };

	for (i = 0; i < n; i++)
		m->parent[i] = i;
	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			if (share_an_id(&all[i], &all[j]))
				m->parent[root_of(m, i)] = root_of(m, j);
	for (i = 0; i < n; i++) {
		r = root_of(m, i);
		merge_init(&one, &all[i]);
		if (!first[r])
			m->state[r] = one;
		else
			merge_join(&m->state[r], &one);
		first[r] = true;
	}
}

/* The states that count, requests grouped. */
static size_t
model_calls(struct model *m, size_t n, struct merged *out)
{
	static struct merged calls[SIGHTS_MAX];
	bool taken[SIGHTS_MAX] = { false };
	size_t i, j, ncalls = 0, nout = 0, members, with_id;
	struct merged all;

	for (i = 0; i < n; i++)
		if (m->parent[i] == i)
			calls[ncalls++] = m->state[i];
	for (i = 0; i < ncalls; i++) {
		if (calls[i].text[EV_REQUEST].len == 0) {
			out[nout++] = calls[i];
			continue;
		}
		if (taken[i])
			continue;
		members = with_id = 0;
		all = calls[i];
		for (j = i; j < ncalls; j++)
			if (text_eq(calls[i].text[EV_REQUEST],
				calls[j].text[EV_REQUEST])) {
				taken[j] = true;
				members++;
				with_id += calls[j].text[EV_CALL].len > 0;
				if (j > i)
					merge_join(&all, &calls[j]);
			}
		if (with_id <= 1 && members <= 64) {
			out[nout++] = all;
			continue;
		}
		for (j = i; j < ncalls; j++)
			if (text_eq(calls[i].text[EV_REQUEST],
				calls[j].text[EV_REQUEST]) &&
			    (members > 64 || calls[j].text[EV_CALL].len > 0))
				out[nout++] = calls[j];
	}
	return nout;
}

static void
add_call(struct sums *s, const struct merged *m)
{
	uint64_t total;

	if (m->is_void)
		return;
	s->n[SUM_CALLS]++;
	s->n[SUM_FAILED] += m->count[EV_OUTCOME] == OUTCOME_FAILED;
	s->n[SUM_INPUT] += m->count[EV_INPUT];
	s->n[SUM_CACHE_READ] += m->count[EV_CACHE_READ];
	s->n[SUM_CACHE_WRITE] += m->count[EV_CACHE_WRITE];
	s->n[SUM_CACHE_WRITE_1H] += m->count[EV_CACHE_WRITE_1H];
	s->n[SUM_OUTPUT] += m->count[EV_OUTPUT];
	s->n[SUM_REASONING] += m->count[EV_REASONING];
	total = m->count[EV_INPUT] + m->count[EV_CACHE_READ] +
		m->count[EV_CACHE_WRITE] + m->count[EV_OUTPUT];
	if (m->count[EV_TOTAL] > total) {
		s->n[SUM_OTHER] += m->count[EV_TOTAL] - total;
		total = m->count[EV_TOTAL];
	}
	if (m->has_cost) {
		s->cost += m->cost_pico;
		if (text_is(m->text[EV_BILLING], "plan"))
			s->plan_cost += m->cost_pico;
	} else {
		s->n[SUM_UNPRICED_CALLS]++;
		s->n[SUM_UNPRICED_TOKENS] += total;
	}
}

/* Reads one report through the ledger and calls each for its rows. */
static void
run_report(struct bench *b, struct report_query *q, struct sums *total,
    uint64_t *sessions, void (*each)(void *arg, const struct report_row *row),
    void *arg)
{
	struct ledger_query *lq;
	struct packer k = { 0 };
	struct wire_cursor c;
	struct value v, row;
	struct report_row out;
	size_t nby = q->nby, next = 0, rows;
	int rc;
	uint32_t i;

	lq = ledger_query_new(b->l, q);
	cr_assert_not_null(lq, "no memory");
	while ((rc = ledger_query_step(lq, 7)) == 1)
		;
	cr_assert_eq(rc, 0, "ledger_query_step: %d", rc);
	rows = ledger_query_rows(lq);
	*total = (struct sums){ 0 };
	do {
		packer_clear(&k);
		next = ledger_query_pack(lq, next, 1, &k);
		cr_assert_not(k.failed, "the page does not fit");
		c = (struct wire_cursor){ (uint8_t *)k.p,
			(uint8_t *)k.p + k.len };
		cr_assert(unpack_member(c, "rows", &v), "no rows");
		for (i = 0; i < v.n; i++) {
			cr_assert_eq(
			    unpack_row(&v.rest, nby, &out), 0, "row %u", i);
			cr_assert(sums_add(total, &out.sums), "overflow");
			each(arg, &out);
		}
		if (unpack_member(c, "total", &row) && sessions != NULL) {
			wire_skip(&row.rest);
			wire_skip(&row.rest);
			wire_skip(&row.rest);
			unpack_value(&row.rest, &v);
			*sessions = v.u64;
		}
	} while (next < rows);
	packer_free(&k);
	ledger_query_free(lq);
}

struct expected {
	const struct merged *calls;
	size_t n;
	const int64_t *edges;
	enum report_key by;
	size_t rows;
};

static void
check_row(void *arg, const struct report_row *row)
{
	struct expected *x = arg;
	const struct merged *m;
	struct sums want = { 0 };
	enum event_text t = x->by == KEY_MODEL ? EV_MODEL : EV_SESSION;
	size_t i;
	int k;

	for (i = 0; i < x->n; i++) {
		m = &x->calls[i];
		if (text_eq(m->text[t], row->key[0]) &&
		    m->ts_ms >= x->edges[row->period] &&
		    m->ts_ms < x->edges[row->period + 1])
			add_call(&want, m);
	}
	for (k = 0; k < SUM_COUNTS; k++)
		cr_assert_eq(row->sums.n[k], want.n[k],
		    "period %u %.*s: %s is %lu, not %lu", row->period,
		    (int)row->key[0].len, row->key[0].p, sum_names[k],
		    row->sums.n[k], want.n[k]);
	cr_assert(row->sums.cost == want.cost &&
		      row->sums.plan_cost == want.plan_cost,
	    "period %u %.*s: cost differs", row->period, (int)row->key[0].len,
	    row->key[0].p);
	x->rows++;
}

static void
ignore_row(void *arg, const struct report_row *row)
{
	(void)arg;
	(void)row;
}

/* Nothing but the periods is asked for: rows for all dims are read. */
static void
check_ungrouped(struct bench *b, const int64_t *edges, size_t nedges,
    const struct sums *want, uint64_t round)
{
	struct report_query q = { .nedges = nedges };
	struct sums total;
	int k;

	q.edges = malloc(nedges * sizeof(*edges));
	memcpy(q.edges, edges, nedges * sizeof(*edges));
	run_report(b, &q, &total, NULL, ignore_row, NULL);
	for (k = 0; k < SUM_COUNTS; k++)
		cr_assert_eq(total.n[k], want->n[k],
		    "seed %lu, ungrouped: %s is %lu, not %lu", round,
		    sum_names[k], total.n[k], want->n[k]);
	cr_assert(total.cost == want->cost, "seed %lu, ungrouped: cost differs",
	    round);
}

#define EDGES 40

static void
check_report(struct bench *b, struct dice *d, enum report_key by,
    const struct merged *calls, size_t ncalls, uint64_t round)
{
	struct report_query q = { .nedges = EDGES, .by = { by }, .nby = 1 };
	struct expected x = { .calls = calls, .n = ncalls, .by = by };
	int64_t edges[EDGES];
	struct sums total, want = { 0 };
	size_t i;

	/* 15-minute steps of any length around all the sights. */
	edges[0] = 1778580000000 - 86400000;
	edges[0] -= edges[0] % 900000;
	for (i = 1; i < EDGES; i++)
		edges[i] = edges[i - 1] + 900000 * (1 + dice_roll(d, 30));
	edges[EDGES - 1] += (int64_t)900000 * 2000;
	q.edges = malloc(sizeof(edges));
	memcpy(q.edges, edges, sizeof(edges));
	x.edges = edges;
	run_report(b, &q, &total, NULL, check_row, &x);
	check_ungrouped(b, edges, EDGES, &total, round);
	for (i = 0; i < ncalls; i++)
		add_call(&want, &calls[i]);
	cr_assert_eq(total.n[SUM_CALLS], want.n[SUM_CALLS],
	    "seed %lu: %lu calls, not %lu", round, total.n[SUM_CALLS],
	    want.n[SUM_CALLS]);
	cr_assert_eq(total.n[SUM_OUTPUT], want.n[SUM_OUTPUT],
	    "seed %lu: output %lu, not %lu", round, total.n[SUM_OUTPUT],
	    want.n[SUM_OUTPUT]);
	cr_assert(total.cost == want.cost, "seed %lu: cost differs", round);
}

/* The stored sums are those the stored calls give. */
static void
check_audit(struct bench *b, uint64_t round)
{
	struct audit a;
	char when[32];

	snprintf(when, sizeof(when), "seed %lu", round);
	a = help_audit(b->l, when);
	cr_assert(
	    a.calls == 0 || a.slots > 0, "seed %lu: nothing compared", round);
}

static void
check_status(struct bench *b, uint64_t calls, uint64_t round)
{
	struct ledger_status st;
	int rc = ledger_status(b->l, &st);

	cr_assert_eq(rc, 0, "seed %lu: ledger_status: %d", round, rc);
	cr_assert_eq(st.calls, calls,
	    "seed %lu: status tells %lu calls, not %lu", round, st.calls,
	    calls);
}

static void
check_all(struct bench *b, struct dice *d, uint64_t round)
{
	static struct model m;
	static struct merged calls[SIGHTS_MAX];
	size_t i, n, counted = 0;

	model_merge(&m, b->all, b->n);
	n = model_calls(&m, b->n, calls);
	check_report(b, d, KEY_MODEL, calls, n, round);
	check_report(b, d, KEY_SESSION, calls, n, round);
	for (i = 0; i < n; i++)
		counted += !calls[i].is_void;
	check_audit(b, round);
	check_status(b, counted, round);
}

static void
random_life(uint64_t seed, size_t nsights, uint32_t restarts)
{
	static struct bench b;
	struct dice d = { seed };
	struct put p;
	size_t batch;

	bench_start(&b);
	/* Ids that stay in memory, that leave at once, and all between. */
	b.gather = seed % 4 * (seed % 13);
	b.l->writer.recent.gather = b.gather;
	/* From before all of the sights to behind them. */
	now_us = 1778500000000000;
	while (b.n < nsights) {
		now_us += dice_roll(&d, 30) * 60 * 1000000ll;
		b.l->writer.changes.fold_most = dice_roll(&d, 5);
		batch = 1 + dice_roll(&d, 12);
		if (batch > nsights - b.n)
			batch = nsights - b.n;
		for (size_t i = 0; i < batch; i++)
			sight_random(&d, &b.all[b.n + i]);
		bench_put(&b, &b.all[b.n], batch, &p);
		b.n += batch;
		if (dice_roll(&d, 20) == 0)
			check_all(&b, &d, seed);
		if (dice_roll(&d, restarts) == 0) {
			ledger_close(b.l);
			bench_open(&b);
		}
	}
	check_all(&b, &d, seed);
	/* Everything again, the other way round: nothing may change. */
	for (size_t i = b.n; i-- > 0;) {
		bench_put(&b, &b.all[i], 1, &p);
		cr_assert_eq(
		    p.unchanged, 1, "seed %lu: sight %zu again", seed, i);
	}
	check_all(&b, &d, seed);
	bench_end(&b);
}

Test(ledger, equals_a_plain_recomputation_of_few_colliding_sights,
    .timeout = 120)
{
	for (uint64_t seed = 1; seed <= 60; seed++)
		random_life(seed, 40, 10);
}

Test(ledger, equals_a_plain_recomputation_of_many_sights, .timeout = 120)
{
	for (uint64_t seed = 100; seed < 104; seed++)
		random_life(seed, SIGHTS_MAX, 30);
}

static void
plain(struct event *ev, const char *message, const char *request)
{
	event_init(ev);
	ev->text[EV_MACHINE] = text_of("m");
	ev->text[EV_SESSION] = text_of("s");
	ev->text[EV_MESSAGE] = text_of(message);
	ev->text[EV_REQUEST] = text_of(request);
	ev->ts_ms = 1778580000000;
	ev->count[EV_OUTPUT] = 10;
}

Test(ledger, a_request_of_too_many_calls_groups_nothing, .timeout = 60)
{
	static struct bench b;
	static char names[80][8];
	struct dice d = { 5 };
	struct put p;

	bench_start(&b);
	for (size_t i = 0; i < 80; i++) {
		snprintf(names[i], sizeof(names[i]), "m%zu", i);
		plain(&b.all[b.n], names[i], "req_shared");
		bench_put(&b, &b.all[b.n++], 1, &p);
		if (i > 55 && i < 70)
			check_all(&b, &d, i);
	}
	/* A better sight takes members away again. */
	for (size_t i = 0; i < 20; i++) {
		plain(&b.all[b.n], names[i], "req_other");
		b.all[b.n].count[EV_OUTPUT] = 20;
		bench_put(&b, &b.all[b.n++], 1, &p);
		if (i > 10)
			check_all(&b, &d, 100 + i);
	}
	bench_end(&b);
}

Test(ledger, a_plan_covers_the_agents_it_names)
{
	static const struct {
		const char *list, *agent, *account;
		bool covers;
	} rows[] = {
		{ "claude-code", "claude-code", "", true },
		{ "claude-code", "claude-code", "work", true },
		{ "claude", "claude-code", "", false },
		{ "codex/work", "codex", "work", true },
		{ "codex/work", "codex", "home", false },
		{ " a , codex/w* ,b", "Codex", "Work", true },
		{ "*/work", "x", "work", true },
		{ ",,", "", "", false },
		{ "", "claude-code", "", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(
		    plan_covers(text_of(rows[i].list), text_of(rows[i].agent),
			text_of(rows[i].account)),
		    rows[i].covers, "\"%s\" and %s/%s", rows[i].list,
		    rows[i].agent, rows[i].account);
}

Test(ledger, an_event_without_ts_machine_or_message_gets_them, .timeout = 30)
{
	static struct bench b;
	struct ledger_status st;
	struct event ev;
	struct put p;

	bench_start(&b);
	event_init(&ev);
	ev.text[EV_SESSION] = text_of("s");
	ev.text[EV_CALL] = text_of("msg_1");
	bench_put(&b, &ev, 1, &p);
	cr_assert_eq(p.stored, 1, "stored %u", p.stored);
	bench_put(&b, &ev, 1, &p);
	cr_assert_eq(p.unchanged, 1, "stored %u merged %u", p.stored, p.merged);
	cr_assert_eq(ledger_status(b.l, &st), 0, "status failed");
	cr_assert_eq(st.calls, 1, "%lu calls", st.calls);
	cr_assert(st.first_ts_ms <= now_us / 1000 &&
		      st.last_ts_ms + 900000 > now_us / 1000,
	    "from %ld to %ld, now %ld", st.first_ts_ms, st.last_ts_ms,
	    now_us / 1000);
	bench_end(&b);
}

Test(ledger, cursors_are_kept_and_deleted, .timeout = 30)
{
	static struct bench b;
	struct cursor cs[2] = { { TEXT("claude/a"), TEXT("1") },
		{ TEXT("codex/b"), TEXT("2") } };
	struct put p = { .cursors = cs, .ncursors = 2 }, *puts[] = { &p };
	struct packer k = { 0 };
	struct wire_cursor c;
	struct value v;
	char why[128];

	bench_start(&b);
	cr_assert_eq(ledger_put(b.l, puts, 1, why, sizeof(why)), 0, "%s", why);
	ledger_close(b.l);
	bench_open(&b);
	ledger_pack_cursors(b.l, TEXT("claude/"), (struct text){ 0 }, &k);
	c = (struct wire_cursor){ (uint8_t *)k.p, (uint8_t *)k.p + k.len };
	cr_assert_eq(unpack_value(&c, &v), 0, "no array");
	cr_assert_eq(v.n, 1, "%u cursors", v.n);
	cs[0].value = (struct text){ 0 };
	cr_assert_eq(ledger_put(b.l, puts, 1, why, sizeof(why)), 0, "%s", why);
	packer_clear(&k);
	ledger_pack_cursors(b.l, (struct text){ 0 }, (struct text){ 0 }, &k);
	c = (struct wire_cursor){ (uint8_t *)k.p, (uint8_t *)k.p + k.len };
	cr_assert_eq(unpack_value(&c, &v), 0, "no array");
	cr_assert_eq(v.n, 1, "%u cursors after a deletion", v.n);
	packer_free(&k);
	bench_end(&b);
}

static uint64_t
prune(struct bench *b, int64_t before_ms, bool dry_run)
{
	struct packer params = { 0 }, result = { 0 };
	uint64_t pruned;

	pack_map(&params, 2);
	pack_str(&params, "before");
	pack_i64(&params, before_ms);
	pack_str(&params, "dry_run");
	pack_bool(&params, dry_run);
	help_call(b->l, "prune", &params, &result);
	pruned = help_u64(&result, "pruned");
	packer_free(&params);
	packer_free(&result);
	return pruned;
}

static void
check_pruning(size_t gather)
{
	static struct bench b;
	struct dice d = { 77 };
	struct ledger_status st, later;
	struct put p;
	const int64_t day = 86400000, middle = 1778580000000 / day * day + day;
	uint64_t would, pruned;

	bench_start(&b);
	b.l->writer.recent.gather = gather;
	for (; b.n < 200; b.n++) {
		sight_random(&d, &b.all[b.n]);
		b.all[b.n].is_void = false;
		bench_put(&b, &b.all[b.n], 1, &p);
	}
	check_all(&b, &d, 77);
	cr_assert_eq(ledger_status(b.l, &st), 0, "status failed");
	would = prune(&b, middle, true);
	pruned = prune(&b, middle, false);
	cr_assert_eq(would, pruned, "%lu told, %lu done", would, pruned);
	cr_assert_gt(pruned, 0, "nothing is old");
	check_all(&b, &d, 77);
	cr_assert_eq(prune(&b, middle, false), 0, "pruned twice");
	bench_put(&b, b.all, b.n, &p);
	cr_assert_eq(p.stored, 0, "%u calls came back", p.stored);
	check_audit(&b, 77);
	cr_assert_eq(ledger_status(b.l, &later), 0, "status failed");
	cr_assert_eq(
	    later.calls, st.calls, "%lu calls, not %lu", later.calls, st.calls);
	ledger_close(b.l);
	bench_open(&b);
	check_audit(&b, 77);
	bench_put(&b, b.all, b.n, &p);
	cr_assert_eq(p.stored, 0, "%u calls came back later", p.stored);
	check_audit(&b, 77);
	bench_end(&b);
}

Test(ledger, pruning_keeps_every_sum_and_lets_nothing_in_again, .timeout = 120)
{
	/* Their ids still in memory, and mostly in the table. */
	check_pruning(0);
	check_pruning(5);
}

static size_t
count_session(struct bench *b, const char *session)
{
	struct session_calls calls;
	struct writer r;
	int rc = reader_begin(&r, b->l);

	cr_assert_eq(rc, 0, "reader_begin: %d", rc);
	rc = reader_session_calls(
	    &r, ledger_machine(b->l), text_of(session), &calls);
	cr_assert_eq(rc, 0, "reader_session_calls: %d", rc);
	free(calls.numbers);
	reader_end(&r);
	return calls.n;
}

Test(ledger, lists_a_session_wherever_its_ids_are, .timeout = 30)
{
	static struct bench b;
	struct event ev;
	struct put p;
	char message[16];
	size_t n;

	bench_start(&b);
	/* From none in the table over some to nearly all of them. */
	b.l->writer.recent.gather = 20;
	for (size_t i = 0; i < 100; i++) {
		snprintf(message, sizeof(message), "m%zu", i);
		event_init(&ev);
		ev.text[EV_SESSION] = text_of(i % 2 == 0 ? "even" : "odd");
		ev.text[EV_MESSAGE] = text_of(message);
		ev.ts_ms = 1778580000000;
		bench_put(&b, &ev, 1, &p);
		n = count_session(&b, i % 2 == 0 ? "even" : "odd");
		cr_assert_eq(n, i / 2 + 1, "%zu calls, not %zu", n, i / 2 + 1);
	}
	bench_end(&b);
}
