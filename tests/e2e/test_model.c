/*
 * Random puts, restarts and reports; every report is held against a plain
 * computation over all sights ever sent. TT_SEED repeats a run, TT_STEPS makes
 * it longer.
 */
#include "tests/e2e/harness.h"
#include "tests/e2e/model.h"
#include "tests/e2e/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#define CLUSTERS 400
#define KEYS 4 /* different keys of one cluster */
#define PUT_MAX 60
#define ROWS_MAX 20000
#define SPAN_MS (20ll * 86400000)

static struct home home;
static struct peer peer = { .fd = -1 };
static struct model model;
static uint64_t seed;
static uint64_t step;
static char machine[256]; /* the daemon's own */

/* What may share ids: a few keys, two provider ids, one request. */
enum cluster_kind { PLAIN, LINKED, REQUEST, CLUSTER_KINDS };

struct cluster {
	enum cluster_kind kind;
	char session[KEYS][24];
	char message[KEYS][24];
	char call[KEYS][24];
	char request[24];
	const char *machine[KEYS]; /* NULL: the daemon's own */
	int family;                /* of models */
	bool has_total, has_cost;
};

static struct cluster clusters[CLUSTERS];

/* Two names of each model, and the one that identities are made with. */
static const char *const families[][3] = {
	{ "castle-sonnet-9", "castle-sonnet-9-20250929", "castle-sonnet-9" },
	{ "castle-opus-9", "anthropic/castle-opus-9", "castle-opus-9" },
	{ "grove-5", "openai/grove-5", "grove-5" },
	{ "Kite-K2", "kite-k2", "kite-k2" },
};

static const char *const machines[] = { NULL, NULL, "laptop", "server" };
static const char *const agents[] = { NULL, "claude-code", "codex", "shell" };
static const char *const providers[] = { NULL, "anthropic", "openai" };
static const char *const projects[] = { NULL, "tt", "web site",
	"\u00e9t\u00e9" };
static const char *const branches[] = { NULL, NULL, "main", "fix/1" };
static const char *const accounts[] = { NULL, "work", "home" };
static const char *const kinds[] = { "main", "subagent" };
static const char *const billings[] = { NULL, "plan", "metered" };
static const char *const patterns[] = { "c", "CASTLE", "*-5", "grove-?", "m*n",
	"nothing", "[tw]*", "work" };

#define PICK(list) ((list)[random_below(&seed, sizeof(list) / sizeof(*(list)))])

static bool
chance(unsigned percent)
{
	return random_below(&seed, 100) < percent;
}

static void
make_cluster(struct cluster *c, int number)
{
	int i;

	c->kind = (enum cluster_kind)random_below(&seed, CLUSTER_KINDS);
	c->family =
	    (int)random_below(&seed, sizeof(families) / sizeof(*families));
	c->has_cost = chance(50);
	c->has_total = !c->has_cost && chance(50);
	snprintf(c->request, sizeof(c->request), "req_%d", number);
	for (i = 0; i < KEYS; i++) {
		c->machine[i] = PICK(machines);
		snprintf(c->session[i], sizeof(c->session[i]), "session-%lu",
		    (unsigned long)random_below(&seed, 50));
		snprintf(
		    c->message[i], sizeof(c->message[i]), "m-%d-%d", number, i);
		snprintf(
		    c->call[i], sizeof(c->call[i]), "msg_%d_%d", number, i);
	}
}

static void
setup(void)
{
	struct value v;
	struct reply r;
	int i;

	seed = env_u64("TT_SEED", 20260512);
	for (i = 0; i < CLUSTERS; i++)
		make_cluster(&clusters[i], i);
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
	cr_assert(peer_ask(&peer, "hello", "", &r), "no answer");
	cr_assert(unpack_member(r.result, "machine", &v), "no machine");
	snprintf(machine, sizeof(machine), "%.*s", (int)v.text.len, v.text.p);
}

static void
teardown(void)
{
	model_free(&model);
	peer_close(&peer);
	home_finish(&home);
}

TestSuite(model, .init = setup, .fini = teardown, .timeout = 3600);

/* --- Sights ----------------------------------------------------------------
 */

static void
make_texts(struct model_sight *s, const struct cluster *c, int key)
{
	s->text[EV_MACHINE] = c->machine[key];
	s->text[EV_SESSION] = c->session[key];
	s->text[EV_MESSAGE] = c->message[key];
	s->text[EV_MODEL] = families[c->family][random_below(&seed, 2)];
	s->canonical = families[c->family][2];
	s->text[EV_AGENT] = PICK(agents);
	s->text[EV_PROVIDER] = PICK(providers);
	s->text[EV_PROJECT] = PICK(projects);
	s->text[EV_BRANCH] = PICK(branches);
	s->text[EV_ACCOUNT] = PICK(accounts);
	s->text[EV_KIND] = PICK(kinds);
	s->text[EV_BILLING] = PICK(billings);
	s->copied = chance(15);
}

