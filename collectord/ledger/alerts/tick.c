/* What time makes happen in the ledger: see ledger_tick in notices.h. */
#include <stdio.h>

#include "collectord/ledger/alerts/figures.h"
#include "collectord/ledger/impl.h"
#include "collectord/ledger/alerts/notices.h"
#include "proto/error.h"

#define DAY_MS 86400000ll
#define SILENT_AFTER_SIGHTS 10 /* who told less has no habit of telling */
#define ID_MAX 1100

static const struct span meta_daily = { "daily", 5 };
static const struct span meta_weekly = { "weekly", 6 };

/* Days since 1970 of a civil day. */
static int64_t
day_number(struct civil day)
{
	struct civil first = { 1970, 1, 1 };
	int64_t ms = calendar_day_start(day, 12);
	struct civil guess = calendar_add_days(first, (int)(ms / DAY_MS));

	return ms / DAY_MS + calendar_cmp(day, guess);
}

static struct civil
day_of_number(int64_t n)
{
	return calendar_add_days((struct civil){ 1970, 1, 1 }, (int)n);
}

/* The last day whose digest is due: its hour has struck. */
static struct civil
last_due(int64_t now_ms, int hour)
{
	struct civil day = calendar_day_of(now_ms, 0);

	return calendar_day_start(day, hour) <= now_ms
		   ? day
		   : calendar_add_days(day, -1);
}

/* The number kept under a name; a fresh store starts with now. */
static int
swap_mark(struct store_txn *txn, struct span name, int64_t now, int64_t *before)
{
	uint8_t bytes[8];
	struct span val;
	struct wbuf w;
	struct rbuf r;
	int rc = store_get(txn, TABLE_META, name, &val);

	*before = now;
	if (rc < 0)
		return rc;
	if (rc == 0) {
		rbuf_init(&r, val);
		*before = (int64_t)read_be64(&r);
		if (*before >= now)
			return 0;
	}
	wbuf_init(&w, bytes, sizeof(bytes));
	write_be64(&w, (uint64_t)now);
	return store_put(txn, TABLE_META, name, wbuf_span(&w));
}

/* Its figures are of what is committed: a tick adds no calls. */
static int
make_digest(struct ledger *l, enum notice_kind kind, const char *first,
    const char *last, int64_t from_ms, int64_t to_ms, int64_t now_ms)
{
	char top[LIMIT_TEXT + 1];
	char period[2 * CALENDAR_TEXT_MAX + 2], id[128];
	struct notice n = { .kind = kind,
		.level = NOTICE_INFO,
		.from_ms = from_ms,
		.to_ms = to_ms };
	int rc = figures_of(l, from_ms, to_ms, top, &n.figures);

	if (rc != 0)
		return rc;
	if (strcmp(first, last) == 0)
		snprintf(period, sizeof(period), "%s", last);
	else
		snprintf(period, sizeof(period), "%s..%s", first, last);
	snprintf(id, sizeof(id), "%s/%s", notice_kind_names[kind], last);
	n.id = text_of(id);
	n.period = text_of(period);
	rc = notice_make(l->writer.txn, now_ms, &n);
	return rc < 0 ? rc : 0;
}

/* One digest for all days since the last, where the machine was off. */
static int
tick_daily(struct ledger *l, struct store_txn *txn, int64_t now_ms)
{
	int start = l->writer.watch.cal.day_start;
	char first[CALENDAR_TEXT_MAX], last[CALENDAR_TEXT_MAX];
	struct civil due = last_due(now_ms, l->daily_hour), from;
	int64_t before;
	int rc = swap_mark(txn, meta_daily, day_number(due), &before);

	if (rc != 0 || before >= day_number(due) || !l->tells_daily)
		return rc;
	from = day_of_number(before + 1);
	calendar_format_date(from, first);
	calendar_format_date(due, last);
	return make_digest(l, NOTICE_DAILY, first, last,
	    calendar_day_start(from, start),
	    calendar_day_start(calendar_add_days(due, 1), start), now_ms);
}

static void
week_label(struct civil monday, char buf[CALENDAR_TEXT_MAX])
{
	int year, week;

	calendar_iso_week(monday, &year, &week);
	snprintf(buf, CALENDAR_TEXT_MAX, "%04d-W%02d", year, week);
}

