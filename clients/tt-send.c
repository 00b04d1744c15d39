/*
 * tt-send: hands usage events to collectord and waits for the ack, which means
 * that they are on stable storage. Where none comes in time they go to the
 * spool, which means the same. One event comes from options, many from NDJSON.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/common/client.h"
#include "clients/common/launch.h"
#include "clients/common/ndjson.h"
#include "clients/common/options.h"
#include "clients/common/output.h"
#include "clients/common/spool.h"
#include "clients/common/uuid.h"
#include "proto/calendar.h"
#include "proto/money.h"

#define NAME "tt-send"
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define BATCH_EVENTS 1000u
#define BATCH_TEXTS (512u << 10) /* bytes of texts in one request */
#define LINE_BYTES_MAX (1u << 20)
#define TIMEOUT_MAX_MS 600000u
/* After a failure further batches go to the spool for so long, untried. */
#define RETRY_PAUSE_MS 1000

struct send_options {
	const char *text[EV_TEXTS];
	uint64_t count[EV_COUNTS];
	const char *cost, *ts;
	uint64_t rank, connect_ms, ack_ms;
	bool copied, failed, is_void;
	bool dry_run, no_spool, strict, json, quiet;
};

#define AT(field) offsetof(struct send_options, field)
#define HEAD(title)                                                            \
	{                                                                      \
		.kind = OPTION_HEAD, .help = title                             \
	}
#define FLAG(n, field, h)                                                      \
	{                                                                      \
		.name = n, .kind = OPTION_FLAG, .offset = AT(field), .help = h \
	}
#define WORD(n, field, a, h)                                                   \
	{                                                                      \
		.name = n, .kind = OPTION_TEXT, .offset = AT(field), .arg = a, \
		.help = h                                                      \
	}
#define NUMBER(n, field, m, h)                                                 \
	{                                                                      \
		.name = n, .kind = OPTION_U64, .offset = AT(field),            \
		.arg = "N", .help = h, .max = m                                \
	}
#define TOKENS(n, c, h) NUMBER(n, count[c], LIMIT_TOKENS, h)

static const struct option_spec specs[] = {
	HEAD("Which call"),
	WORD("session", text[EV_SESSION], "ID",
	    "its session; required (default: $TT_SESSION)"),
	WORD("message", text[EV_MESSAGE], "ID",
	    "its id in the session (default: the call, else a new one)"),
	WORD("call", text[EV_CALL], "ID", "the provider's response id"),
	WORD("request", text[EV_REQUEST], "ID", "the provider's request id"),
	WORD("ts", ts, "TIME",
	    "when it finished: RFC 3339, seconds or ms since 1970 (default: "
	    "now)"),
	HEAD("Who made it"),
	WORD("provider", text[EV_PROVIDER], "NAME", "anthropic, openai, ..."),
	WORD("model", text[EV_MODEL], "NAME", "claude-sonnet-4-5, ..."),
	WORD("agent", text[EV_AGENT], "NAME", "claude-code, codex, ..."),
	WORD("project", text[EV_PROJECT], "NAME", "the project it was for"),
	WORD("branch", text[EV_BRANCH], "NAME", "the branch of that project"),
	WORD("account", text[EV_ACCOUNT], "NAME", "the account that pays"),
	WORD("parent-session", text[EV_PARENT_SESSION], "ID",
	    "the session that started this one"),
	WORD("kind", text[EV_KIND], "KIND", "main, subagent or tool"),
	WORD("machine", text[EV_MACHINE], "ID",
	    "the machine's id (default: the daemon's)"),
	FLAG("copied", copied, "known to be a copy of another session's call"),
	HEAD("What it used"),
	TOKENS("input", EV_INPUT, "uncached prompt tokens"),
	TOKENS("output", EV_OUTPUT, "output tokens, reasoning included"),
	TOKENS("cache-read", EV_CACHE_READ, "prompt tokens read from a cache"),
	TOKENS(
	    "cache-write", EV_CACHE_WRITE, "prompt tokens written to a cache"),
	TOKENS("cache-write-1h", EV_CACHE_WRITE_1H,
	    "the part of them that is kept for an hour"),
	TOKENS("reasoning", EV_REASONING, "the part of output that is that"),
	TOKENS("total", EV_TOTAL, "all tokens, as the source states it"),
	TOKENS("web-searches", EV_WEB_SEARCHES, "paid web searches"),
	WORD("cost", cost, "USD", "what the source says it cost"),
	WORD("tier", text[EV_TIER], "TIER",
	    "standard, batch, flex, priority or fast"),
	WORD("geo", text[EV_GEO], "REGION", "the region it ran in"),
	WORD("billing", text[EV_BILLING], "HOW", "metered or plan"),
	NUMBER("latency-ms", count[EV_LATENCY_MS], LIMIT_LATENCY_MS,
	    "how long it took"),
	FLAG("failed", failed, "the call failed"),
	HEAD("What kind of news"),
	WORD("source", text[EV_SOURCE], "NAME",
	    "hook, log, otel or manual (default: manual)"),
	NUMBER("rank", rank, UINT8_MAX,
	    "0: an estimate, 1: usual, more: a correction that replaces "
	    "(default: 1)"),
	FLAG("void", is_void, "this call counts nothing, for ever"),
	HEAD("How to send"),
	FLAG("dry-run", dry_run, "print the event and send nothing"),
	FLAG("no-spool", no_spool, "without a daemon fail with 3"),
	FLAG("strict", strict, "with -: stop at the first bad line"),
	NUMBER("connect-timeout", connect_ms, TIMEOUT_MAX_MS,
	    "ms to wait for the daemon (default: 50)"),
	NUMBER("ack-timeout", ack_ms, TIMEOUT_MAX_MS,
	    "ms to wait for its answer (default: 2000)"),
	FLAG("json", json, "print what became of the events as JSON"),
	FLAG("quiet", quiet, "say nothing on stderr but errors"),
};

