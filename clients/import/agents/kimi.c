/*
 * Moonshot's two programs, which both write wire.jsonl. kimi-cli, in
 * sessions/<group>/<session>/, tells the usage of a step as often as its
 * status changes, under one id. Kimi Code, in
 * sessions/<group>/<session>/agents/<agent>/, tells each step of a turn in one
 * record without an id.
 */
#include "clients/import/agents.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/import/agents/beside.h"
#include "clients/import/agents/kept.h"
#include "clients/import/agents/toml.h"
#include "proto/lang.h"

/* Ids at least this long are random, others may come again. */
#define GLOBAL_ID_MIN 16u
#define NESTED_MAX 8 /* subagents of subagents */

struct kimi_state {
	bool is_begun;
	bool is_subagent;
	struct kept session;
	struct kept agent;
	struct kept model; /* of the settings: kimi-cli says it nowhere else */
	struct kept project;
};

static void
kimi_roots(struct roots *r)
{
	if (!roots_add_env(r, "KIMI_DATA_DIR", "sessions") &&
	    !roots_add_env(r, "KIMI_SHARE_DIR", "sessions"))
		roots_add(r, "~/.kimi/sessions");
	if (!roots_add_env(r, "KIMI_CODE_HOME", "sessions"))
		roots_add(r, "~/.kimi-code/sessions");
}

static int
kimi_kind(const char *rel)
{
	return text_is(path_base(text_of(rel)), "wire.jsonl") ? IMPORT_LINES
							      : -1;
}

static bool
has(const char *line, size_t len, const char *word)
{
	return memmem(line, len, word, strlen(word)) != NULL;
}

static bool
kimi_wants(const char *line, size_t len)
{
	return has(line, len, "\"token_usage\"") ||
	       has(line, len, "\"usage.record\"");
}

/* --- What the place says ---------------------------------------------------
 */

/* The model that settings name by default, which may be one they describe. */
static void
take_json_model(
    struct source *s, struct kimi_state *st, const char *text, size_t len)
{
	const struct json_node *root, *models;
	struct text name;

	if (json_parse(&s->json, text, len) != 0)
		return;
	root = s->json.nodes;
	kept_set(&st->model, source_member(s, root, "model"));
	name = source_member(s, root, "default_model");
	kept_set(&st->model, name);
	if (name.len == 0)
		return;
	models = json_get(&s->json, root, "models");
	kept_set(&st->model,
	    source_member(s, json_get(&s->json, models, name.p), "model"));
}

static void
take_toml_model(struct source *s, struct kimi_state *st, const char *text)
{
	char name[LIMIT_TEXT + 1], model[LIMIT_TEXT + 1];

	if (!toml_string(text, NULL, NULL, "default_model", name, sizeof(name)))
		return;
	kept_set(&st->model, source_text(s, name, strlen(name)));
	if (toml_string(text, "models", name, "model", model, sizeof(model)))
		kept_set(&st->model, source_text(s, model, strlen(model)));
}

static void
take_settings(struct source *s, struct kimi_state *st, struct text home)
{
	size_t len;
	char *p = beside_read(home, "config.json", &len);

	if (p != NULL)
		take_json_model(s, st, p, len);
	free(p);
	p = beside_read(home, "config.toml", &len);
	if (p != NULL)
		take_toml_model(s, st, p);
	free(p);
}

/* Where Kimi Code worked. */
static void
take_project(struct source *s, struct kimi_state *st, struct text dir)
{
	size_t len;
	char *p = beside_read(dir, "state.json", &len);

	if (p != NULL && json_parse(&s->json, p, len) == 0)
		kept_set(
		    &st->project, source_member(s, s->json.nodes, "workDir"));
	free(p);
}

static void
begin(struct source *s, struct kimi_state *st)
{
	struct text dir = path_dir(text_of(s->path)), above = path_dir(dir);
	struct text name;

	if (st->is_begun)
		return;
	st->is_begun = true;
	if (text_is(path_base(above), "agents") ||
	    text_is(path_base(above), "subagents")) {
		name = path_base(dir);
		kept_set(&st->agent, source_text(s, name.p, name.len));
		st->is_subagent = !text_is(path_base(dir), "main");
		dir = path_dir(above);
	}
	name = path_base(dir);
	kept_set(&st->session, source_text(s, name.p, name.len));
	take_project(s, st, dir);
	take_settings(s, st, path_dir(path_dir(path_dir(dir))));
}

/* --- Usage ------------------------------------------------------------------
 */

static void
event_of(const struct source *s, struct event *ev)
{
	const struct kimi_state *st = s->state;

	source_event_init(s, ev);
	ev->text[EV_SESSION] = kept_get(&st->session);
	ev->text[EV_PROJECT] = kept_get(&st->project);
	if (st->is_subagent)
		ev->text[EV_KIND] = TEXT("subagent");
}

