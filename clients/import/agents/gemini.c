/*
 * Gemini CLI: chats/session-*.jsonl, an appended log, and the session-*.json
 * that older versions wrote. A resumed old session is copied into a log and the
 * document stays, so both give the same ids. What a log takes back ($rewindTo)
 * was spent all the same, and checkpoints ($set.messages) only repeat.
 *
 * The statistics of headless runs (-o json) repeat what their session says.
 */
#include "clients/import/agents.h"

#include <stdlib.h>

#include "clients/import/agents/beside.h"
#include "clients/import/agents/google.h"
#include "clients/import/agents/kept.h"
#include "proto/lang.h"

/* Ids at least this long are random, others may come again. */
#define GLOBAL_ID_MIN 16u
#define HASH_NAME_LEN 64u

struct gemini_state {
	bool is_begun;
	bool is_subagent;
	struct kept session;
	struct kept parent;
	struct kept project;
};

static void
gemini_roots(struct roots *r)
{
	const char *home;

	if (roots_add_env(r, "GEMINI_DATA_DIR", NULL))
		return;
	home = roots_base(r, "GEMINI_CLI_HOME", "");
	if (home != NULL)
		roots_add_below(r, home, ".gemini/tmp");
}

/*
 * Beside the chats are the prompts as typed, checkpoints of the tree and more,
 * none of which holds usage.
 */
static bool
is_chat(const char *rel)
{
	struct text path = text_of(rel), base = path_base(path);

	return base.len == path.len || strncmp(rel, "chats/", 6) == 0 ||
	       strstr(rel, "/chats/") != NULL ||
	       strncmp(base.p, "session-", 8) == 0;
}

static int
gemini_kind(const char *rel)
{
	if (!is_chat(rel))
		return -1;
	if (path_ends(text_of(rel), ".jsonl"))
		return IMPORT_LINES;
	return path_ends(text_of(rel), ".json") ? IMPORT_DOCUMENT : -1;
}

static bool
has(const char *line, size_t len, const char *word)
{
	return memmem(line, len, word, strlen(word)) != NULL;
}

static bool
gemini_wants(const char *line, size_t len)
{
	return has(line, len, "\"tokens\"") ||
	       has(line, len, "\"sessionId\"") ||
	       has(line, len, "\"directories\"");
}

/* --- What the place says ---------------------------------------------------
 */

/* Folders are named after the project, once after a hash of its path. */
static void
take_folder(struct source *s, struct gemini_state *st, struct text folder)
{
	size_t len;
	char *p = beside_read(folder, ".project_root", &len);
	struct text name = path_base(folder);

	if (p != NULL) {
		len = strcspn(p, "\r\n");
		kept_set(&st->project, source_text(s, p, len));
		free(p);
	} else if (name.len != HASH_NAME_LEN) {
		kept_set(&st->project, source_text(s, name.p, name.len));
	}
}

/* folder/chats/file, or a subagent's folder/chats/parent/file. */
static void
begin(struct source *s, struct gemini_state *st)
{
	struct text dir = path_dir(text_of(s->path));
	struct text name = path_stem(text_of(s->path), ".json");

	if (st->is_begun)
		return;
	st->is_begun = true;
	kept_set(&st->session, source_text(s, name.p, name.len));
	if (text_is(path_base(path_dir(dir)), "chats")) {
		name = path_base(dir);
		kept_set(&st->parent, source_text(s, name.p, name.len));
		st->is_subagent = true;
		dir = path_dir(dir);
	}
	if (text_is(path_base(dir), "chats"))
		take_folder(s, st, path_dir(dir));
}

/* --- What it holds ---------------------------------------------------------
 */

static void
take_metadata(
    struct source *s, struct gemini_state *st, const struct json_node *obj)
{
	const struct json_node *dirs = json_get(&s->json, obj, "directories");

	kept_set(&st->session, source_member(s, obj, "sessionId"));
	if (text_is(source_member(s, obj, "kind"), "subagent"))
		st->is_subagent = true;
	if (st->project.len == 0 && dirs != NULL && dirs->type == JSON_ARRAY)
		kept_set(
		    &st->project, source_string(s, json_first(&s->json, dirs)));
}

static void
take_tokens(struct source *s, const struct json_node *tokens, struct event *ev)
{
	struct google_usage u = {
		.prompt = source_member_count(s, tokens, "input"),
		.cached = source_member_count(s, tokens, "cached"),
		.answer = source_member_count(s, tokens, "output"),
		.thoughts = source_member_count(s, tokens, "thoughts"),
		.tool = source_member_count(s, tokens, "tool"),
		.total = source_member_count(s, tokens, "total"),
	};

	google_counts(&u, THOUGHTS_BESIDE, ev);
}

static int
take_message(struct source *s, const struct gemini_state *st,
    const struct json_node *msg)
{
	const struct json_node *tokens = json_get(&s->json, msg, "tokens");
	struct event ev;
	struct text id;

	if (tokens == NULL || tokens->type != JSON_OBJECT)
		return 0;
	source_event_init(s, &ev);
	id = source_member(s, msg, "id");
	ev.text[EV_SESSION] = kept_get(&st->session);
	ev.text[EV_MESSAGE] = id;
	if (id.len >= GLOBAL_ID_MIN)
		ev.text[EV_CALL] =
		    source_textf(s, "gemini:%.*s", (int)id.len, id.p);
	ev.text[EV_PROVIDER] = TEXT("google");
	ev.text[EV_MODEL] = source_member(s, msg, "model");
	ev.text[EV_PROJECT] = kept_get(&st->project);
	if (st->is_subagent)
		ev.text[EV_KIND] = TEXT("subagent");
	if (!text_eq(kept_get(&st->parent), kept_get(&st->session)))
		ev.text[EV_PARENT_SESSION] = kept_get(&st->parent);
	ev.ts_ms = source_time(s, json_get(&s->json, msg, "timestamp"));
	if (ev.ts_ms == 0)
		ev.ts_ms = s->mtime_ms;
	take_tokens(s, tokens, &ev);
	return source_event(s, &ev);
}

static int
take_messages(struct source *s, const struct gemini_state *st,
    const struct json_node *list)
{
	const struct json_node *msg;

	if (list == NULL || list->type != JSON_ARRAY)
		return 0;
	for (msg = json_first(&s->json, list); msg != NULL;
	     msg = json_next(&s->json, list, msg))
		if (take_message(s, st, msg) != 0)
			return -1;
	return 0;
}

/* A line or a document: metadata, a message, or metadata with messages. */
static int
take(struct source *s, const char *text, size_t len)
{
	struct gemini_state *st = s->state;
	const struct json_node *root, *set;

	begin(s, st);
	if (json_parse(&s->json, text, len) != 0) {
		source_odd(s, N_("not JSON"));
		return 0;
	}
	root = s->json.nodes;
	set = json_get(&s->json, root, "$set");
	take_metadata(s, st, root);
	take_metadata(s, st, set);
	if (take_message(s, st, root) != 0)
		return -1;
	if (take_messages(s, st, json_get(&s->json, root, "messages")) != 0)
		return -1;
	return take_messages(s, st, json_get(&s->json, set, "messages"));
}

const struct import_agent import_gemini = {
	.name = "gemini",
	.agent = "gemini-cli",
	.version = 1,
	.state_size = sizeof(struct gemini_state),
	.find_roots = gemini_roots,
	.kind_of = gemini_kind,
	.wants_line = gemini_wants,
	.take_line = take,
	.take_document = take,
};