static const struct option_program program = {
	.name = NAME,
	.synopsis = "--session ID [OPTION]... | [OPTION]... -",
	.summary = "Records one LLM call from options, or with - one for each "
		   "line of JSON on stdin.",
	.specs = specs,
	.nspecs = LENGTH(specs),
};

/* Events to be sent as one request, and the lines they came from. */
struct batch {
	struct event *events;
	uint64_t *lines; /* 0: from options */
	size_t n;
	struct ndjson_arena texts;
};

struct sender {
	const struct send_options *o;
	struct places places;
	struct client client;
	struct packer request;
	uint32_t msgid;
	int64_t retry_at_ms; /* monotonic; see RETRY_PAUSE_MS */
	bool launch_tried;
	struct put_counts sum;
	uint64_t spooled;
	const struct batch *batch; /* being sent, for on_reject */
};

/* --- What is told --------------------------------------------------------- */

/* {"schema_version":1,"rejected":[…], written as the rejects come. */
static void
json_reject(struct sender *s, uint64_t line, const struct error *e)
{
	fputs(
	    s->sum.rejected == 0 ? "{\"schema_version\":1,\"rejected\":[" : ",",
	    stdout);
	fputc('{', stdout);
	if (line > 0)
		printf("\"line\":%" PRIu64 ",", line);
	printf("\"code\":\"%s\",", error_name(e->code));
	if (e->field != NULL) {
		fputs("\"field\":", stdout);
		json_put_str(stdout, e->field);
		fputc(',', stdout);
	}
	fputs("\"message\":", stdout);
	json_put_str(stdout, e->message);
	fputc('}', stdout);
}

static void
json_finish(const struct sender *s)
{
	if (s->sum.rejected == 0)
		fputs("{\"schema_version\":1,\"rejected\":[", stdout);
	printf("],\"stored\":%" PRIu64 ",\"merged\":%" PRIu64
	       ",\"unchanged\":%" PRIu64 ",\"spooled\":%" PRIu64 "}\n",
	    s->sum.stored, s->sum.merged, s->sum.unchanged, s->spooled);
}

static void
report_reject(struct sender *s, uint64_t line, const struct error *e)
{
	const char *message =
	    e->message[0] != '\0' ? e->message : error_name(e->code);
	const char *field = e->field != NULL ? e->field : "";
	const char *colon = e->field != NULL ? ": " : "";

	if (line > 0)
		complain(NAME, "line %" PRIu64 ": %s%s%s", line, field, colon,
		    message);
	else
		complain(NAME, "%s%s%s", field, colon, message);
	if (s->o->json)
		json_reject(s, line, e);
	s->sum.rejected++;
}

static void
on_reject(void *arg, uint32_t index, const struct error *e)
{
	struct sender *s = arg;

	report_reject(s, index < s->batch->n ? s->batch->lines[index] : 0, e);
}

static bool
may_chat(const struct sender *s)
{
	return !s->o->quiet && isatty(STDERR_FILENO);
}

/* --- To the daemon, or to the spool --------------------------------------- */

