/*
 * sqlite FILE MILLISECONDS ROWS: the bench's events into SQLite, as careful as
 * the ledger: WAL, synchronous=FULL, ROWS a transaction, one row a call
 * whatever is sent twice, an index by time. In this process, without a socket.
 */
#include <err.h>
#include <sqlite3.h>
#include <stdio.h>

#include "tests/bench/bench.h"
#include "tests/bench/events.h"

#define MACHINE "5a0c1d2e-77f4-4d7e-9a61-0c3b5f9e8d21"

static const char schema[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    "CREATE TABLE IF NOT EXISTS events (machine TEXT, session TEXT,"
    " message TEXT, ts INTEGER, provider TEXT, model TEXT, agent TEXT,"
    " project TEXT, input INTEGER, cache_read INTEGER, cache_write INTEGER,"
    " output INTEGER, reasoning INTEGER, cost INTEGER,"
    " UNIQUE (machine, session, message));"
    "CREATE INDEX IF NOT EXISTS by_ts ON events (ts);";
static const char insert[] =
    "INSERT INTO events VALUES ('" MACHINE "',?,?,?,?,?,?,?,?,?,?,?,?,?)"
    " ON CONFLICT (machine, session, message) DO UPDATE SET"
    " ts = min(ts, excluded.ts), input = max(input, excluded.input),"
    " cache_read = max(cache_read, excluded.cache_read),"
    " cache_write = max(cache_write, excluded.cache_write),"
    " output = max(output, excluded.output),"
    " reasoning = max(reasoning, excluded.reasoning),"
    " cost = max(cost, excluded.cost)";

struct db {
	sqlite3 *db;
	sqlite3_stmt *insert, *begin, *commit;
	struct event_plan plan;
	uint64_t sent;
};

static void
check(struct db *d, int rc)
{
	if (rc != SQLITE_OK && rc != SQLITE_DONE)
		errx(1, "sqlite: %s", sqlite3_errmsg(d->db));
}

static void
step(struct db *d, sqlite3_stmt *s)
{
	check(d, sqlite3_step(s));
	check(d, sqlite3_reset(s));
}

static sqlite3_stmt *
prepare(struct db *d, const char *sql)
{
	sqlite3_stmt *s = NULL;

	check(d, sqlite3_prepare_v2(d->db, sql, -1, &s, NULL));
	return s;
}

static void
bind_all(struct db *d, const struct event *ev)
{
	static const enum event_text texts[] = { EV_PROVIDER, EV_MODEL,
		EV_AGENT, EV_PROJECT };
	static const enum event_count counts[] = { EV_INPUT, EV_CACHE_READ,
		EV_CACHE_WRITE, EV_OUTPUT, EV_REASONING };
	const struct text *t = ev->text;
	int at = 1, rc = SQLITE_OK;
	size_t i;

	rc |= sqlite3_bind_text(d->insert, at++, t[EV_SESSION].p,
	    (int)t[EV_SESSION].len, SQLITE_STATIC);
	rc |= sqlite3_bind_text(d->insert, at++, t[EV_MESSAGE].p,
	    (int)t[EV_MESSAGE].len, SQLITE_STATIC);
	rc |= sqlite3_bind_int64(d->insert, at++, ev->ts_ms);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		rc |= sqlite3_bind_text(d->insert, at++, t[texts[i]].p,
		    (int)t[texts[i]].len, SQLITE_STATIC);
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		rc |= sqlite3_bind_int64(
		    d->insert, at++, (int64_t)ev->count[counts[i]]);
	rc |= sqlite3_bind_int64(d->insert, at, ev->cost_pico);
	check(d, rc);
}

static void
transaction(struct db *d, uint64_t rows)
{
	struct event_ids ids;
	struct event ev;

	step(d, d->begin);
	while (rows-- > 0) {
		events_make(&d->plan, d->sent / EVENTS_SESSION,
		    d->sent % EVENTS_SESSION, &ids, &ev);
		bind_all(d, &ev);
		step(d, d->insert);
		d->sent++;
	}
	step(d, d->commit);
}

static void
finish(struct db *d)
{
	sqlite3_finalize(d->insert);
	sqlite3_finalize(d->begin);
	sqlite3_finalize(d->commit);
	sqlite3_close(d->db);
}

int
main(int argc, char **argv)
{
	struct db d = { .plan.seed = bench_now_ns() };
	struct samples lat = { 0 };
	uint64_t start, before, now, end, rows;

	if (argc != 4)
		errx(2, "usage: sqlite FILE MILLISECONDS ROWS");
	rows = bench_number(argv[3]);
	check(&d, sqlite3_open(argv[1], &d.db));
	check(&d, sqlite3_exec(d.db, schema, NULL, NULL, NULL));
	d.insert = prepare(&d, insert);
	d.begin = prepare(&d, "BEGIN");
	d.commit = prepare(&d, "COMMIT");
	start = now = bench_now_ns();
	end = start + bench_number(argv[2]) * 1000000;
	while (now < end) {
		before = now;
		transaction(&d, rows);
		now = bench_now_ns();
		samples_add(&lat, now - before);
	}
	printf("rate=%.1f ", (double)d.sent * 1e9 / (double)(now - start));
	samples_print(&lat, "ack");
	printf("\n");
	samples_free(&lat);
	finish(&d);
	return 0;
}
