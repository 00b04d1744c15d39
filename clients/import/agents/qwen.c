/*
 * Qwen Code: projects/<project>/chats/<session>.jsonl, one record a line that
 * says all by itself. A branch of a session holds its records again, with the
 * same uuid. The counts of "ui_telemetry" records repeat those of the answers.
 */
#include "clients/import/agents.h"

#include "clients/import/agents/beside.h"
#include "clients/import/agents/google.h"
#include "proto/lang.h"

/* Ids at least this long are random, others may come again. */
#define GLOBAL_ID_MIN 16u

static void
qwen_roots(struct roots *r)
{
	if (roots_add_env(r, "QWEN_DATA_DIR", "projects"))
		return;
	roots_add_env(r, "QWEN_RUNTIME_DIR", "projects");
	if (!roots_add_env(r, "QWEN_HOME", "projects"))
		roots_add(r, "~/.qwen/projects");
}

static int
qwen_kind(const char *rel)
{
	return path_ends(text_of(rel), ".jsonl") ? IMPORT_LINES : -1;
}

static void
take_usage(struct source *s, const struct json_node *usage, struct event *ev)
{
	struct google_usage u = {
		.prompt = source_member_count(s, usage, "promptTokenCount"),
		.cached =
		    source_member_count(s, usage, "cachedContentTokenCount"),
		.answer = source_member_count(s, usage, "candidatesTokenCount"),
		.thoughts = source_member_count(s, usage, "thoughtsTokenCount"),
		.tool =
		    source_member_count(s, usage, "toolUsePromptTokenCount"),
		.total = source_member_count(s, usage, "totalTokenCount"),
	};

	google_counts(&u, THOUGHTS_EITHER, ev);
}

static bool
is_subagent(const struct source *s, const struct json_node *rec)
{
	const struct json_node *id = json_get(&s->json, rec, "agentId");

	return source_true(s, json_get(&s->json, rec, "isSidechain")) ||
	       (id != NULL && id->type == JSON_STRING);
}

static void
take_ids(struct source *s, const struct json_node *rec, struct event *ev)
{
	const struct json_node *from = json_get(&s->json, rec, "forkedFrom");
	struct text name = path_stem(text_of(s->path), ".jsonl");
	struct text id = source_member(s, rec, "uuid");

	ev->text[EV_SESSION] = source_member(s, rec, "sessionId");
	if (ev->text[EV_SESSION].len == 0)
		ev->text[EV_SESSION] = source_text(s, name.p, name.len);
	ev->text[EV_MESSAGE] = id;
	if (id.len >= GLOBAL_ID_MIN)
		ev->text[EV_CALL] =
		    source_textf(s, "qwen:%.*s", (int)id.len, id.p);
	ev->copied = from != NULL && from->type == JSON_OBJECT;
	ev->text[EV_PARENT_SESSION] = source_member(s, from, "sessionId");
}

static int
take_record(struct source *s, const struct json_node *rec)
{
	const struct json_node *usage =
	    json_get(&s->json, rec, "usageMetadata");
	struct event ev;

	if (usage == NULL || usage->type != JSON_OBJECT ||
	    !text_is(source_member(s, rec, "type"), "assistant"))
		return 0;
	source_event_init(s, &ev);
	take_ids(s, rec, &ev);
	ev.text[EV_MODEL] = source_member(s, rec, "model");
	ev.text[EV_PROJECT] = source_member(s, rec, "cwd");
	ev.text[EV_BRANCH] = source_member(s, rec, "gitBranch");
	if (is_subagent(s, rec))
		ev.text[EV_KIND] = TEXT("subagent");
	ev.ts_ms = source_time(s, json_get(&s->json, rec, "timestamp"));
	if (ev.ts_ms == 0)
		ev.ts_ms = s->mtime_ms;
	take_usage(s, usage, &ev);
	return source_event(s, &ev);
}

static int
qwen_line(struct source *s, const char *line, size_t len)
{
	if (json_parse(&s->json, line, len) != 0) {
		source_odd(s, N_("not JSON"));
		return 0;
	}
	return take_record(s, s->json.nodes);
}

const struct import_agent import_qwen = {
	.name = "qwen",
	.agent = "qwen-code",
	.version = 1,
	.find_roots = qwen_roots,
	.kind_of = qwen_kind,
	.needle = "\"usageMetadata\"",
	.take_line = qwen_line,
};