static void
make_counts(struct model_sight *s, const struct cluster *c)
{
	uint64_t *n = s->count;

	n[EV_INPUT] = random_below(&seed, 1000);
	n[EV_CACHE_READ] = random_below(&seed, 5000);
	n[EV_CACHE_WRITE] = random_below(&seed, 300);
	n[EV_CACHE_WRITE_1H] = random_below(&seed, n[EV_CACHE_WRITE] + 1);
	n[EV_OUTPUT] = random_below(&seed, 2000);
	n[EV_REASONING] = random_below(&seed, n[EV_OUTPUT] + 1);
	n[EV_WEB_SEARCHES] = random_below(&seed, 3);
	n[EV_OUTCOME] = chance(5)    ? OUTCOME_FAILED
			: chance(50) ? OUTCOME_OK
				     : 0;
	if (c->has_total)
		n[EV_TOTAL] = random_below(&seed, 10000);
	s->has_cost = c->has_cost && chance(80);
	s->cost_pico =
	    s->has_cost ? (int64_t)random_below(&seed, MONEY_USD) : 0;
	if (chance(10))
		s->rank = (uint8_t)random_below(&seed, 3);
}

/* The first two keys of a request are calls, the others telemetry of it. */
static void
make_ids(struct model_sight *s, const struct cluster *c, int key)
{
	if (c->kind == LINKED && chance(60))
		s->text[EV_CALL] = c->call[random_below(&seed, 10) == 0];
	/* What one sight leaves out another has told. */
	if (c->kind == REQUEST && chance(90))
		s->text[EV_REQUEST] = c->request;
	/* Now and then telemetry turns out to be a call. */
	if (c->kind == REQUEST && (key < 2 ? chance(90) : chance(3)))
		s->text[EV_CALL] = c->call[key];
	if (c->kind == LINKED && s->text[EV_CALL] != NULL && chance(10))
		s->text[EV_MESSAGE] = NULL;
	if (c->kind != REQUEST && chance(1))
		s->is_void = true;
}

static struct model_sight
make_sight(void)
{
	const struct cluster *c = &PICK(clusters);
	struct model_sight s = { .rank = EVENT_RANK_DEFAULT };
	int key = c->kind == PLAIN ? 0 : (int)random_below(&seed, KEYS);

	make_texts(&s, c, key);
	make_counts(&s, c);
	make_ids(&s, c, key);
	/* No two sights of one time: their order is then wholly told. */
	s.ts_ms = NOW_MS - (int64_t)random_below(&seed, (uint64_t)SPAN_MS);
	return s;
}

static struct event
as_event(const struct model_sight *s)
{
	struct event ev;
	int i;

	event_init(&ev);
	for (i = 0; i < EV_TEXTS; i++)
		ev.text[i] = text_of(s->text[i]);
	memcpy(ev.count, s->count, sizeof(ev.count));
	ev.ts_ms = s->ts_ms;
	ev.cost_pico = s->cost_pico;
	ev.has_cost = s->has_cost;
	ev.copied = s->copied;
	ev.is_void = s->is_void;
	ev.rank = s->rank;
	return ev;
}

/* New sights, old ones again, and some that cannot be. */
static void
put_some(void)
{
	size_t i, bad = 0, n = 1 + random_below(&seed, PUT_MAX);
	struct event evs[PUT_MAX];
	struct put_counts c;

	for (i = 0; i < n; i++) {
		struct model_sight s = make_sight();

		if (model.n > 0 && chance(25))
			s = model.sights[random_below(&seed, model.n)];
		evs[i] = as_event(&s);
		/* The daemon fills in its own machine. */
		if (s.text[EV_MACHINE] == NULL)
			s.text[EV_MACHINE] = machine;
		if (chance(2)) {
			evs[i].count[EV_REASONING] = 1;
			evs[i].count[EV_OUTPUT] = 0;
			bad++;
		} else {
			model_add(&model, &s);
		}
	}
	c = peer_put(&peer, evs, n);
	cr_assert_eq(c.rejected, bad,
	    "seed %lu, step %lu: %lu rejected, not"
	    " %zu",
	    (unsigned long)env_u64("TT_SEED", 20260512), (unsigned long)step,
	    (unsigned long)c.rejected, bad);
}

/* --- Reports ---------------------------------------------------------------
 */

static int64_t edges[600];

static void
make_edges(struct report_query *q)
{
	static const int64_t widths[] = { 900000, 3600000, 7200000, 86400000,
		7 * 86400000ll };
	int64_t width = PICK(widths), at = NOW_MS - SPAN_MS;

	at -= at % 900000;
	at += (int64_t)random_below(&seed, 1000) * 900000;
	q->edges = edges;
	q->nedges = 0;
	if (chance(30)) {
		edges[q->nedges++] = EVER_FROM;
		edges[q->nedges++] = EVER_TO;
		return;
	}
	while (q->nedges < 600 && at < NOW_MS + width) {
		edges[q->nedges++] = at;
		at += width;
	}
	while (q->nedges < 2)
		edges[q->nedges++] = at;
}

