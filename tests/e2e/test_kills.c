/*
 * Eight writers, every event many times and in any order, while the daemon is
 * killed again and again (TT_KILLS, default 50). After each start all that was
 * acked is there; at the end the sums are those of an independent count.
 */
#include "tests/e2e/harness.h"
#include "tests/e2e/peer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#define WRITERS 8
#define EVENTS 5000 /* sent by each writer, resends not counted */
#define CALLS 2000  /* different calls, shared by all of them */
#define SESSIONS 40
#define PUT_MAX 24

struct sent {
	uint16_t call;
	uint16_t grown; /* how far its stream has come: more is larger */
};

/* What the daemon owes us. Guarded by `lock`. */
struct ledger_view {
	bool acked[CALLS];
	uint16_t grown[CALLS]; /* the largest acked sight */
	uint64_t nacked;       /* events, each sending counted */
};

static struct home home;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct ledger_view view;
static unsigned generation; /* of the daemon; guarded by lock */
static bool enough;         /* no more kills to come; guarded by lock */

static char session_text[SESSIONS][16];
static char message_text[CALLS][16];
static char call_text[CALLS][24];

struct writer {
	pthread_t thread;
	uint64_t seed;
	struct sent list[EVENTS];
	unsigned seen; /* the generation it talked to */
	struct peer peer;
	char why[128]; /* "" while all is well */
};

static struct writer writers[WRITERS];

static void
setup(void)
{
	int i;

	for (i = 0; i < SESSIONS; i++)
		snprintf(session_text[i], 16, "session-%02d", i);
	for (i = 0; i < CALLS; i++) {
		snprintf(message_text[i], 16, "message-%d", i);
		snprintf(call_text[i], 24, "msg_call%06d", i);
	}
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
}

static void
teardown(void)
{
	home_finish(&home);
}

TestSuite(kills, .init = setup, .fini = teardown, .timeout = 3600);

static uint64_t
input_of(int call, int grown)
{
	return (uint64_t)(call % 97) * 10 + (uint64_t)grown;
}

static uint64_t
output_of(int call, int grown)
{
	return (uint64_t)(call % 13) + (uint64_t)grown * 7;
}

static struct event
make_event(struct sent s)
{
	struct event ev =
	    sight(session_text[s.call % SESSIONS], message_text[s.call],
		input_of(s.call, s.grown), output_of(s.call, s.grown));

	/* Some are known by their call id too, some by it alone. */
	if (s.call % 3 != 0)
		ev.text[EV_CALL] = text_of(call_text[s.call]);
	if (s.call % 3 == 2)
		ev.text[EV_MESSAGE] = (struct text){ NULL, 0 };
	ev.ts_ms = NOW_MS - (s.call % 1000) * 60000ll;
	ev.has_cost = s.call % 2 == 0;
	ev.cost_pico = (int64_t)output_of(s.call, s.grown) * 15000000;
	return ev;
}

/* Every writer has every call at least twice, its growth in any order. */
static void
shuffle(struct writer *w)
{
	int i;

	for (i = 0; i < EVENTS; i++) {
		w->list[i].call = (uint16_t)(i % CALLS);
		w->list[i].grown = (uint16_t)random_below(&w->seed, 50);
	}
	for (i = EVENTS - 1; i > 0; i--) {
		uint64_t k = random_below(&w->seed, (uint64_t)i + 1);
		struct sent t = w->list[i];

		w->list[i] = w->list[k];
		w->list[k] = t;
	}
}

/* Waits for a daemon younger than the one that has just gone. */
static void
writer_connect(struct writer *w)
{
	peer_close(&w->peer);
	for (;;) {
		pthread_mutex_lock(&lock);
		while (generation == w->seen)
			pthread_cond_wait(&changed, &lock);
		w->seen = generation;
		pthread_mutex_unlock(&lock);
		if (peer_open(&w->peer, home.socket))
			return;
	}
}

