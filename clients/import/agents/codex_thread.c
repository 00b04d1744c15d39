/*
 * Whose calls a rollout tells. A fork or a sub-agent may begin with a copy of
 * its parent's lines, as they were or with the time of the copying, and a fork
 * of a fork with those of both. A call belongs to the youngest thread that was
 * there when its turn began.
 */
#include "clients/import/agents/codex.h"

#include <inttypes.h>
#include <stdio.h>

/*
 * Copies are written in one go, milliseconds apart; the first answer of a
 * model to a new turn takes longer than this.
 */
#define COPY_PAUSE_MS 1000
/* An id that is made when a thread begins tells its time this exactly. */
#define ID_TIME_SLACK_MS 60000
#define UUID_LEN 36

void
codex_keep(char *to, size_t cap, struct text t)
{
	if (t.len == 0)
		return;
	if (t.len < cap) {
		memcpy(to, t.p, t.len);
		to[t.len] = '\0';
	} else {
		snprintf(to, cap, "%016" PRIx64, source_hash(t.p, t.len));
	}
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The time in a UUID of version 7; 0: it is none. */
static int64_t
uuid_ms(struct text id)
{
	int64_t ms = 0;
	int i, d;

	if (id.len != UUID_LEN || id.p[8] != '-' || id.p[14] != '7')
		return 0;
	for (i = 0; i < 13; i++) {
		if (i == 8)
			continue;
		d = hex_digit(id.p[i]);
		if (d < 0)
			return 0;
		ms = ms * 16 + d;
	}
	return ms;
}

/* --- The line of descent -------------------------------------------------- */

uint32_t
codex_thread_find(const struct codex_state *st, struct text id)
{
	char key[CODEX_ID_MAX] = "";
	uint32_t i;

	codex_keep(key, sizeof(key), id);
	for (i = 0; i < st->nkin; i++)
		if (strcmp(key, st->kin[i].id) == 0)
			break;
	return i;
}

static void
add_kin(struct codex_state *st, struct text id, int64_t born_ms)
{
	uint32_t at = codex_thread_find(st, id);
	int64_t told = st->ids_tell_time ? uuid_ms(id) : 0;

	if (id.len == 0 || at == CODEX_KIN_MAX)
		return;
	if (at == st->nkin) {
		codex_keep(st->kin[at].id, CODEX_ID_MAX, id);
		st->kin[at].born_ms = 0;
		st->nkin++;
	}
	if (told > 0)
		born_ms = told;
	if (st->kin[at].born_ms == 0)
		st->kin[at].born_ms = born_ms;
}

/* A rollout's name ends in its thread's id. */
static struct text
id_of_file(struct source *s)
{
	const char *name = strrchr(s->rel, '/');
	const char *end;
	size_t len;

	name = name == NULL ? s->rel : name + 1;
	end = strstr(name, ".jsonl");
	len = end == NULL ? strlen(name) : (size_t)(end - name);
	if (len > UUID_LEN && name[len - UUID_LEN - 1] == '-')
		return source_text(s, name + len - UUID_LEN, UUID_LEN);
	return source_text(s, name, len);
}

void
codex_thread_ensure(struct codex_line *l)
{
	if (l->st->nkin > 0)
		return;
	add_kin(l->st, id_of_file(l->s), 0);
	l->st->is_guessed = true;
}

static struct text
parent_of(const struct codex_line *l)
{
	static const char *const paths[] = { "forked_from_id",
		"source.subagent.thread_spawn.parent_thread_id",
		"parent_thread_id" };
	struct text id = { NULL, 0 };
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]) && id.len == 0; i++)
		id = source_string(
		    l->s, json_path(&l->s->json, l->payload, paths[i]));
	return id;
}

static bool
tells_time(struct text id, int64_t born_ms)
{
	int64_t told = uuid_ms(id), off = told - born_ms;

	return told > 0 && (born_ms == 0 || (off <= ID_TIME_SLACK_MS &&
						off >= -ID_TIME_SLACK_MS));
}

static void
take_boundary(struct codex_line *l, const char *path)
{
	uint64_t at =
	    source_count(l->s, json_path(&l->s->json, l->payload, path));

	if (at > l->st->boundary)
		l->st->boundary = at;
}

static struct text
member(const struct codex_line *l, const char *path)
{
	return source_string(l->s, json_path(&l->s->json, l->payload, path));
}

