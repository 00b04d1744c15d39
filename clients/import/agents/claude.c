/*
 * Claude Code: a line of JSON for each part of a reply, in
 * projects/FOLDER/SESSION.jsonl and, of the agents that a session starts,
 * below FOLDER/SESSION/subagents/. All lines of a reply have its id, which it
 * keeps where another session takes the lines over.
 */
#include "clients/import/agents.h"
#include "clients/import/fields.h"
#include "clients/import/find.h"
#include "clients/import/roots.h"
#include "proto/lang.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define PROJECTS "projects"
#define SUBAGENTS "subagents"
#define WORD_MAX 32 /* the longest that means something to us, and more */

/* What the place of a file says. */
struct place {
	struct text session; /* whose file, or whose agent's file it is */
	bool is_agent;
};

static bool
text_ends(struct text t, const char *end)
{
	size_t len = strlen(end);

	return t.len >= len && memcmp(t.p + t.len - len, end, len) == 0;
}

static bool
text_begins(struct text t, const char *start)
{
	size_t len = strlen(start);

	return t.len >= len && memcmp(t.p, start, len) == 0;
}

/* A directory of the configuration, or its projects themselves. */
static void
add_config_dir(struct roots *r, const char *dir)
{
	if (text_ends(text_of(dir), "/" PROJECTS))
		roots_add(r, dir);
	else
		roots_add_below(r, dir, PROJECTS);
}

static void
find_roots(struct roots *r)
{
	struct roots dirs = { 0 };
	size_t i;

	if (!roots_add_env(&dirs, "CLAUDE_CONFIG_DIR", NULL)) {
		roots_add_below(&dirs,
		    roots_base(&dirs, "XDG_CONFIG_HOME", ".config"), "claude");
		roots_add(&dirs, "~/.claude");
	}
	for (i = 0; i < dirs.n; i++)
		add_config_dir(r, dirs.paths[i]);
	r->failed |= dirs.failed;
	roots_release(&dirs);
}

static const char *
base_of(const char *rel)
{
	const char *slash = strrchr(rel, '/');

	return slash != NULL ? slash + 1 : rel;
}

/* journal.jsonl tells how agents were put to work, with what they used. */
static int
kind_of(const char *rel)
{
	if (!text_ends(text_of(rel), ".jsonl") ||
	    strcmp(base_of(rel), "journal.jsonl") == 0 ||
	    strstr(rel, "/tool-results/") != NULL)
		return -1;
	return IMPORT_LINES;
}

/* The component of the path before that end of it. */
static struct text
component_before(const char *rel, const char *end)
{
	const char *p = end;

	while (p > rel && p[-1] != '/')
		p--;
	return (struct text){ p, (uint32_t)(end - p) };
}

static struct place
place_of(const char *rel)
{
	const char *below = strstr(rel, "/" SUBAGENTS "/");
	const char *base = base_of(rel);
	struct place at = { { NULL, 0 }, true };

	if (below != NULL)
		at.session = component_before(rel, below);
	else if (!text_begins(text_of(base), "agent-"))
		at = (struct place){
			{ base, (uint32_t)(strlen(base) - strlen(".jsonl")) },
			false
		};
	return at;
}

/* --- One line ------------------------------------------------------------- */

enum line_field {
	SIDECHAIN,
	CWD,
	SESSION,
	BRANCH,
	MESSAGE,
	REQUEST,
	TYPE,
	UUID,
	TIMESTAMP,
	COST,
	DATA,
	LINE_FIELDS
};
static const struct text line_names[LINE_FIELDS] = {
	[SIDECHAIN] = FIELD("isSidechain"),
	[CWD] = FIELD("cwd"),
	[SESSION] = FIELD("sessionId"),
	[BRANCH] = FIELD("gitBranch"),
	[MESSAGE] = FIELD("message"),
	[REQUEST] = FIELD("requestId"),
	[TYPE] = FIELD("type"),
	[UUID] = FIELD("uuid"),
	[TIMESTAMP] = FIELD("timestamp"),
	[COST] = FIELD("costUSD"),
	[DATA] = FIELD("data"),
};