/* A number of the agent, the moment, the model and the counts. */
static uint64_t
fingerprint(const struct kimi_state *st, const struct event *ev)
{
	char buf[4 * LIMIT_TEXT];
	int n = snprintf(buf, sizeof(buf),
	    "%.*s|%" PRId64 "|%.*s|%" PRIu64 "|%" PRIu64 "|%" PRIu64
	    "|%" PRIu64,
	    (int)st->agent.len, st->agent.p, ev->ts_ms,
	    (int)ev->text[EV_MODEL].len,
	    ev->text[EV_MODEL].len > 0 ? ev->text[EV_MODEL].p : "",
	    ev->count[EV_INPUT], ev->count[EV_CACHE_READ],
	    ev->count[EV_CACHE_WRITE], ev->count[EV_OUTPUT]);

	return source_hash(buf, n > 0 ? (size_t)n : 0);
}

/* A step that has no id is itself and no other. Forks keep the time. */
static void
identify(struct source *s, struct event *ev)
{
	uint64_t number = fingerprint(s->state, ev);

	ev->text[EV_MESSAGE] = source_textf(s, "%016" PRIx64, number);
	ev->text[EV_CALL] = source_textf(s, "kimi:%016" PRIx64, number);
}

static void
take_message_id(struct source *s, struct text id, struct event *ev)
{
	ev->text[EV_MESSAGE] = id;
	if (event_call_is_global(id))
		ev->text[EV_CALL] = id;
	else if (id.len >= GLOBAL_ID_MIN)
		ev->text[EV_CALL] =
		    source_textf(s, "kimi:%.*s", (int)id.len, id.p);
}

static int64_t
time_or_file(const struct source *s, const struct json_node *node)
{
	int64_t ms = source_time(s, node);

	return ms != 0 ? ms : s->mtime_ms;
}

/* kimi-cli: a status update with the usage of its step so far. */
static int
take_status(struct source *s, const struct json_node *line,
    const struct json_node *payload, bool is_subagent)
{
	const struct kimi_state *st = s->state;
	const struct json_node *usage =
	    json_get(&s->json, payload, "token_usage");
	struct event ev;
	struct text id;

	if (usage == NULL || usage->type != JSON_OBJECT)
		return 0;
	event_of(s, &ev);
	ev.text[EV_AGENT] = TEXT("kimi-cli");
	ev.text[EV_MODEL] = kept_get(&st->model);
	if (is_subagent)
		ev.text[EV_KIND] = TEXT("subagent");
	ev.ts_ms = time_or_file(s, json_get(&s->json, line, "timestamp"));
	ev.count[EV_INPUT] = source_member_count(s, usage, "input_other");
	ev.count[EV_CACHE_READ] =
	    source_member_count(s, usage, "input_cache_read");
	ev.count[EV_CACHE_WRITE] =
	    source_member_count(s, usage, "input_cache_creation");
	ev.count[EV_OUTPUT] = source_member_count(s, usage, "output");
	ev.count[EV_TOTAL] = source_member_count(s, usage, "total");
	id = source_member(s, payload, "message_id");
	if (id.len > 0)
		take_message_id(s, id, &ev);
	else
		identify(s, &ev);
	return source_event(s, &ev);
}

/* A message, or what a subagent told within one. */
static int
take_message(struct source *s, const struct json_node *line)
{
	const struct json_node *msg = json_get(&s->json, line, "message");
	const struct json_node *payload;
	int depth;

	for (depth = 0; depth < NESTED_MAX; depth++) {
		payload = json_get(&s->json, msg, "payload");
		if (text_is(source_member(s, msg, "type"), "StatusUpdate"))
			return take_status(s, line, payload, depth > 0);
		msg = json_get(&s->json, payload, "event");
	}
	return 0;
}

/* Kimi Code: one step of a turn. */
static int
take_record(struct source *s, const struct json_node *rec)
{
	const struct json_node *usage = json_get(&s->json, rec, "usage");
	struct event ev;

	if (usage == NULL || usage->type != JSON_OBJECT ||
	    !text_is(source_member(s, rec, "usageScope"), "turn"))
		return 0;
	event_of(s, &ev);
	ev.text[EV_MODEL] = source_member(s, rec, "model");
	ev.ts_ms = time_or_file(s, json_get(&s->json, rec, "time"));
	ev.count[EV_INPUT] = source_member_count(s, usage, "inputOther");
	ev.count[EV_CACHE_READ] =
	    source_member_count(s, usage, "inputCacheRead");
	ev.count[EV_CACHE_WRITE] =
	    source_member_count(s, usage, "inputCacheCreation");
	ev.count[EV_OUTPUT] = source_member_count(s, usage, "output");
	identify(s, &ev);
	return source_event(s, &ev);
}

static int
kimi_line(struct source *s, const char *line, size_t len)
{
	const struct json_node *root;

	begin(s, s->state);
	if (json_parse(&s->json, line, len) != 0) {
		source_odd(s, N_("not JSON"));
		return 0;
	}
	root = s->json.nodes;
	if (text_is(source_member(s, root, "type"), "usage.record"))
		return take_record(s, root);
	return take_message(s, root);
}

const struct import_agent import_kimi = {
	.name = "kimi",
	.agent = "kimi-code",
	.version = 1,
	.state_size = sizeof(struct kimi_state),
	.find_roots = kimi_roots,
	.kind_of = kimi_kind,
	.wants_line = kimi_wants,
	.take_line = kimi_line,
};