static void
make_query(struct report_query *q)
{
	bool used[REPORT_KEYS] = { false };
	size_t i, n = random_below(&seed, 4);

	memset(q, 0, sizeof(*q));
	make_edges(q);
	for (i = 0; i < n; i++) {
		enum report_key key =
		    (enum report_key)random_below(&seed, KEY_SESSION + 1);

		if (!used[key])
			q->by[q->nby++] = key;
		used[key] = true;
	}
	n = chance(60) ? 0 : 1 + random_below(&seed, 3);
	for (i = 0; i < n; i++) {
		struct report_filter *f = &q->filter[q->nfilter++];

		f->key = (enum report_key)random_below(&seed, KEY_SESSION + 1);
		f->pattern = text_of(PICK(patterns));
	}
	q->want_sessions = chance(50);
}

static void
describe(const struct report_query *q, char *buf, size_t cap)
{
	size_t i, len = 0;

	len += (size_t)snprintf(buf, cap,
	    "seed %lu, step %lu: %zu edges from "
	    "%ld, by",
	    (unsigned long)env_u64("TT_SEED", 20260512), (unsigned long)step,
	    q->nedges, (long)q->edges[0]);
	for (i = 0; i < q->nby; i++)
		len += (size_t)snprintf(
		    buf + len, cap - len, " %s", report_key_names[q->by[i]]);
	for (i = 0; i < q->nfilter; i++)
		len += (size_t)snprintf(buf + len, cap - len, ", %s~%s",
		    report_key_names[q->filter[i].key], q->filter[i].pattern.p);
}

static void
compare_sums(const struct sums *got, const struct sums *want, const char *what,
    const char *where)
{
	int i;

	for (i = 0; i < SUM_COUNTS; i++)
		cr_assert_eq(got->n[i], want->n[i],
		    "%s, %s: %s %lu, expected %lu", what, where, sum_names[i],
		    (unsigned long)got->n[i], (unsigned long)want->n[i]);
	cr_assert(got->cost == want->cost, "%s, %s: cost %ld, expected %ld",
	    what, where, (long)got->cost, (long)want->cost);
	cr_assert(got->plan_cost == want->plan_cost,
	    "%s, %s: plan_cost %ld, expected %ld", what, where,
	    (long)got->plan_cost, (long)want->plan_cost);
}

static void
compare_row(const struct report_query *q, const struct table_row *got,
    const struct model_row *want, const char *what)
{
	char where[512];
	size_t i, len;

	len = (size_t)snprintf(where, sizeof(where), "period %u", want->period);
	for (i = 0; i < q->nby; i++)
		len += (size_t)snprintf(
		    where + len, sizeof(where) - len, " %s", want->key[i]);
	cr_assert_eq(got->period, want->period, "%s, %s: period %u", what,
	    where, got->period);
	for (i = 0; i < q->nby; i++)
		cr_assert_str_eq(got->key[i], want->key[i], "%s, %s: key %s",
		    what, where, got->key[i]);
	compare_sums(&got->sums, &want->sums, what, where);
	if (q->want_sessions)
		cr_assert_eq(got->sessions, want->sessions,
		    "%s, %s: %lu sessions, expected %lu", what, where,
		    (unsigned long)got->sessions,
		    (unsigned long)want->sessions);
}

static void
compare_report(void)
{
	static struct model_row rows[ROWS_MAX];
	struct report_query q;
	struct model_row total;
	struct table t;
	char what[512];
	size_t i, n;

	make_query(&q);
	describe(&q, what, sizeof(what));
	n = model_report(&model, &q, rows, ROWS_MAX, &total);
	peer_report(&peer, &q, &t);
	for (i = 0; i < n && i < t.n; i++)
		compare_row(&q, &t.rows[i], &rows[i], what);
	cr_assert_eq(t.n, n, "%s: %zu rows, expected %zu", what, t.n, n);
	compare_sums(&t.total, &total.sums, what, "total");
	if (q.want_sessions)
		cr_assert_eq(t.sessions, total.sessions,
		    "%s: %lu sessions in total, expected %lu", what,
		    (unsigned long)t.sessions, (unsigned long)total.sessions);
	table_free(&t);
}

static void
restart(void)
{
	peer_close(&peer);
	if (chance(50))
		daemon_kill(&home);
	else
		daemon_stop(&home);
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
}

Test(model, every_report_is_what_a_plain_computation_says)
{
	uint64_t steps = env_u64("TT_STEPS", 100);
	uint64_t n;

	for (step = 0; step < steps; step++) {
		for (n = random_below(&seed, 4); n > 0; n--)
			put_some();
		if (chance(15))
			restart();
		model_merge(&model);
		for (n = 0; n < 3; n++)
			compare_report();
	}
}
