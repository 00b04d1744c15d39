#include "collectord/ledger/recent_sessions.h"

#include <stdlib.h>

#include "collectord/ledger/recent.h"
#include "collectord/ledger/record.h"
#include "proto/error.h"

/*
 * After more changes than that all records are faster to read than these, of
 * which each takes about as long as two or three of them.
 */
#define CHANGES_MOST 1000
#define CHANGES_SHARE 4 /* of the calls that are known */
/* No sweep lets so many gather: such a number is none of ours. */
#define CALLS_MOST (1 << 24)

/* As far as a transaction sees. */
struct sight {
	struct store_txn *txn;
	uint64_t settled, revision;
};

void
recent_sessions_init(struct recent_sessions *s)
{
	*s = (struct recent_sessions){ .lock = PTHREAD_MUTEX_INITIALIZER };
}

void
recent_sessions_close(struct recent_sessions *s)
{
	free(s->of);
	pthread_mutex_destroy(&s->lock);
}

static uint64_t
be64_of(struct span s)
{
	struct rbuf r;

	rbuf_init(&r, s);
	return read_be64(&r);
}

static struct span
be64_key(uint8_t buf[8], uint64_t number)
{
	struct wbuf w;

	wbuf_init(&w, buf, 8);
	write_be64(&w, number);
	return wbuf_span(&w);
}

/* Of a table of be64 keys; 0 where it is empty. */
static int
last_key(struct store_txn *txn, enum store_table t, uint64_t *key)
{
	struct store_cursor *c;
	struct span k, v;
	int rc = store_cursor_open(txn, t, &c);

	*key = 0;
	if (rc != 0)
		return rc;
	rc = store_last(c, &k, &v);
	if (rc == 0)
		*key = be64_of(k);
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

static int
look(struct sight *at, struct store_txn *txn)
{
	struct sweep sweep;
	uint64_t newest;
	int rc = last_key(txn, TABLE_EVENTS, &newest);

	at->txn = txn;
	if (rc == 0)
		rc = recent_load_sweep(txn, newest, &sweep);
	if (rc != 0)
		return rc;
	at->settled = sweep.settled;
	return last_key(txn, TABLE_LOG, &at->revision);
}

static int
make_room(struct recent_sessions *s, size_t n)
{
	size_t cap = s->cap == 0 ? 1024 : s->cap;
	uint32_t *grown;

	if (n > CALLS_MOST)
		return -ERR_STORE;
	while (cap < n)
		cap *= 2;
	if (cap == s->cap)
		return 0;
	grown = realloc(s->of, cap * sizeof(*grown));
	if (grown == NULL)
		return -ERR_STORE;
	s->of = grown;
	s->cap = cap;
	return 0;
}

static int
set(struct recent_sessions *s, uint64_t number, struct span record)
{
	uint64_t at = number - s->settled - 1;

	if (number <= s->settled)
		return 0;
	if (at >= CALLS_MOST || make_room(s, (size_t)at + 1) != 0)
		return -ERR_STORE;
	while (s->n <= at)
		s->of[s->n++] = UINT32_MAX;
	s->of[at] = record_session(record);
	return 0;
}

static int
read_all(struct recent_sessions *s, const struct sight *at)
{
	struct store_cursor *c;
	struct span k, v;
	uint8_t buf[8];
	int rc = store_cursor_open(at->txn, TABLE_EVENTS, &c);

	s->settled = at->settled;
	s->n = 0;
	if (rc != 0)
		return rc;
	rc = store_seek(c, be64_key(buf, s->settled + 1), &k, &v);
	while (rc == 0) {
		rc = set(s, be64_of(k), v);
		if (rc == 0)
			rc = store_next(c, &k, &v);
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

/* The calls whose ids have gone to the table since. */
static void
drop_settled(struct recent_sessions *s, uint64_t settled)
{
	uint64_t n = settled - s->settled;

	n = n < s->n ? n : s->n;
	s->n -= (size_t)n;
	if (s->n > 0)
		memmove(s->of, s->of + n, s->n * sizeof(*s->of));
	s->settled = settled;
}

/* STORE_NOTFOUND: all of the log is read. */
static int
read_log(struct recent_sessions *s, struct store_cursor *log,
    struct store_cursor *events)
{
	struct span k, v, record;
	size_t most = CHANGES_MOST + s->n / CHANGES_SHARE;
	uint64_t number;
	uint8_t buf[8];
	int rc = store_seek(log, be64_key(buf, s->revision + 1), &k, &v);

	for (size_t n = 0; rc == 0 && n < most; n++) {
		number = be64_of(v);
		rc = store_find(events, be64_key(buf, number), &record);
		if (rc == 0)
			rc = set(s, number, record);
		else if (rc == STORE_NOTFOUND)
			rc = -ERR_STORE;
		if (rc == 0)
			rc = store_next(log, &k, &v);
	}
	return rc;
}

/* STORE_NOTFOUND: nothing changed any more. */
static int
read_changes(struct recent_sessions *s, const struct sight *at)
{
	struct store_cursor *log, *events;
	int rc;

	if (s->revision == at->revision)
		return STORE_NOTFOUND;
	rc = store_cursor_open(at->txn, TABLE_LOG, &log);
	if (rc != 0)
		return rc;
	rc = store_cursor_open(at->txn, TABLE_EVENTS, &events);
	if (rc == 0) {
		rc = read_log(s, log, events);
		store_cursor_close(events);
	}
	store_cursor_close(log);
	return rc;
}

static int
catch_up(struct recent_sessions *s, const struct sight *at)
{
	int rc = 0;

	if (s->is_known) {
		drop_settled(s, at->settled);
		rc = read_changes(s, at);
	}
	if (rc == 0)
		rc = read_all(s, at);
	s->is_known = rc == 0 || rc == STORE_NOTFOUND;
	s->revision = at->revision;
	return s->is_known ? 0 : rc;
}

static int
tell(const struct recent_sessions *s, uint32_t session,
    int (*each)(void *arg, uint64_t number), void *arg)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->n; i++)
		if (s->of[i] == session)
			rc = each(arg, s->settled + 1 + i);
	return rc;
}

/* Another reader, whose transaction began later, has seen more. */
static bool
is_ahead(const struct recent_sessions *s, const struct sight *at)
{
	return s->is_known &&
	       (s->revision > at->revision || s->settled > at->settled);
}

static int
tell_alone(const struct sight *at, uint32_t session,
    int (*each)(void *arg, uint64_t number), void *arg)
{
	struct recent_sessions own = { .is_known = false };
	int rc = catch_up(&own, at);

	if (rc == 0)
		rc = tell(&own, session, each, arg);
	free(own.of);
	return rc;
}

int
recent_sessions_each(struct recent_sessions *s, struct store_txn *txn,
    uint32_t session, int (*each)(void *arg, uint64_t number), void *arg)
{
	struct sight at;
	bool ahead;
	int rc = look(&at, txn);

	if (rc != 0)
		return rc;
	pthread_mutex_lock(&s->lock);
	ahead = is_ahead(s, &at);
	if (!ahead)
		rc = catch_up(s, &at);
	if (!ahead && rc == 0)
		rc = tell(s, session, each, arg);
	pthread_mutex_unlock(&s->lock);
	return ahead ? tell_alone(&at, session, each, arg) : rc;
}
