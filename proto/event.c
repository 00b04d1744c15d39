#include "proto/event.h"

#include <inttypes.h>
#include <stdio.h>

#include "proto/limits.h"
#include "proto/money.h"

const char *const event_text_names[EV_TEXTS] = {
	[EV_MACHINE] = "machine",
	[EV_SESSION] = "session",
	[EV_MESSAGE] = "message",
	[EV_AGENT] = "agent",
	[EV_PROVIDER] = "provider",
	[EV_MODEL] = "model",
	[EV_PROJECT] = "project",
	[EV_BRANCH] = "branch",
	[EV_ACCOUNT] = "account",
	[EV_KIND] = "kind",
	[EV_BILLING] = "billing",
	[EV_CALL] = "call",
	[EV_REQUEST] = "request",
	[EV_PARENT_SESSION] = "parent_session",
	[EV_TIER] = "tier",
	[EV_GEO] = "geo",
	[EV_SOURCE] = "source",
};

const char *const event_count_names[EV_COUNTS] = {
	[EV_INPUT] = "input",
	[EV_CACHE_READ] = "cache_read",
	[EV_CACHE_WRITE] = "cache_write",
	[EV_CACHE_WRITE_1H] = "cache_write_1h",
	[EV_OUTPUT] = "output",
	[EV_REASONING] = "reasoning",
	[EV_TOTAL] = "total",
	[EV_WEB_SEARCHES] = "web_searches",
	[EV_LATENCY_MS] = "latency_ms",
	[EV_OUTCOME] = "ok",
};

