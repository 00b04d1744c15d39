/*
 * Copilot's telemetry, a record a line. One call is told up to four times: by
 * the span of the chat, by a log record of the inference, by one of the
 * agent's turn and by the span of the agent's whole run. The first two name
 * the same response (or span) and so are one event by its ids. The other two
 * count only where a trace has no calls: they add up to one event for the
 * trace, which carries the trace as its request and no call. If calls turn up
 * after all, the ledger lets such an event count nothing.
 *
 * The session's own log ends with what the session used, these calls
 * included. Both must not count, and neither file knows of the other's
 * contents. So the session's log, where there is one, is what counts.
 */
#include "clients/import/agents/copilot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define NAMES_MAX 6

enum lane { LANE_NONE, LANE_CALL, LANE_TURN, LANE_RUN };

struct record {
	const struct json_node *node, *attributes;
	enum lane lane;
	struct text trace, span, response, session;
	uint64_t n[COPILOT_CLASSES];
};

/* The first of them that is there. */
static const struct json_node *
first_of(const struct source *s, const struct json_node *obj,
    const char *const names[NAMES_MAX])
{
	const struct json_node *node;

	for (int i = 0; i < NAMES_MAX && names[i] != NULL; i++) {
		node = json_get(&s->json, obj, names[i]);
		if (node != NULL && node->type != JSON_NULL)
			return node;
	}
	return NULL;
}

static struct text
text_of_first(struct source *s, const struct json_node *obj,
    const char *const names[NAMES_MAX])
{
	return source_string(s, first_of(s, obj, names));
}

static bool
begins(struct text t, const char *prefix)
{
	size_t n = strlen(prefix);

	return t.len >= n && memcmp(t.p, prefix, n) == 0;
}

/* --- What a record is ---------------------------------------------------- */

static bool
is_span(struct source *s, const struct json_node *record)
{
	static const char *const marks[NAMES_MAX] = { "spanId", "traceId",
		"startTime", "endTime", "kind" };
	struct text type = source_member(s, record, "type");

	if (type.len > 0)
		return text_is(type, "span");
	/* VS Code leaves the type out; its log records have no name. */
	return source_member(s, record, "name").len > 0 &&
	       first_of(s, record, marks) != NULL;
}

static enum lane
lane_of_span(struct source *s, const struct record *r)
{
	static const struct {
		const char *operation, *name;
		enum lane lane;
	} spans[] = {
		{ "chat", "chat ", LANE_CALL },
		{ "text_completion", "text_completion ", LANE_CALL },
		{ "generate_content", "generate_content ", LANE_CALL },
		{ "invoke_agent", "invoke_agent ", LANE_RUN },
	};
	struct text op =
	    source_member(s, r->attributes, "gen_ai.operation.name");
	struct text name = source_member(s, r->node, "name");

	for (size_t i = 0; i < LENGTH(spans); i++)
		if (op.len > 0 ? text_is(op, spans[i].operation)
			       : begins(name, spans[i].name))
			return spans[i].lane;
	return LANE_NONE;
}

static enum lane
lane_of_log(struct source *s, const struct record *r)
{
	static const char *const bodies[NAMES_MAX] = { "body", "_body" };
	static const struct {
		const char *event, *body;
		enum lane lane;
	} logs[] = {
		{ "gen_ai.client.inference.operation.details",
		    "GenAI inference:", LANE_CALL },
		{ "copilot_chat.agent.turn", "copilot_chat.agent.turn",
		    LANE_TURN },
	};
	struct text event = source_member(s, r->attributes, "event.name");
	struct text body = text_of_first(s, r->node, bodies);

	for (size_t i = 0; i < LENGTH(logs); i++)
		if (text_is(event, logs[i].event) ||
		    (event.len == 0 && begins(body, logs[i].body)))
			return logs[i].lane;
	return LANE_NONE;
}

static struct text
id_of(struct source *s, const struct json_node *record,
    const char *const names[NAMES_MAX])
{
	struct text t = text_of_first(s, record, names);

	if (t.len > 0)
		return t;
	return text_of_first(
	    s, json_get(&s->json, record, "spanContext"), names);
}

static struct text
session_of(struct source *s, const struct record *r)
{
	static const char *const names[NAMES_MAX] = { "gen_ai.conversation.id",
		"copilot_chat.session_id", "copilot_chat.chat_session_id",
		"session.id", "github.copilot.interaction_id" };
	struct text t = text_of_first(s, r->attributes, names);

	if (t.len > 0)
		return t;
	return r->trace.len > 0 ? r->trace : r->response;
}