static void
note_acked(const struct sent *s, size_t n)
{
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < n; i++) {
		view.acked[s[i].call] = true;
		if (s[i].grown > view.grown[s[i].call])
			view.grown[s[i].call] = s[i].grown;
	}
	view.nacked += n;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

/* No cr_assert here: it would jump out of another thread's stack. */
static bool
writer_put(struct writer *w, const struct sent *s, size_t n)
{
	struct event evs[PUT_MAX];
	struct put_counts c;
	struct reply r;
	size_t i;

	for (i = 0; i < n; i++)
		evs[i] = make_event(s[i]);
	if (!peer_put_send(&w->peer, evs, n) || !peer_read(&w->peer, &r))
		return false;
	if (r.is_error || unpack_put_result(r.result, &c, NULL, NULL) != 0)
		snprintf(w->why, sizeof(w->why), "put: %s %.90s",
		    error_name(r.error.code), r.error.message);
	else if (c.stored + c.merged + c.unchanged != n)
		snprintf(w->why, sizeof(w->why), "%lu rejected",
		    (unsigned long)c.rejected);
	else
		note_acked(s, n);
	return true;
}

static bool
is_enough(void)
{
	bool yes;

	pthread_mutex_lock(&lock);
	yes = enough;
	pthread_mutex_unlock(&lock);
	return yes;
}

/* The whole list, and again while the killing goes on. */
static void *
write_all(void *arg)
{
	struct writer *w = arg;

	do {
		size_t at = 0;

		while (at < EVENTS && w->why[0] == '\0') {
			size_t n = 1 + random_below(&w->seed, PUT_MAX);

			n = n > EVENTS - at ? EVENTS - at : n;
			/* Unacked is sent again: that is the promise. */
			while (
			    w->peer.fd < 0 || !writer_put(w, w->list + at, n))
				writer_connect(w);
			at += n;
		}
	} while (!is_enough() && w->why[0] == '\0');
	return NULL;
}