static enum client_result
exchange_once(struct sender *s)
{
	struct client *c = &s->client;
	enum client_result r = CLIENT_OK;
	struct put_counts n = { 0 };
	int64_t deadline_ms;

	if (c->fd < 0)
		r = client_connect(c, s->places.socket,
		    client_now_ms() + (int64_t)s->o->connect_ms);
	deadline_ms = client_now_ms() + (int64_t)s->o->ack_ms;
	if (r == CLIENT_OK)
		r = client_send(c, &s->request, deadline_ms);
	if (r == CLIENT_OK)
		r = client_wait(c, s->msgid, deadline_ms);
	if (r != CLIENT_OK)
		return r;
	if (unpack_put_result(c->reply.result, &n, on_reject, s) != 0) {
		snprintf(c->why, sizeof(c->why),
		    "collectord's answer makes no sense");
		return CLIENT_EPEER;
	}
	s->sum.stored += n.stored;
	s->sum.merged += n.merged;
	s->sum.unchanged += n.unchanged;
	return CLIENT_OK;
}

static enum client_result
exchange(struct sender *s)
{
	bool is_old = s->client.fd >= 0;
	enum client_result r;

	if (client_now_ms() < s->retry_at_ms)
		return CLIENT_EABSENT;
	r = exchange_once(s);
	/* It may have closed a silent connection, or be a new one by now. */
	if (r == CLIENT_EABSENT && is_old) {
		client_close(&s->client);
		r = exchange_once(s);
	}
	return r;
}

/* Refused for what it is, rather than for when it came. */
static bool
is_final(enum client_result r, const struct client *c)
{
	if (r != CLIENT_EREFUSED)
		return false;
	switch (c->reply.error.code) {
	case ERR_STORE_FULL:
	case ERR_STORE:
	case ERR_BUSY:
	case ERR_STOPPING:
		return false;
	default:
		return true;
	}
}

static void
start_missing_daemon(struct sender *s)
{
	const char *off = getenv("TT_AUTOSTART");
	struct config cf;
	char why[256];

	if (s->launch_tried || (off != NULL && strcmp(off, "0") == 0))
		return;
	s->launch_tried = true;
	if (client_config(&s->places, &cf, why, sizeof(why)) != 0) {
		complain(NAME, "%s", why);
		return;
	}
	if (launch_is_allowed(&cf) &&
	    launch_daemon(&s->places, 0, why, sizeof(why)) != CLIENT_OK &&
	    may_chat(s))
		complain(NAME, "%s", why);
}

static int
spool_batch(struct sender *s, const struct batch *b)
{
	char why[256];

	if (spool_write(s->places.spool, client_wall_ms(), s->request.p,
		s->request.len, why, sizeof(why)) != 0) {
		complain(NAME, "lost: %s, and the spool failed: %s",
		    s->client.why, why);
		return EXIT_SYSTEM;
	}
	if (s->spooled == 0 && may_chat(s))
		complain(NAME, "%s; what it misses waits in %s", s->client.why,
		    s->places.spool);
	s->spooled += b->n;
	return EXIT_OK;
}

/* Until the batch is on stable storage, here or there. An EXIT_ code. */
static int
deliver(struct sender *s, const struct batch *b)
{
	enum client_result r;
	int rc;

	s->batch = b;
	packer_clear(&s->request);
	pack_put(&s->request, ++s->msgid, b->events, b->n, NULL, 0);
	if (s->request.failed) {
		complain(NAME, "no memory for the request");
		return EXIT_SYSTEM;
	}
	r = exchange(s);
	if (r == CLIENT_OK)
		return EXIT_OK;
	if (is_final(r, &s->client) || s->o->no_spool) {
		complain(NAME, "%s", s->client.why);
		return is_final(r, &s->client) ? EXIT_REFUSED
					       : EXIT_UNREACHABLE;
	}
	client_close(&s->client);
	s->retry_at_ms = client_now_ms() + RETRY_PAUSE_MS;
	rc = spool_batch(s, b);
	if (r == CLIENT_EABSENT)
		start_missing_daemon(s);
	return rc;
}

/* --- One event ------------------------------------------------------------ */

/*
 * Fills in what every event has, before the first try, so that all tries are
 * about the same call. A call id that others may reuse is only good within the
 * session.
 */