static const uint64_t count_limits[EV_COUNTS] = {
	[EV_INPUT] = LIMIT_TOKENS,
	[EV_CACHE_READ] = LIMIT_TOKENS,
	[EV_CACHE_WRITE] = LIMIT_TOKENS,
	[EV_CACHE_WRITE_1H] = LIMIT_TOKENS,
	[EV_OUTPUT] = LIMIT_TOKENS,
	[EV_REASONING] = LIMIT_TOKENS,
	[EV_TOTAL] = LIMIT_TOKENS,
	[EV_WEB_SEARCHES] = LIMIT_TOKENS,
	[EV_LATENCY_MS] = LIMIT_LATENCY_MS,
	[EV_OUTCOME] = OUTCOME_FAILED,
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

#define CHOICES_MAX 5

static const struct choice {
	enum event_text field;
	const char *names[CHOICES_MAX + 1];
	const char *said; /* the same for people */
} choices[] = {
	{ EV_KIND, { "main", "subagent", "tool" }, "main, subagent or tool" },
	{ EV_BILLING, { "metered", "plan" }, "metered or plan" },
	{ EV_TIER, { "standard", "batch", "flex", "priority", "fast" },
	    "standard, batch, flex, priority or fast" },
};

static const struct subset {
	enum event_count part, whole;
} subsets[] = {
	{ EV_CACHE_WRITE_1H, EV_CACHE_WRITE },
	{ EV_REASONING, EV_OUTPUT },
};

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

void
event_init(struct event *ev)
{
	*ev = (struct event){ .rank = EVENT_RANK_DEFAULT };
}

static int
check_texts(const struct event *ev, struct error *err)
{
	for (int i = 0; i < EV_TEXTS; i++) {
		if (ev->text[i].len > LIMIT_TEXT)
			return error_set(err, ERR_BAD_TEXT, event_text_names[i],
			    "%" PRIu32 " bytes, the limit is %u",
			    ev->text[i].len, LIMIT_TEXT);
		if (ev->text[i].len > 0 && !text_is_clean(ev->text[i]))
			return error_set(err, ERR_BAD_TEXT, event_text_names[i],
			    "control characters, or not UTF-8");
	}
	return 0;
}

static int
check_required(const struct event *ev, struct error *err)
{
	if (ev->text[EV_SESSION].len == 0)
		return error_set(
		    err, ERR_MISSING, "session", "a session is required");
	if (ev->text[EV_MESSAGE].len == 0 && ev->text[EV_CALL].len == 0 &&
	    !ev->running)
		return error_set(err, ERR_MISSING, "message",
		    "a message or a call is required");
	return 0;
}

static bool
is_choice(struct text t, const struct choice *c)
{
	for (const char *const *name = c->names; *name != NULL; name++)
		if (text_is(t, *name))
			return true;
	return false;
}

static int
check_choices(const struct event *ev, struct error *err)
{
	for (size_t i = 0; i < LENGTH(choices); i++) {
		const struct choice *c = &choices[i];
		struct text t = ev->text[c->field];

		if (t.len > 0 && !is_choice(t, c))
			return error_set(err, ERR_OUT_OF_RANGE,
			    event_text_names[c->field], "not %s: \"%.*s\"",
			    c->said, (int)t.len, t.p);
	}
	return 0;
}

static int
check_counts(const struct event *ev, struct error *err)
{
	for (int i = 0; i < EV_COUNTS; i++)
		if (ev->count[i] > count_limits[i])
			return error_set(err, ERR_OUT_OF_RANGE,
			    event_count_names[i],
			    "%" PRIu64 " is over the limit of %" PRIu64,
			    ev->count[i], count_limits[i]);
	for (size_t i = 0; i < LENGTH(subsets); i++) {
		enum event_count part = subsets[i].part;
		enum event_count whole = subsets[i].whole;

		if (ev->count[part] > ev->count[whole])
			return error_set(err, ERR_INCONSISTENT,
			    event_count_names[part],
			    "%" PRIu64 " is more than %s, %" PRIu64,
			    ev->count[part], event_count_names[whole],
			    ev->count[whole]);
	}
	return 0;
}

static int
check_cost(const struct event *ev, struct error *err)
{
	char said[MONEY_TEXT_MAX];

	if (!ev->has_cost ||
	    (ev->cost_pico >= 0 && ev->cost_pico <= LIMIT_COST_USD * MONEY_USD))
		return 0;
	money_format(ev->cost_pico, said);
	return error_set(err, ERR_OUT_OF_RANGE, "cost",
	    "%s USD is not between 0 and %d USD", said, LIMIT_COST_USD);
}

static int
check_time(const struct event *ev, int64_t now_ms, struct error *err)
{
	int64_t latest = now_ms + LIMIT_TS_AHEAD_MS;

	if (ev->ts_ms == 0)
		return 0;
	if (ev->ts_ms < LIMIT_TS_MIN_MS)
		return error_set(err, ERR_OUT_OF_RANGE, "ts",
		    "%" PRId64 " ms is before 2020-01-01, %lld ms", ev->ts_ms,
		    LIMIT_TS_MIN_MS);
	if (ev->ts_ms > latest)
		return error_set(err, ERR_OUT_OF_RANGE, "ts",
		    "%" PRId64 " ms is more than a day ahead, over %" PRId64
		    " ms",
		    ev->ts_ms, latest);
	return 0;
}

/*
 * The id of a place belongs to running totals whether the event says that it is
 * one or not; a void may say as little else as any void.
 */
static int
check_place(const struct event *ev, bool is_place, struct error *err)
{
	struct text message = ev->text[EV_MESSAGE];
	char id[LIMIT_TEXT];
	size_t len = event_running_id(ev, id);

	if (len == 0)
		return error_set(err, ERR_BAD_TEXT, "model",
		    "too long with the agent for running totals");
	if (message.len == 0 || (is_place && ev->is_void) ||
	    text_eq(message, (struct text){ id, (uint32_t)len }))
		return 0;
	return error_set(err, ERR_INCONSISTENT, "message",
	    "not the id of these running totals");
}

static int
check_running(const struct event *ev, int64_t now_ms, struct error *err)
{
	struct event placed = *ev;
	bool is_place =
	    event_running_place(ev->text[EV_MESSAGE], &placed.ts_ms, NULL);

	if (ev->text[EV_CALL].len > 0)
		return error_set(err, ERR_INCONSISTENT, "call",
		    "running totals are of many calls");
	if (ev->text[EV_REQUEST].len > 0)
		return error_set(err, ERR_INCONSISTENT, "request",
		    "running totals are of many calls");
	if (placed.ts_ms == 0)
		return error_set(
		    err, ERR_MISSING, "ts", "running totals need their time");
	if (ev->ts_ms != 0 && !ev->is_void)
		placed.ts_ms = ev->ts_ms;
	if (check_time(&placed, now_ms, err) != 0)
		return -1;
	return check_place(&placed, is_place, err);
}

int
event_validate(const struct event *ev, int64_t now_ms, struct error *err)
{
	if (check_texts(ev, err) != 0 || check_required(ev, err) != 0 ||
	    check_choices(ev, err) != 0 || check_counts(ev, err) != 0 ||
	    check_cost(ev, err) != 0 || check_time(ev, now_ms, err) != 0)
		return -1;
	if (!ev->running &&
	    !event_running_place(ev->text[EV_MESSAGE], NULL, NULL))
		return 0;
	return check_running(ev, now_ms, err);
}

static const struct text running_prefix = { "running/", 8 };

size_t
event_running_id(const struct event *ev, char *buf)
{
	char model[LIMIT_TEXT], head[32];
	struct text agent = ev->text[EV_AGENT];
	size_t nmodel = event_canonical_model(ev->text[EV_MODEL], model);
	size_t nhead = (size_t)snprintf(
	    head, sizeof(head), "%s%" PRId64 "/", running_prefix.p, ev->ts_ms);

	if (nhead + agent.len + 1 + nmodel > LIMIT_TEXT)
		return 0;
	memcpy(buf, head, nhead);
	if (agent.len > 0)
		memcpy(buf + nhead, agent.p, agent.len);
	buf[nhead + agent.len] = '/';
	memcpy(buf + nhead + agent.len + 1, model, nmodel);
	return nhead + agent.len + 1 + nmodel;
}

#define PLACE_DIGITS_MAX 15 /* longer ones are no time that a call can have */

bool
event_running_place(struct text message, int64_t *ts_ms, struct text *series)
{
	uint32_t at = running_prefix.len, from = at;
	int64_t ms = 0;

	if (message.len <= at ||
	    memcmp(message.p, running_prefix.p, running_prefix.len) != 0)
		return false;
	for (; at < message.len && is_digit(message.p[at]); at++) {
		if (at - from == PLACE_DIGITS_MAX)
			return false;
		ms = ms * 10 + (message.p[at] - '0');
	}
	/* One time, one text: no zeros in front. */
	if (at == message.len || message.p[at] != '/' || ms == 0 ||
	    message.p[from] == '0')
		return false;
	if (ts_ms != NULL)
		*ts_ms = ms;
	if (series != NULL)
		*series =
		    (struct text){ message.p + at + 1, message.len - at - 1 };
	return true;
}

uint64_t
event_classes(const struct event *ev)
{
	return ev->count[EV_INPUT] + ev->count[EV_CACHE_READ] +
	       ev->count[EV_CACHE_WRITE] + ev->count[EV_OUTPUT];
}

uint64_t
event_other(const struct event *ev)
{
	uint64_t classes = event_classes(ev);

	return ev->count[EV_TOTAL] > classes ? ev->count[EV_TOTAL] - classes
					     : 0;
}

bool
event_call_is_global(struct text call)
{
	static const struct {
		const char *prefix;
		uint32_t least; /* bytes, prefix included */
	} kinds[] = {
		{ "msg_", 5 },
		{ "resp_", 6 },
		{ "gen-", 5 },
		{ "chatcmpl-", 20 },
	};

	for (size_t i = 0; i < LENGTH(kinds); i++)
		if (call.len >= kinds[i].least &&
		    memcmp(call.p, kinds[i].prefix, strlen(kinds[i].prefix)) ==
			0)
			return true;
	return false;
}

/* The part of a model's name that is still under consideration. */
struct span {
	const char *p;
	size_t len;
};

static bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* The digits just before `end`. */
static size_t
digits_before(struct span s, size_t end)
{
	size_t n = 0;

	while (n < end && is_digit(s.p[end - n - 1]))
		n++;
	return n;
}

static void
drop_path(struct span *s)
{
	for (size_t i = s->len; i > 0; i--) {
		if (s->p[i - 1] == '/') {
			s->p += i;
			s->len -= i;
			return;
		}
	}
}

/*
 * "us.anthropic.claude": words of letters before a dot that a letter follows.
 * The dot of "gpt-4.1" or "qwen2.5-coder" is part of a number and stays.
 */
static void
drop_dotted_words(struct span *s)
{
	static const char gov[] = "us-gov."; /* the one region with a hyphen */
	size_t n = sizeof(gov) - 1;

	if (s->len > n && memcmp(s->p, gov, n) == 0)
		*s = (struct span){ s->p + n, s->len - n };
	for (;;) {
		for (n = 0; n < s->len && is_lower(s->p[n]);)
			n++;
		if (n == 0 || n + 1 >= s->len || s->p[n] != '.' ||
		    !is_lower(s->p[n + 1]))
			return;
		*s = (struct span){ s->p + n + 1, s->len - n - 1 };
	}
}

/* "-v1:0" */
static void
drop_version(struct span *s)
{
	size_t end = s->len, n = digits_before(*s, end);

	if (n == 0 || n == end || s->p[end - n - 1] != ':')
		return;
	end -= n + 1;
	n = digits_before(*s, end);
	if (n > 0 && end - n >= 2 && memcmp(s->p + end - n - 2, "-v", 2) == 0)
		s->len = end - n - 2;
}

/* Eight digits that can be a day of this century. */
static bool
is_day(const char *d)
{
	int month = (d[4] - '0') * 10 + d[5] - '0';
	int day = (d[6] - '0') * 10 + d[7] - '0';

	return d[0] == '2' && d[1] == '0' && month >= 1 && month <= 12 &&
	       day >= 1 && day <= 31;
}

/* Does the name end like `shape`, where 0 is a digit, in a possible day? */
static bool
ends_in_day(struct span s, const char *shape)
{
	size_t n = strlen(shape), ndigits = 0;
	char digits[8];

	if (s.len < n)
		return false;
	s.p += s.len - n;
	for (size_t i = 0; i < n; i++) {
		if (shape[i] != '0' && shape[i] != s.p[i])
			return false;
		if (shape[i] != '0')
			continue;
		if (!is_digit(s.p[i]))
			return false;
		digits[ndigits++] = s.p[i];
	}
	return is_day(digits);
}

static void
drop_snapshot(struct span *s)
{
	static const char *const shapes[] = { "-00000000", "-0000-00-00",
		"@00000000" };

	for (size_t i = 0; i < LENGTH(shapes); i++) {
		if (ends_in_day(*s, shapes[i])) {
			s->len -= strlen(shapes[i]);
			return;
		}
	}
}

size_t
event_canonical_model(struct text model, char *buf)
{
	size_t len = model.len < LIMIT_TEXT ? model.len : LIMIT_TEXT;
	struct span s = { buf, len };

	for (size_t i = 0; i < len; i++) {
		char c = model.p[i];

		buf[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	drop_path(&s);
	drop_dotted_words(&s);
	drop_version(&s);
	drop_snapshot(&s);
	if (s.len == 0)
		return len;
	memmove(buf, s.p, s.len);
	return s.len;
}