static void
announce_daemon(void)
{
	pthread_mutex_lock(&lock);
	generation++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void
await_acked(uint64_t want)
{
	pthread_mutex_lock(&lock);
	while (view.nacked < want)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

struct want {
	uint64_t calls, input, output;
};

static void
count_view(const struct ledger_view *v, struct want sums[SESSIONS])
{
	int i;

	memset(sums, 0, SESSIONS * sizeof(*sums));
	for (i = 0; i < CALLS; i++) {
		struct want *s = &sums[i % SESSIONS];

		if (!v->acked[i])
			continue;
		s->calls++;
		s->input += input_of(i, v->grown[i]);
		s->output += output_of(i, v->grown[i]);
	}
}

/* Nothing acked is missing, and nothing is there twice. */
static void
check_after_kill(const struct ledger_view *v, uint64_t kill_no)
{
	struct want want[SESSIONS];
	struct peer p;
	struct table t;
	int i;

	count_view(v, want);
	cr_assert(peer_open(&p, home.socket), "kill %lu: no connection",
	    (unsigned long)kill_no);
	peer_report_by(&p, KEY_SESSION, &t);
	for (i = 0; i < SESSIONS; i++) {
		const struct table_row *row = table_find(&t, session_text[i]);
		uint64_t calls = row == NULL ? 0 : row->sums.n[SUM_CALLS];
		uint64_t out = row == NULL ? 0 : row->sums.n[SUM_OUTPUT];

		cr_assert(calls >= want[i].calls && calls <= CALLS / SESSIONS,
		    "kill %lu: %s has %lu calls, %lu were acked",
		    (unsigned long)kill_no, session_text[i],
		    (unsigned long)calls, (unsigned long)want[i].calls);
		cr_assert_geq(out, want[i].output,
		    "kill %lu: %s has %lu output tokens, %lu were acked",
		    (unsigned long)kill_no, session_text[i], (unsigned long)out,
		    (unsigned long)want[i].output);
	}
	table_free(&t);
	peer_close(&p);
}

/* The daemon dies and lives again; writers learn of it after the check. */
static void
kill_once(uint64_t kill_no)
{
	static struct ledger_view acked;

	daemon_kill(&home);
	/* Acks that were under way are still read, so copy after the start. */
	daemon_start(&home);
	pthread_mutex_lock(&lock);
	acked = view;
	pthread_mutex_unlock(&lock);
	check_after_kill(&acked, kill_no);
	announce_daemon();
}

/* What all lists together say, however the daemon came to it. */
static void
count_lists(struct want *sum, money_sum *cost)
{
	static uint16_t grown[CALLS];
	int i, k;

	memset(grown, 0, sizeof(grown));
	for (i = 0; i < WRITERS; i++)
		for (k = 0; k < EVENTS; k++) {
			struct sent s = writers[i].list[k];

			if (s.grown > grown[s.call])
				grown[s.call] = s.grown;
		}
	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < CALLS; i++) {
		sum->calls++;
		sum->input += input_of(i, grown[i]);
		sum->output += output_of(i, grown[i]);
		if (i % 2 == 0)
			*cost += (money_sum)output_of(i, grown[i]) * 15000000;
	}
}

static void
start_writers(void)
{
	uint64_t seed = env_u64("TT_SEED", 20260512);
	int i;

	for (i = 0; i < WRITERS; i++) {
		writers[i].seed = seed * 31 + (uint64_t)i + 1;
		writers[i].peer.fd = -1;
		shuffle(&writers[i]);
		pthread_create(
		    &writers[i].thread, NULL, write_all, &writers[i]);
	}
}

static void
end_writers(void)
{
	int i;

	pthread_mutex_lock(&lock);
	enough = true;
	pthread_mutex_unlock(&lock);
	for (i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		peer_close(&writers[i].peer);
		cr_expect_str_eq(
		    writers[i].why, "", "writer %d: %s", i, writers[i].why);
	}
}

static void
check_the_end(void)
{
	money_sum cost = 0;
	struct want want;
	struct peer p;
	struct sums s;

	count_lists(&want, &cost);
	cr_assert(peer_open(&p, home.socket), "no connection");
	s = peer_total(&p);
	cr_expect_eq(s.n[SUM_CALLS], want.calls, "%lu calls, expected %lu",
	    (unsigned long)s.n[SUM_CALLS], (unsigned long)want.calls);
	cr_expect_eq(s.n[SUM_INPUT], want.input, "%lu input, expected %lu",
	    (unsigned long)s.n[SUM_INPUT], (unsigned long)want.input);
	cr_expect_eq(s.n[SUM_OUTPUT], want.output, "%lu output, expected %lu",
	    (unsigned long)s.n[SUM_OUTPUT], (unsigned long)want.output);
	cr_expect(s.cost == cost, "cost %ld picodollars, expected %ld",
	    (long)s.cost, (long)cost);
	peer_close(&p);
}

Test(kills, every_acked_event_is_present_once_whatever_dies)
{
	uint64_t kills = env_u64("TT_KILLS", 50);
	uint64_t step = WRITERS * EVENTS / (kills + 1) + 1;
	uint64_t seed = env_u64("TT_SEED", 7);
	uint64_t i;

	/* Too many kills for one pass: the lists go round. */
	step = step < 200 ? 200 : step;
	daemon_start(&home);
	announce_daemon();
	start_writers();
	for (i = 1; i <= kills; i++) {
		uint64_t now;

		pthread_mutex_lock(&lock);
		now = view.nacked;
		pthread_mutex_unlock(&lock);
		await_acked(now + 1 + random_below(&seed, step));
		kill_once(i);
	}
	end_writers();
	check_the_end();
	daemon_stop(&home);
	daemon_start(&home);
	check_the_end();
}