static int
complete(struct event *ev, struct ndjson_arena *a)
{
	int64_t now_ms = client_wall_ms();
	struct text *t = ev->text;

	if (t[EV_MESSAGE].len == 0)
		t[EV_MESSAGE] = t[EV_CALL];
	if (!event_call_is_global(t[EV_CALL]))
		t[EV_CALL] = (struct text){ NULL, 0 };
	if (t[EV_SOURCE].len == 0)
		t[EV_SOURCE] = TEXT("manual");
	if (ev->ts_ms == 0)
		ev->ts_ms = now_ms;
	if (t[EV_MESSAGE].len > 0)
		return 0;
	if (a->cap - a->len <= UUID_TEXT_LEN ||
	    uuid_make(now_ms, a->p + a->len) != 0) {
		complain(NAME, "cannot make an id: %s", strerror(errno));
		return -1;
	}
	t[EV_MESSAGE] = (struct text){ a->p + a->len, UUID_TEXT_LEN };
	a->len += UUID_TEXT_LEN + 1;
	return 0;
}

/*
 * What the daemon would refuse is refused here, with or without a daemon. Its
 * clock may be moved where TT_NOW is set, so that times are its business there.
 */
static int
judge(const struct event *ev, struct error *err)
{
	bool is_test = getenv("TT_NOW") != NULL;

	return event_validate(ev,
	    is_test ? INT64_MAX - LIMIT_TS_AHEAD_MS : client_wall_ms(), err);
}

static int
parse_ts(const char *s, int64_t *ms)
{
	bool is_local;
	int rc = ndjson_time(s, strlen(s), ms, &is_local);

	if (rc == 0 && is_local) {
		calendar_use_zone(NULL);
		rc = ndjson_time(s, strlen(s), ms, &is_local);
	}
	if (rc != 0)
		complain(NAME,
		    "--ts: not a time (RFC 3339, seconds or ms): \"%s\"", s);
	return rc;
}

static int
parse_cost(const char *s, struct event *ev)
{
	if (money_parse(s, strlen(s), &ev->cost_pico) != 0) {
		complain(NAME, "--cost: not an amount: \"%s\"", s);
		return -1;
	}
	ev->has_cost = true;
	return 0;
}

/* What the options say, and no more. */
static int
event_from_options(const struct send_options *o, struct event *ev)
{
	int i;

	event_init(ev);
	for (i = 0; i < EV_TEXTS; i++)
		if (o->text[i] != NULL && o->text[i][0] != '\0')
			ev->text[i] = text_of(o->text[i]);
	if (ev->text[EV_SESSION].len == 0)
		ev->text[EV_SESSION] = text_of(getenv("TT_SESSION"));
	memcpy(ev->count, o->count, sizeof(ev->count));
	if (o->failed)
		ev->count[EV_OUTCOME] = OUTCOME_FAILED;
	ev->rank = (uint8_t)o->rank;
	ev->copied = o->copied;
	ev->is_void = o->is_void;
	if (o->ts != NULL && parse_ts(o->ts, &ev->ts_ms) != 0)
		return -1;
	return o->cost != NULL ? parse_cost(o->cost, ev) : 0;
}

static int
send_one(struct sender *s, struct event *ev)
{
	char id[UUID_TEXT_LEN + 1];
	uint64_t no_line = 0;
	struct batch b = { ev, &no_line, 1, { id, 0, sizeof(id) } };
	struct error err;
	int rc;

	if (ev->text[EV_SESSION].len == 0) {
		complain(NAME, "--session is required, or TT_SESSION");
		return EXIT_USAGE;
	}
	if (complete(ev, &b.texts) != 0)
		return EXIT_SYSTEM;
	if (judge(ev, &err) != 0) {
		report_reject(s, 0, &err);
		return EXIT_REFUSED;
	}
	if (s->o->dry_run) {
		ndjson_write(stdout, ev);
		return EXIT_OK;
	}
	rc = deliver(s, &b);
	return rc == EXIT_OK && s->sum.rejected > 0 ? EXIT_REFUSED : rc;
}

/* --- Many events ---------------------------------------------------------- */

struct input {
	char *buf; /* room for the longest line and its end */
	size_t len, cap;
	size_t pos;     /* where the next line begins */
	size_t scanned; /* no line end between pos and here */
	uint64_t line;  /* number of the last line given out */
	bool is_over, skipping;
};

struct stream {
	struct sender *s;
	struct input in;
	struct batch b;
	struct json json;
	const struct event *defaults;
	uint64_t taken; /* good lines */
	int rc;         /* EXIT_: other than 0 ends it */
};