static void
count_classes(struct source *s, struct record *r)
{
	static const char *const names[COPILOT_CLASSES][NAMES_MAX] = {
		[COPILOT_INPUT] = { "gen_ai.usage.input_tokens" },
		[COPILOT_CACHE_READ] = { "gen_ai.usage.cache_read.input_tokens",
		    "gen_ai.usage.cache_read_input_tokens" },
		[COPILOT_CACHE_WRITE] = { "gen_ai.usage.cache_creation.input_"
					  "tokens",
		    "gen_ai.usage.cache_write.input_tokens",
		    "gen_ai.usage.cache_creation_input_tokens",
		    "gen_ai.usage.cache_write_input_tokens" },
		[COPILOT_OUTPUT] = { "gen_ai.usage.output_tokens" },
		[COPILOT_REASONING] = { "gen_ai.usage.reasoning.output_tokens",
		    "gen_ai.usage.reasoning_tokens" },
	};

	for (int i = 0; i < COPILOT_CLASSES; i++)
		r->n[i] = source_count(s, first_of(s, r->attributes, names[i]));
	copilot_make_disjoint(r->n);
}

static void
read_record(struct source *s, struct record *r)
{
	static const char *const traces[NAMES_MAX] = { "traceId", "trace_id" };
	static const char *const spans[NAMES_MAX] = { "spanId", "span_id" };

	*r = (struct record){ .node = s->json.nodes };
	r->attributes = json_get(&s->json, r->node, "attributes");
	if (r->attributes == NULL || r->attributes->type != JSON_OBJECT)
		return;
	r->lane = is_span(s, r->node) ? lane_of_span(s, r) : lane_of_log(s, r);
	if (r->lane == LANE_NONE)
		return;
	r->trace = id_of(s, r->node, traces);
	r->span = id_of(s, r->node, spans);
	r->response = source_member(s, r->attributes, "gen_ai.response.id");
	r->session = session_of(s, r);
	count_classes(s, r);
}

/* A time is a text, a number of any unit, or [seconds, nanoseconds]. */
static int64_t
time_of(const struct source *s, const struct json_node *node)
{
	const struct json_node *first, *second;
	uint64_t v;

	if (node == NULL)
		return 0;
	if (node->type == JSON_ARRAY) {
		first = json_first(&s->json, node);
		if (first == NULL)
			return 0;
		second = json_next(&s->json, node, first);
		v = source_count(s, first);
		return v > UINT32_MAX
			   ? 0
			   : (int64_t)(v * 1000 + source_count(s, second) /
						      1000000 % 1000);
	}
	v = source_count(s, node);
	if (v >= UINT64_C(100000000000000000))
		return (int64_t)(v / 1000000);
	if (v >= UINT64_C(100000000000000))
		return (int64_t)(v / 1000);
	return source_time(s, node);
}

static int64_t
ts_of(const struct source *s, const struct record *r)
{
	static const char *const names[] = { "endTime", "end_time",
		"endTimeUnixNano", "hrTime", "time", "timestamp", "startTime",
		"observedTimestamp", "hrTimeObserved" };
	int64_t ms;

	for (size_t i = 0; i < LENGTH(names); i++) {
		ms = time_of(s, json_get(&s->json, r->node, names[i]));
		if (ms > 0)
			return ms;
	}
	return s->mtime_ms;
}

/* --- Who else counts it -------------------------------------------------- */

static bool
has_log(const char *base, size_t base_len, struct text session)
{
	char path[4096];
	struct stat st;
	int n;

	n = snprintf(path, sizeof(path), "%.*s/session-state/%.*s/events.jsonl",
	    (int)base_len, base, (int)session.len, session.p);
	return n > 0 && (size_t)n < sizeof(path) && stat(path, &st) == 0;
}

static bool
in_home(struct text session)
{
	const char *dir = getenv("COPILOT_HOME"), *home = getenv("HOME");
	char path[4096];
	int n;

	if (dir != NULL && dir[0] != '\0')
		return has_log(dir, strcspn(dir, ","), session);
	if (home == NULL)
		return false;
	n = snprintf(path, sizeof(path), "%s/.copilot", home);
	return n > 0 && (size_t)n < sizeof(path) &&
	       has_log(path, (size_t)n, session);
}

/* Is there a log of the session's own: below or beside the root, or at home? */
static bool
session_has_log(struct source *s, const struct record *r)
{
	struct text id =
	    source_member(s, r->attributes, "gen_ai.conversation.id");
	const char *slash = strrchr(s->root, '/');

	if (id.len == 0 || id.p[0] == '.' || memchr(id.p, '/', id.len) != NULL)
		return false;
	return has_log(s->root, strlen(s->root), id) ||
	       (slash != NULL &&
		   has_log(s->root, (size_t)(slash - s->root), id)) ||
	       in_home(id);
}