/* The file's own: the first. */
static void
take_own(struct codex_line *l, struct text id, int64_t born_ms)
{
	struct codex_state *st = l->st;
	const struct json_node *sub =
	    json_path(&l->s->json, l->payload, "source.subagent");

	st->nkin = 0;
	st->is_guessed = false;
	st->ids_tell_time = tells_time(id, born_ms);
	add_kin(st, id, born_ms);
	st->copied_ms = l->ts_ms;
	st->copy_is_over = false;
	st->is_subagent = (sub != NULL && sub->type != JSON_NULL) ||
			  text_is(member(l, "source"), "subagent") ||
			  text_is(member(l, "thread_source"), "subagent");
	st->is_paginated = text_is(member(l, "history_mode"), "paginated");
	take_boundary(l, "history_base.end_ordinal_exclusive");
	take_boundary(l, "subagent_history_start_ordinal");
	codex_keep(st->project, sizeof(st->project), member(l, "cwd"));
	codex_keep(st->branch, sizeof(st->branch), member(l, "git.branch"));
	codex_keep(
	    st->provider, sizeof(st->provider), member(l, "model_provider"));
}

void
codex_thread_meta(struct codex_line *l)
{
	struct codex_state *st = l->st;
	struct text id = member(l, "id");
	int64_t born_ms =
	    source_time(l->s, json_get(&l->s->json, l->payload, "timestamp"));

	if (id.len == 0)
		id = member(l, "session_id");
	if (id.len == 0)
		id = id_of_file(l->s);
	if (born_ms == 0)
		born_ms = l->ts_ms;
	if (st->nkin == 0 || st->is_guessed)
		take_own(l, id, born_ms);
	else
		add_kin(st, id, born_ms);
	add_kin(st, parent_of(l), 0);
}

/* --- Turns and times ------------------------------------------------------ */

void
codex_thread_turn(struct codex_line *l, struct text turn, uint64_t started_at)
{
	struct codex_state *st = l->st;
	uint64_t digest = turn.len > 0 ? source_hash(turn.p, turn.len) : 0;
	int64_t ms = st->ids_tell_time ? uuid_ms(turn) : 0;

	if (digest != 0 && digest != st->turn) {
		st->turn = digest;
		st->turn_ms = 0;
		st->turn_has_record = false;
		st->has_counted = false;
	}
	/* To the end of that second: it is rounded down. */
	if (ms == 0 && started_at > 0 && started_at < LIMIT_TS_SECONDS_BELOW)
		ms = (int64_t)started_at * 1000 + 999;
	if (ms > 0)
		st->turn_ms = ms;
}

void
codex_thread_clock(struct codex_line *l)
{
	struct codex_state *st = l->st;

	if (st->nkin == 0 || st->copy_is_over || l->ts_ms < st->kin[0].born_ms)
		return;
	if (l->ts_ms - st->copied_ms >= COPY_PAUSE_MS)
		st->copy_is_over = true;
	else
		st->copied_ms = l->ts_ms;
}

/* Of the older ones, the youngest that was there; 0: that cannot be told. */
static uint32_t
elder_at(const struct codex_state *st, int64_t ms)
{
	uint32_t i;

	for (i = 1; i + 1 < st->nkin; i++)
		if (st->kin[i].born_ms <= ms)
			break;
	return i;
}

static struct codex_owner
elder(const struct codex_line *l, int64_t ms)
{
	uint32_t i = elder_at(l->st, ms);

	return (struct codex_owner){ i, i };
}

struct codex_owner
codex_thread_owner(const struct codex_line *l)
{
	const struct codex_state *st = l->st;
	const struct codex_owner own = { 0, 0 };
	int64_t born_ms = st->kin[0].born_ms;

	if (st->nkin < 2)
		return own;
	if (st->boundary > 0 && l->has_ordinal) {
		if (l->ordinal >= st->boundary)
			return own;
		return elder(l, st->turn_ms > 0 ? st->turn_ms : l->ts_ms);
	}
	if (st->is_paginated)
		return own;
	if (st->turn_ms > 0)
		return st->turn_ms >= born_ms ? own : elder(l, st->turn_ms);
	if (l->ts_ms > 0 && l->ts_ms < born_ms)
		return elder(l, l->ts_ms);
	if (st->copy_is_over)
		return own;
	/* A parent's or the first one's: they can only be told apart there. */
	return (struct codex_owner){ 1, st->nkin - 1 };
}