static void
reject_line(struct stream *st, const struct error *err)
{
	report_reject(st->s, st->in.line, err);
	if (st->s->o->strict)
		st->rc = EXIT_USAGE;
}

/* Sends what has been read; in a dry run it is printed already. */
static void
flush_batch(struct stream *st)
{
	int rc = EXIT_OK;

	if (st->b.n == 0)
		return;
	if (st->s->o->dry_run)
		fflush(stdout);
	else
		rc = deliver(st->s, &st->b);
	if (rc != EXIT_OK)
		complain(NAME, "stopped: nothing from line %" PRIu64 " on",
		    st->b.lines[0]);
	if (rc != EXIT_OK)
		st->rc = rc;
	st->b.n = 0;
	st->b.texts.len = 0;
}

static void
apply_defaults(struct event *ev, const struct event *defaults)
{
	int i;

	for (i = 0; i < EV_TEXTS; i++)
		if (ev->text[i].len == 0)
			ev->text[i] = defaults->text[i];
}

static void
take_line(struct stream *st, const char *line, size_t len)
{
	struct batch *b = &st->b;
	struct event *ev = &b->events[b->n];
	size_t texts = b->texts.len;
	struct error err;

	if (ndjson_read(&st->json, line, len, &b->texts, ev, &err) != 0) {
		b->texts.len = texts;
		reject_line(st, &err);
		return;
	}
	apply_defaults(ev, st->defaults);
	if (complete(ev, &b->texts) != 0) {
		st->rc = EXIT_SYSTEM;
		return;
	}
	if (judge(ev, &err) != 0) {
		b->texts.len = texts;
		reject_line(st, &err);
		return;
	}
	if (st->s->o->dry_run)
		ndjson_write(stdout, ev);
	st->taken++;
	b->lines[b->n++] = st->in.line;
	if (b->n == BATCH_EVENTS ||
	    b->texts.cap - b->texts.len < NDJSON_TEXTS_MAX)
		flush_batch(st);
}

static bool
is_blank(const char *line, size_t len)
{
	while (len > 0 && strchr(" \t\r", *line) != NULL && *line != '\0')
		line++, len--;
	return len == 0;
}

/* A line that outgrew the buffer is told once and passed over to its end. */
static void
drop_long_line(struct stream *st)
{
	struct input *in = &st->in;
	struct error err;

	if (!in->skipping) {
		in->line++;
		error_set(&err, ERR_TOO_LARGE, NULL, "longer than %u bytes",
		    LINE_BYTES_MAX);
		reject_line(st, &err);
	}
	in->skipping = true;
	in->pos = in->scanned = in->len = 0;
}

/* The next whole line without its end; false when more must be read. */
static bool
next_line(struct input *in, const char **line, size_t *len)
{
	char *end = memchr(in->buf + in->scanned, '\n', in->len - in->scanned);

	if (end == NULL && (!in->is_over || in->pos == in->len)) {
		in->scanned = in->len;
		return false;
	}
	*line = in->buf + in->pos;
	*len = end != NULL ? (size_t)(end - *line) : in->len - in->pos;
	in->pos += *len + (end != NULL);
	in->scanned = in->pos;
	if (!in->skipping)
		in->line++;
	else
		*len = 0; /* the rest of a line that was refused */
	in->skipping = false;
	return true;
}

static void
take_lines(struct stream *st)
{
	static const char mark[] = "\xef\xbb\xbf";
	const char *line;
	size_t len;

	while (st->rc == EXIT_OK && next_line(&st->in, &line, &len)) {
		if (st->in.line == 1 && len >= 3 && memcmp(line, mark, 3) == 0)
			line += 3, len -= 3;
		if (!is_blank(line, len))
			take_line(st, line, len);
	}
}