/* Of ISO weeks that are over. */
static int
tick_weekly(struct ledger *l, struct store_txn *txn, int64_t now_ms)
{
	int start = l->writer.watch.cal.day_start;
	char first[CALENDAR_TEXT_MAX], last[CALENDAR_TEXT_MAX];
	struct civil monday =
	    calendar_week_start(calendar_day_of(now_ms, start), 1);
	struct civil from;
	int64_t before;
	int rc = swap_mark(txn, meta_weekly, day_number(monday), &before);

	if (rc != 0 || before >= day_number(monday) || !l->tells_weekly)
		return rc;
	from = day_of_number(before);
	week_label(from, first);
	week_label(calendar_add_days(monday, -7), last);
	return make_digest(l, NOTICE_WEEKLY, first, last,
	    calendar_day_start(from, start), calendar_day_start(monday, start),
	    now_ms);
}

struct silence {
	struct store_txn *txn;
	int64_t now_ms;
	int day_start;
	uint32_t days; /* of use, without a word, that are silence */
	struct heard heard;
};

/* Days of use without a word of it, today left out: it may yet be heard. */
static bool
is_silent(const struct silence *s, const struct source_note *n)
{
	struct civil last = calendar_day_of(n->last_ms, s->day_start);
	struct civil today = calendar_day_of(s->now_ms, s->day_start);

	return heard_between(&s->heard, last, today) >= s->days;
}

/* Told once, until it is heard again. */
static int
tell_silent(const struct silence *s, const struct source_note *n)
{
	struct notice notice = { .kind = NOTICE_SOURCE, .level = NOTICE_WARN };
	char id[ID_MAX];
	int rc;

	if (n->sights < SILENT_AFTER_SIGHTS || n->source.len == 0 ||
	    text_is(n->source, "manual") || !is_silent(s, n))
		return 0;
	notice.id = (struct text){ id,
		(uint32_t)snprintf(id, sizeof(id), "source/%.*s/%.*s/%.*s/%lld",
		    (int)n->machine.len, n->machine.p, (int)n->agent.len,
		    n->agent.p, (int)n->source.len, n->source.p,
		    (long long)n->last_ms) };
	notice.subject = n->agent;
	notice.from_ms = n->last_ms;
	notice.to_ms = s->now_ms;
	rc = notice_make(s->txn, s->now_ms, &notice);
	return rc < 0 ? rc : 0;
}

static int
tell_silent_ones(const struct silence *s)
{
	struct source_note note;
	struct store_cursor *c;
	struct span k, v;
	int rc = store_cursor_open(s->txn, TABLE_SOURCES, &c);

	if (rc != 0)
		return rc;
	rc = store_seek(c, (struct span){ "", 1 }, &k, &v);
	for (; rc == 0; rc = store_next(c, &k, &v)) {
		if (source_read(v, &note))
			rc = tell_silent(s, &note);
		if (rc != 0)
			break;
	}
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

/* Where nobody is heard at all the machine rests, and nothing is wrong. */
static int
tick_silence(const struct ledger *l, struct store_txn *txn, int64_t now_ms)
{
	struct silence s = { .txn = txn,
		.now_ms = now_ms,
		.day_start = l->writer.watch.cal.day_start,
		.days = (uint32_t)l->silent_days };
	int rc;

	if (l->silent_days == 0)
		return 0;
	rc = heard_load(txn, &s.heard);
	return rc == 0 ? tell_silent_ones(&s) : rc;
}

static int64_t
next_tick(const struct ledger *l, int64_t now_ms)
{
	const struct budget_calendar *cal = &l->writer.watch.cal;
	struct civil due = last_due(now_ms, l->daily_hour);
	int64_t daily =
	    calendar_day_start(calendar_add_days(due, 1), l->daily_hour);
	int64_t day = calendar_day_start(
	    calendar_add_days(calendar_day_of(now_ms, cal->day_start), 1),
	    cal->day_start);

	return daily < day ? daily : day;
}

int
ledger_tick(struct ledger *l, int64_t *next_ms)
{
	int64_t now_us = l->now_us(), now_ms = now_us / 1000;
	struct writer *w = &l->writer;
	int rc = writer_begin(w, now_us);

	*next_ms = next_tick(l, now_ms);
	if (rc != 0)
		return rc;
	rc = tick_daily(l, w->txn, now_ms);
	if (rc == 0)
		rc = tick_weekly(l, w->txn, now_ms);
	if (rc == 0)
		rc = tick_silence(l, w->txn, now_ms);
	if (rc == 0)
		rc = watch_remind(&w->watch, w->txn, now_ms);
	if (rc == 0)
		return ledger_commit(l);
	writer_abort(w);
	return rc;
}