enum message_field { MODEL, ID, USAGE, MESSAGE_FIELDS };
static const struct text message_names[MESSAGE_FIELDS] = {
	[MODEL] = FIELD("model"),
	[ID] = FIELD("id"),
	[USAGE] = FIELD("usage"),
};

enum usage_field {
	INPUT,
	CACHE_WRITE,
	CACHE_READ,
	CACHE_PARTS,
	OUTPUT,
	OUTPUT_PARTS,
	TOOLS,
	TIER,
	SPEED,
	GEO,
	ITERATIONS,
	USAGE_FIELDS
};
static const struct text usage_names[USAGE_FIELDS] = {
	[INPUT] = FIELD("input_tokens"),
	[CACHE_WRITE] = FIELD("cache_creation_input_tokens"),
	[CACHE_READ] = FIELD("cache_read_input_tokens"),
	[CACHE_PARTS] = FIELD("cache_creation"),
	[OUTPUT] = FIELD("output_tokens"),
	[OUTPUT_PARTS] = FIELD("output_tokens_details"),
	[TOOLS] = FIELD("server_tool_use"),
	[TIER] = FIELD("service_tier"),
	[SPEED] = FIELD("speed"),
	[GEO] = FIELD("inference_geo"),
	[ITERATIONS] = FIELD("iterations"),
};

/* The parts of a line that an event is made of. */
struct entry {
	const struct json_node *line[LINE_FIELDS];
	/* Of what has the request and the time: the line, or one within it. */
	const struct json_node *reply[LINE_FIELDS];
	const struct json_node *message[MESSAGE_FIELDS];
	const struct json_node *usage[USAGE_FIELDS];
	bool is_agent;
};

/* Some write "<" as \u003c. */
static bool
escaped_is(const struct source *s, const struct json_node *n, const char *value)
{
	char buf[WORD_MAX];
	int len = json_string(&s->json, n, buf, sizeof(buf));

	return len >= 0 && text_is((struct text){ buf, (uint32_t)len }, value);
}

static inline bool
string_is(const struct source *s, const struct json_node *n, const char *value)
{
	if (n == NULL || n->type != JSON_STRING)
		return false;
	if (n->escaped)
		return escaped_is(s, n, value);
	return text_is((struct text){ json_raw(&s->json, n), n->len }, value);
}

/* What an agent said, which some versions pass on as progress. */
static bool
find_progress(const struct source *s, struct entry *e)
{
	const struct json_node *data = e->line[DATA];

	if (!string_is(s, e->line[TYPE], "progress") ||
	    !string_is(s, json_get(&s->json, data, "type"), "agent_progress"))
		return false;
	fields_find(&s->json, json_get(&s->json, data, "message"), line_names,
	    LINE_FIELDS, e->reply);
	e->is_agent = true;
	return true;
}

/*
 * A reply, of the session or an agent. Results of tools have usage too, which
 * is counted where it arose.
 */
static bool
find_entry(const struct source *s, struct entry *e)
{
	const struct json *j = &s->json;

	e->is_agent = false;
	fields_find(j, &j->nodes[0], line_names, LINE_FIELDS, e->line);
	if (string_is(s, e->line[TYPE], "assistant"))
		memcpy(e->reply, e->line, sizeof(e->reply));
	else if (!find_progress(s, e))
		return false;
	fields_find(
	    j, e->reply[MESSAGE], message_names, MESSAGE_FIELDS, e->message);
	if (e->message[USAGE] == NULL || e->message[USAGE]->type != JSON_OBJECT)
		return false;
	fields_find(j, e->message[USAGE], usage_names, USAGE_FIELDS, e->usage);
	return !string_is(s, e->message[MODEL], "<synthetic>");
}

/*
 * An id of Anthropic's is good everywhere. Others may be used again in other
 * sessions, where only the request tells what is a copy. A reply without an id
 * has its request's, or the line's.
 */