static bool
would_block(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

static void
read_input(struct stream *st)
{
	struct input *in = &st->in;
	ssize_t n;

	memmove(in->buf, in->buf + in->pos, in->len - in->pos);
	in->len -= in->pos;
	in->scanned -= in->pos;
	in->pos = 0;
	if (in->len == in->cap)
		drop_long_line(st);
	do {
		n = read(STDIN_FILENO, in->buf + in->len, in->cap - in->len);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		complain(NAME, "stdin: %s", strerror(errno));
		st->rc = EXIT_SYSTEM;
	}
	in->is_over = n <= 0;
	if (n > 0)
		in->len += (size_t)n;
}

static int
stream_alloc(struct stream *st)
{
	struct batch *b = &st->b;

	st->in.cap = LINE_BYTES_MAX + 1;
	b->texts.cap = BATCH_TEXTS;
	st->in.buf = malloc(st->in.cap);
	b->texts.p = malloc(b->texts.cap);
	b->events = malloc(BATCH_EVENTS * sizeof(*b->events));
	b->lines = malloc(BATCH_EVENTS * sizeof(*b->lines));
	if (st->in.buf != NULL && b->texts.p != NULL && b->events != NULL &&
	    b->lines != NULL)
		return 0;
	complain(NAME, "no memory");
	return -1;
}

static void
stream_release(struct stream *st)
{
	free(st->in.buf);
	free(st->b.texts.p);
	free(st->b.events);
	free(st->b.lines);
	json_release(&st->json);
}

static void
print_summary(const struct stream *st)
{
	const struct sender *s = st->s;

	if (s->o->quiet || s->o->dry_run ||
	    (s->sum.rejected == 0 && !isatty(STDERR_FILENO)))
		return;
	complain(NAME,
	    "%" PRIu64 " events: %" PRIu64 " new, %" PRIu64 " changed, %" PRIu64
	    " known, %" PRIu64 " spooled; %" PRIu64 " lines refused",
	    st->taken, s->sum.stored, s->sum.merged, s->sum.unchanged,
	    s->spooled, s->sum.rejected);
}

static int
send_stream(struct sender *s, const struct event *defaults)
{
	struct stream st = { .s = s, .defaults = defaults };

	calendar_use_zone(NULL);
	if (stream_alloc(&st) != 0)
		st.rc = EXIT_SYSTEM;
	while (st.rc == EXIT_OK) {
		take_lines(&st);
		if (st.rc != EXIT_OK || st.in.is_over)
			break;
		if (st.b.n > 0 && would_block())
			flush_batch(&st);
		if (st.rc == EXIT_OK)
			read_input(&st);
	}
	/* Strict or not: what was good before the end is sent. */
	flush_batch(&st);
	print_summary(&st);
	stream_release(&st);
	return st.rc == EXIT_OK && s->sum.rejected > 0 ? EXIT_REFUSED : st.rc;
}

/* Options may say what all lines have in common, not what one call used. */
static bool
is_common(const struct event *ev)
{
	int i;

	for (i = 0; i < EV_COUNTS; i++)
		if (ev->count[i] != 0)
			return false;
	return ev->text[EV_MESSAGE].len == 0 && ev->text[EV_CALL].len == 0 &&
	       ev->text[EV_REQUEST].len == 0 && ev->ts_ms == 0 &&
	       !ev->has_cost && !ev->copied && !ev->is_void &&
	       ev->rank == EVENT_RANK_DEFAULT;
}

static int
send_all(struct sender *s, bool from_stdin)
{
	struct event ev;
	char why[256];

	if (event_from_options(s->o, &ev) != 0)
		return EXIT_USAGE;
	if (from_stdin && !is_common(&ev)) {
		complain(NAME, "with - options are for all lines: no ids, "
			       "times, counts, costs or flags of one call");
		return EXIT_USAGE;
	}
	if (places_find(&s->places, why, sizeof(why)) != 0) {
		complain(NAME, "%s", why);
		return EXIT_SYSTEM;
	}
	return from_stdin ? send_stream(s, &ev) : send_one(s, &ev);
}

int
main(int argc, char **argv)
{
	struct send_options o = {
		.rank = EVENT_RANK_DEFAULT, .connect_ms = 50, .ack_ms = 2000
	};
	struct sender s = { .o = &o };
	bool done, from_stdin;
	int nargs, rc;

	if (options_parse(&program, &o, argc, argv, &nargs, &done) != 0)
		return EXIT_USAGE;
	if (done)
		return output_finish(NAME) == 0 ? EXIT_OK : EXIT_SYSTEM;
	from_stdin = nargs == 1 && strcmp(argv[1], "-") == 0;
	if (nargs > 0 && !from_stdin) {
		complain(NAME, "what is \"%s\"? (see tt-send --help)",
		    argv[strcmp(argv[1], "-") == 0 ? 2 : 1]);
		return EXIT_USAGE;
	}
	client_init(&s.client);
	rc = send_all(&s, from_stdin);
	if (o.json && !o.dry_run && rc != EXIT_USAGE)
		json_finish(&s);
	if (output_finish(NAME) != 0 && rc == EXIT_OK)
		rc = EXIT_SYSTEM;
	client_close(&s.client);
	packer_free(&s.request);
	return rc;
}