static struct copilot_trace *
find_trace(struct copilot_otel *o, struct text name)
{
	uint64_t id = source_hash(name.p, name.len);
	struct copilot_trace *t;

	if (name.len == 0)
		return NULL;
	for (int i = 0; i < COPILOT_TRACES; i++)
		if (o->traces[i].id == id)
			return &o->traces[i];
	t = &o->traces[o->next_trace++ % COPILOT_TRACES];
	*t = (struct copilot_trace){ .id = id };
	return t;
}

static bool
knows_response(const struct copilot_otel *o, struct text name)
{
	uint64_t id = source_hash(name.p, name.len);

	for (int i = 0; name.len > 0 && i < COPILOT_RESPONSES; i++)
		if (o->responses[i] == id)
			return true;
	return false;
}

static void
keep_response(struct copilot_otel *o, struct text name)
{
	if (name.len > 0 && !knows_response(o, name))
		o->responses[o->next_response++ % COPILOT_RESPONSES] =
		    source_hash(name.p, name.len);
}

/* --- Events -------------------------------------------------------------- */

/* For a record without any id: the same bytes are the same record. */
static struct text
id_of_bytes(struct source *s, const struct record *r)
{
	return source_textf(s, "record-%016" PRIx64,
	    source_hash(json_raw(&s->json, r->node), r->node->len));
}

static void
name_call(struct source *s, const struct record *r, struct event *ev)
{
	struct text own = r->response.len > 0 ? r->response : r->span;

	if (r->response.len > 0)
		ev->text[EV_MESSAGE] = r->response;
	if (event_call_is_global(r->response))
		ev->text[EV_CALL] = r->response;
	if (r->trace.len > 0 && own.len > 0) {
		/* A trace's name is random enough to be global. */
		struct text within = source_textf(s, "%.*s/%.*s",
		    (int)r->trace.len, r->trace.p, (int)own.len, own.p);

		if (ev->text[EV_CALL].len == 0)
			ev->text[EV_CALL] = within;
		if (ev->text[EV_MESSAGE].len == 0)
			ev->text[EV_MESSAGE] = within;
		ev->text[EV_REQUEST] = r->trace;
	}
	if (ev->text[EV_MESSAGE].len == 0)
		ev->text[EV_MESSAGE] = id_of_bytes(s, r);
}

/* The trace's account: turns add up, a run states its whole. */
static void
name_account(struct source *s, const struct record *r, struct copilot_trace *t,
    struct event *ev)
{
	if (t == NULL) {
		ev->text[EV_MESSAGE] = id_of_bytes(s, r);
		copilot_fill(ev, r->n);
		return;
	}
	for (int i = 0; i < COPILOT_CLASSES; i++) {
		if (r->lane == LANE_TURN)
			t->n[i] += r->n[i];
		else if (t->n[i] < r->n[i])
			t->n[i] = r->n[i];
	}
	ev->text[EV_MESSAGE] =
	    source_textf(s, "trace-%.*s", (int)r->trace.len, r->trace.p);
	ev->text[EV_REQUEST] = r->trace;
	copilot_fill(ev, t->n);
}

static bool
has_tokens(const struct record *r)
{
	for (int i = 0; i < COPILOT_CLASSES; i++)
		if (r->n[i] > 0)
			return true;
	return false;
}

int
copilot_otel_take(struct source *s, struct copilot_otel *o)
{
	static const char *const models[NAMES_MAX] = { "gen_ai.response.model",
		"gen_ai.request.model" };
	struct copilot_trace *t;
	struct record r;
	struct event ev;

	read_record(s, &r);
	if (r.lane == LANE_NONE || !has_tokens(&r))
		return 0;
	t = find_trace(o, r.trace);
	if (r.lane == LANE_CALL) {
		if (t != NULL)
			t->has_calls = 1;
		keep_response(o, r.response);
	} else if ((t != NULL && t->has_calls) ||
		   knows_response(o, r.response)) {
		return 0;
	}
	if (session_has_log(s, &r))
		return 0;
	source_event_init(s, &ev);
	ev.text[EV_SOURCE] = TEXT("otel");
	ev.text[EV_PROVIDER] = TEXT("github-copilot");
	ev.text[EV_SESSION] = r.session;
	ev.text[EV_MODEL] = text_of_first(s, r.attributes, models);
	ev.ts_ms = ts_of(s, &r);
	if (r.lane == LANE_CALL) {
		name_call(s, &r, &ev);
		copilot_fill(&ev, r.n);
	} else {
		name_account(s, &r, t, &ev);
	}
	return source_event(s, &ev);
}