static void
set_ids(struct source *s, const struct entry *e, struct event *ev)
{
	struct text *t = ev->text;

	t[EV_MESSAGE] = source_string(s, e->message[ID]);
	t[EV_REQUEST] = source_string(s, e->reply[REQUEST]);
	if (text_begins(t[EV_MESSAGE], "msg_") &&
	    event_call_is_global(t[EV_MESSAGE]))
		t[EV_CALL] = t[EV_MESSAGE];
	if (t[EV_MESSAGE].len == 0)
		t[EV_MESSAGE] = t[EV_REQUEST];
	if (t[EV_MESSAGE].len == 0)
		t[EV_MESSAGE] = source_string(s, e->reply[UUID]);
	if (t[EV_MESSAGE].len == 0)
		t[EV_MESSAGE] = source_string(s, e->line[UUID]);
}

static void
set_session(struct source *s, const struct entry *e, struct event *ev)
{
	struct place at = place_of(s->rel);
	struct text *t = ev->text;
	bool is_agent =
	    e->is_agent || at.is_agent || source_true(s, e->reply[SIDECHAIN]);

	t[EV_SESSION] = source_string(s, e->line[SESSION]);
	at.session = source_text(s, at.session.p, at.session.len);
	if (t[EV_SESSION].len == 0)
		t[EV_SESSION] = at.session;
	else if (at.is_agent && !text_eq(t[EV_SESSION], at.session))
		t[EV_PARENT_SESSION] = at.session;
	t[EV_KIND] = is_agent ? TEXT("subagent") : TEXT("main");
	t[EV_PROJECT] = source_string(s, e->line[CWD]);
	t[EV_BRANCH] = source_string(s, e->line[BRANCH]);
}

static void
set_model(struct text model, struct event *ev)
{
	char name[LIMIT_TEXT];
	struct text t = model;

	ev->text[EV_MODEL] = model;
	if (!text_begins(t, "claude"))
		t = (struct text){ name,
			(uint32_t)event_canonical_model(model, name) };
	if (text_begins(t, "claude"))
		ev->text[EV_PROVIDER] = TEXT("anthropic");
	else
		ev->text[EV_PROVIDER] = (struct text){ NULL, 0 };
}

/* When it was said; else when something was written last. */
static int64_t
time_of(const struct source *s, const struct entry *e)
{
	int64_t ms = source_time(s, e->reply[TIMESTAMP]);

	if (ms == 0)
		ms = source_time(s, e->line[TIMESTAMP]);
	return ms != 0 ? ms : s->mtime_ms;
}

/* --- Usage ---------------------------------------------------------------- */

/* Either the sum or its two parts may be missing or too small. */
static void
set_cache_writes(const struct source *s,
    const struct json_node *const usage[USAGE_FIELDS], struct event *ev)
{
	const struct json_node *parts = usage[CACHE_PARTS];
	uint64_t whole = source_count(s, usage[CACHE_WRITE]);
	uint64_t hour =
	    source_member_count(s, parts, "ephemeral_1h_input_tokens");
	uint64_t minutes =
	    source_member_count(s, parts, "ephemeral_5m_input_tokens");

	/* No sum of what cannot be anyway. */
	if (hour <= LIMIT_TOKENS && minutes <= LIMIT_TOKENS &&
	    hour + minutes > whole)
		whole = hour + minutes;
	ev->count[EV_CACHE_WRITE] = whole;
	ev->count[EV_CACHE_WRITE_1H] = hour;
}

static void
set_counts(const struct source *s,
    const struct json_node *const usage[USAGE_FIELDS], struct event *ev)
{
	uint64_t *n = ev->count;

	n[EV_INPUT] = source_count(s, usage[INPUT]);
	n[EV_CACHE_READ] = source_count(s, usage[CACHE_READ]);
	n[EV_OUTPUT] = source_count(s, usage[OUTPUT]);
	n[EV_REASONING] =
	    source_member_count(s, usage[OUTPUT_PARTS], "thinking_tokens");
	if (n[EV_REASONING] > n[EV_OUTPUT])
		n[EV_REASONING] = n[EV_OUTPUT];
	n[EV_WEB_SEARCHES] =
	    source_member_count(s, usage[TOOLS], "web_search_requests");
	set_cache_writes(s, usage, ev);
}

/* How it was served, as far as it bears on the price. */
static void
set_service(struct source *s, const struct json_node *const usage[USAGE_FIELDS],
    struct event *ev)
{
	static const char *const tiers[] = { "standard", "batch", "priority",
		"flex" };
	size_t i;

	for (i = 0; i < LENGTH(tiers) && ev->text[EV_TIER].len == 0; i++)
		if (string_is(s, usage[TIER], tiers[i]))
			ev->text[EV_TIER] = text_of(tiers[i]);
	if (string_is(s, usage[SPEED], "fast"))
		ev->text[EV_TIER] = TEXT("fast");
	if (!string_is(s, usage[GEO], "not_available"))
		ev->text[EV_GEO] = source_string(s, usage[GEO]);
}

/*
 * A pass of another model or over the conversation's summary, which the reply's
 * own usage leaves out. It is a call of its own; its request is the reply's,
 * but would say that it is the same call.
 */
static int
take_iteration(struct source *s, const struct event *reply,
    const struct json_node *pass, unsigned number)
{
	struct event ev = *reply;
	struct text id = reply->text[EV_MESSAGE];
	const struct json_node *usage[USAGE_FIELDS];
	struct text model = source_member(s, pass, "model");
	const struct json_node *type = json_get(&s->json, pass, "type");

	if (!string_is(s, type, "advisor_message") &&
	    !string_is(s, type, "compaction"))
		return 0;
	id = source_textf(s, "%.*s#i%u", (int)id.len, id.p, number);
	ev.text[EV_MESSAGE] = id;
	if (ev.text[EV_CALL].len > 0)
		ev.text[EV_CALL] = id;
	ev.text[EV_REQUEST] = (struct text){ NULL, 0 };
	if (model.len > 0)
		set_model(model, &ev);
	ev.has_cost = false;
	fields_find(&s->json, pass, usage_names, USAGE_FIELDS, usage);
	set_counts(s, usage, &ev);
	return source_event(s, &ev);
}

static int
take_iterations(
    struct source *s, const struct entry *e, const struct event *reply)
{
	const struct json_node *list = e->usage[ITERATIONS];
	const struct json_node *pass;
	unsigned number = 0;
	int rc = 0;

	if (list == NULL || list->type != JSON_ARRAY)
		return 0;
	for (pass = json_first(&s->json, list); pass != NULL && rc == 0;
	     pass = json_next(&s->json, list, pass))
		rc = take_iteration(s, reply, pass, number++);
	return rc;
}

static int
take_line(struct source *s, const char *line, size_t len)
{
	struct entry e;
	struct event ev;

	if (json_parse(&s->json, line, len) != 0) {
		source_odd(s, N_("not JSON"));
		return 0;
	}
	if (!find_entry(s, &e))
		return 0;
	source_event_init(s, &ev);
	set_ids(s, &e, &ev);
	set_session(s, &e, &ev);
	set_model(source_string(s, e.message[MODEL]), &ev);
	set_counts(s, e.usage, &ev);
	set_service(s, e.usage, &ev);
	ev.ts_ms = time_of(s, &e);
	source_cost(s, e.line[COST], &ev);
	if (source_event(s, &ev) != 0)
		return -1;
	return take_iterations(s, &e, &ev);
}

/* What tools gave back has usage, and is not wanted. */
static bool
wants_line(const char *line, size_t len)
{
	/* "ss" and "_p" are what is rare in them. */
	static const struct needle reply = NEEDLE("\"assistant\"", 2, 3);
	static const struct needle progress =
	    NEEDLE("\"agent_progress\"", 6, 7);

	return needle_find(&reply, line, line + len) != NULL ||
	       needle_find(&progress, line, line + len) != NULL;
}

const struct import_agent import_claude = {
	.name = "claude",
	.agent = "claude-code",
	.version = 1,
	.find_roots = find_roots,
	.kind_of = kind_of,
	.needle = "\"usage\"",
	.wants_line = wants_line,
	.take_line = take_line,
};
