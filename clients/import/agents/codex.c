/*
 * Codex CLI: ~/.codex/sessions/Y/M/D/rollout-*.jsonl, one file a thread.
 *
 * A call is told by a token_usage_record, by an event token_count, or by both
 * in either order. Records have the id of the response. token_count has the
 * running total of the thread, which is its name there: the same again is no
 * new call.
 */
#include "clients/import/agents.h"
#include "clients/import/agents/codex.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "clients/common/usage.h"
#include "clients/import/roots.h"
#include "proto/lang.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

_Static_assert(
    sizeof(struct codex_state) <= IMPORT_STATE_MAX, "the state is too large");

static const struct json_node *
get(const struct codex_line *l, const char *path)
{
	return json_path(&l->s->json, l->payload, path);
}

static struct text
text_at(const struct codex_line *l, const char *path)
{
	return source_string(l->s, get(l, path));
}

/* --- Events --------------------------------------------------------------- */

/* What a copy lacks, its parent's own line has. */
static void
fill(const struct codex_line *l, struct event *ev, uint32_t of)
{
	const struct codex_state *st = l->st;

	ev->ts_ms = l->ts_ms > 0 ? l->ts_ms : l->s->mtime_ms;
	ev->text[EV_MODEL] = text_of(st->model);
	ev->text[EV_PROVIDER] =
	    st->provider[0] != '\0' ? text_of(st->provider) : TEXT("openai");
	ev->text[EV_PROJECT] = text_of(st->project);
	ev->text[EV_BRANCH] = text_of(st->branch);
	ev->text[EV_TIER] = text_of(st->tier);
	ev->copied = of > 0;
	if (ev->copied)
		return;
	ev->text[EV_KIND] = st->is_subagent ? TEXT("subagent") : TEXT("main");
	if (st->nkin > 1)
		ev->text[EV_PARENT_SESSION] = text_of(st->kin[1].id);
}

/* --- token_usage_record --------------------------------------------------- */

/* One without an id is named by its turn and the total after it. */
static struct text
name_of_record(const struct codex_line *l)
{
	struct text id = text_at(l, "response_id");
	char name[CODEX_VECTOR_MAX];

	if (id.len > 0)
		return id;
	codex_usage_name(&l->st->record_total, 0, name);
	return source_textf(l->s, "%016" PRIx64 ":%s", l->st->turn, name);
}

/* The thread that made the call: a copied record still says which. */
static uint32_t
thread_of_record(const struct codex_line *l, struct event *ev)
{
	struct text id = text_at(l, "thread_id");
	struct codex_owner owner = codex_thread_owner(l);

	if (id.len == 0)
		ev->text[EV_SESSION] = text_of(l->st->kin[owner.key].id);
	else
		ev->text[EV_SESSION] = id;
	if (id.len == 0)
		return owner.key;
	return l->st->is_guessed ? 0 : codex_thread_find(l->st, id);
}

/* Was a the total before this call, and b after it? */
static bool
is_next(const struct codex_usage *a, const struct codex_usage *b,
    const struct codex_usage *call)
{
	struct codex_usage rise = codex_usage_rise(b, a);

	return codex_usage_same(&rise, call);
}

/* A token_count that came first has counted it: it only gets its id. */
static bool
is_counted(const struct codex_state *st, const struct codex_usage *u)
{
	return st->has_counted && codex_usage_same(&st->counted, u) &&
	       !is_next(&st->counted_total, &st->record_total, u);
}

static int
take_record(struct codex_line *l)
{
	struct codex_state *st = l->st;
	struct codex_usage u;
	struct text id = text_at(l, "response_id");
	struct event ev;
	char name[CODEX_VECTOR_MAX];

	if (!codex_usage_read(l->s, get(l, "usage"), &u)) {
		source_odd(l->s, N_("a usage record without usage"));
		return 0;
	}
	source_event_init(l->s, &ev);
	fill(l, &ev, thread_of_record(l, &ev));
	codex_usage_counts(&u, &ev);
	codex_usage_read(l->s, get(l, "thread_token_usage"), &st->record_total);
	ev.text[EV_MESSAGE] = name_of_record(l);
	if (event_call_is_global(id))
		ev.text[EV_CALL] = id;
	if (is_counted(st, &u)) {
		codex_usage_name(&st->counted_total, st->counted_fills, name);
		ev.text[EV_MESSAGE] = text_of(name);
	}
	st->record = u;
	st->has_record = st->turn_has_record = true;
	st->has_counted = false;
	return source_event(l->s, &ev);
}

/* --- token_count ---------------------------------------------------------- */

/*
 * Of a turn with records they say all there is. A turn without any was that of
 * an older version, but for what the turn before has left to say.
 */
static bool
is_recorded(struct codex_state *st, const struct codex_usage *last,
    const struct codex_usage *total)
{
	bool is_late = st->has_record && codex_usage_same(&st->record, last) &&
		       !is_next(&st->record_total, total, last);

	st->has_record = st->has_record && !is_late;
	return st->turn_has_record || is_late;
}

static int
tell_count(struct codex_line *l, const struct codex_usage *last,
    const struct codex_usage *total)
{
	struct codex_state *st = l->st;
	struct codex_owner owner = codex_thread_owner(l);
	struct event ev;
	char name[CODEX_VECTOR_MAX];

	codex_usage_name(total, st->fills, name);
	source_event_init(l->s, &ev);
	fill(l, &ev, owner.key);
	codex_usage_counts(last, &ev);
	ev.text[EV_SESSION] = text_of(st->kin[owner.key].id);
	ev.text[EV_MESSAGE] = text_of(name);
	ev.text[EV_CALL] =
	    source_textf(l->s, "codex:%s:%s", st->kin[owner.call].id, name);
	st->counted = *last;
	st->counted_total = *total;
	st->counted_fills = st->fills;
	st->has_counted = true;
	return source_event(l->s, &ev);
}

/* Without a running total it has no name but its time. */
static int
tell_nameless(struct codex_line *l, const struct codex_usage *last)
{
	struct codex_owner owner = codex_thread_owner(l);
	struct event ev;
	char name[CODEX_VECTOR_MAX];

	codex_usage_name(last, 0, name);
	source_event_init(l->s, &ev);
	fill(l, &ev, owner.key);
	codex_usage_counts(last, &ev);
	ev.text[EV_SESSION] = text_of(l->st->kin[owner.key].id);
	ev.text[EV_MESSAGE] =
	    source_textf(l->s, "at-%" PRId64 ":%s", l->ts_ms, name);
	return source_event(l->s, &ev);
}

/*
 * The increment: said, or the rise of the total. A fork's total goes on from
 * its parent's, so that its first says nothing of the first call.
 */
static bool
read_last(const struct codex_line *l, const struct codex_usage *total,
    struct codex_usage *last)
{
	const struct codex_state *st = l->st;

	if (codex_usage_read(l->s, get(l, "info.last_token_usage"), last))
		return true;
	if (!st->has_total && st->nkin > 1)
		return false;
	*last = codex_usage_rise(total, &st->total);
	return true;
}

/*
 * A full context window sets the total to the size of the window and starts
 * the rest anew: what follows could bear names that were given before.
 */
static int
take_hollow(struct codex_line *l, const struct codex_usage *total)
{
	if (codex_usage_is_hollow(total) && total->v[CODEX_TOTAL] > 0)
		l->st->fills++;
	return 0;
}

static int
take_count(struct codex_line *l)
{
	struct codex_state *st = l->st;
	struct codex_usage total, last;
	bool has_total =
	    codex_usage_read(l->s, get(l, "info.total_token_usage"), &total);
	bool has_last, is_again;

	if (!has_total) {
		if (codex_usage_read(
			l->s, get(l, "info.last_token_usage"), &last) &&
		    !is_recorded(st, &last, &total))
			return tell_nameless(l, &last);
		return 0;
	}
	is_again =
	    st->has_total && memcmp(&total, &st->total, sizeof(total)) == 0;
	has_last = read_last(l, &total, &last);
	st->total = total;
	st->has_total = true;
	if (is_again)
		return 0;
	if (!has_last) {
		source_odd(l->s, N_("a running total without its first part"));
		return 0;
	}
	if (codex_usage_is_hollow(&last))
		return take_hollow(l, &total);
	return is_recorded(st, &last, &total) ? 0
					      : tell_count(l, &last, &total);
}

/* --- Lines ---------------------------------------------------------------- */

static int
take_meta(struct codex_line *l)
{
	codex_thread_meta(l);
	return 0;
}

static void
take_tier(struct codex_state *st, struct text tier)
{
	st->tier[0] = '\0';
	if (usage_is_tier(&tier))
		codex_keep(st->tier, sizeof(st->tier), tier);
}

static int
take_turn_context(struct codex_line *l)
{
	struct codex_state *st = l->st;
	struct text tier = text_at(l, "service_tier");

	codex_thread_turn(l, text_at(l, "turn_id"), 0);
	codex_keep(st->model, sizeof(st->model), text_at(l, "model"));
	codex_keep(st->project, sizeof(st->project), text_at(l, "cwd"));
	if (tier.len > 0)
		take_tier(st, tier);
	return 0;
}

static int
take_task_started(struct codex_line *l)
{
	codex_thread_turn(
	    l, text_at(l, "turn_id"), source_count(l->s, get(l, "started_at")));
	return 0;
}

static int
take_settings(struct codex_line *l)
{
	struct codex_state *st = l->st;

	codex_keep(
	    st->model, sizeof(st->model), text_at(l, "thread_settings.model"));
	codex_keep(st->provider, sizeof(st->provider),
	    text_at(l, "thread_settings.model_provider_id"));
	take_tier(st, text_at(l, "thread_settings.service_tier"));
	return 0;
}

/* Its counts have no id and no time, and are the thread's when resumed. */
static int
take_exec_turn(struct codex_line *l)
{
	source_odd(l->s,
	    N_("printed by codex exec; the thread's rollout has the calls"));
	return 0;
}

/* event: the payload's type, where the line's type is event_msg. */
static const struct kind {
	const char *type, *event;
	int (*take)(struct codex_line *l);
} kinds[] = {
	{ "token_usage_record", NULL, take_record },
	{ "event_msg", "token_count", take_count },
	{ "turn_context", NULL, take_turn_context },
	{ "event_msg", "task_started", take_task_started },
	{ "event_msg", "thread_settings_applied", take_settings },
	{ "session_meta", NULL, take_meta },
	{ "turn.completed", NULL, take_exec_turn },
};

static const struct kind *
kind_of_line(struct text type, struct text event)
{
	size_t i;

	for (i = 0; i < LENGTH(kinds); i++)
		if (text_is(type, kinds[i].type) &&
		    (kinds[i].event == NULL || text_is(event, kinds[i].event)))
			return &kinds[i];
	return NULL;
}

static int
take_line(struct source *s, const char *line, size_t len)
{
	struct codex_line l = { .s = s, .st = s->state };
	const struct json_node *root, *ordinal;
	const struct kind *kind;

	if (json_parse(&s->json, line, len) != 0) {
		source_odd(s, N_("not JSON"));
		return 0;
	}
	root = s->json.nodes;
	l.payload = json_get(&s->json, root, "payload");
	kind = kind_of_line(source_member(s, root, "type"),
	    source_member(s, l.payload, "type"));
	if (kind == NULL)
		return 0;
	ordinal = json_get(&s->json, root, "ordinal");
	l.ordinal = source_count(s, ordinal);
	l.has_ordinal = ordinal != NULL && ordinal->type != JSON_NULL;
	l.ts_ms = source_time(s, json_get(&s->json, root, "timestamp"));
	if (kind->take != take_meta)
		codex_thread_ensure(&l);
	codex_thread_clock(&l);
	return kind->take(&l);
}

/* --- Which lines ---------------------------------------------------------- */

/*
 * Codex writes time, number and type first. The type there, with what follows
 * it, or NULL where the line does not begin like that.
 */
static const char *
leading_type(const char *line, size_t len)
{
	static const char key[] = "\"type\":\"";
	size_t head = len < 128 ? len : 128;
	const char *p;

	if (head < 2 || memcmp(line, "{\"", 2) != 0)
		return NULL;
	p = memmem(line, head, key, sizeof(key) - 1);
	if (p == NULL || memchr(line + 1, '{', (size_t)(p - line - 1)) != NULL)
		return NULL;
	return p + sizeof(key) - 1;
}

static bool
begins(const char *p, size_t left, const char *with)
{
	size_t n = strlen(with);

	return left >= n && memcmp(p, with, n) == 0;
}

static bool
has_any(const char *p, size_t len)
{
	size_t i;
	const char *word;

	for (i = 0; i < LENGTH(kinds); i++) {
		word = kinds[i].event != NULL ? kinds[i].event : kinds[i].type;
		if (memmem(p, len, word, strlen(word)) != NULL)
			return true;
	}
	return false;
}

/* Nearly all bytes are in lines of other types, some of them very long. */
static bool
wants_line(const char *line, size_t len)
{
	const char *type = leading_type(line, len);
	size_t left, i;

	if (type == NULL)
		return has_any(line, len);
	left = (size_t)(line + len - type);
	for (i = 0; i < LENGTH(kinds); i++)
		if (begins(type, left, kinds[i].type))
			return kinds[i].event == NULL || has_any(type, left);
	return false;
}

/* --- Files ---------------------------------------------------------------- */

static const char *const dirs[] = { "sessions", "archived_sessions" };

/* Logs beside the rollouts that are not of threads. */
static const char *const others[] = { "history.jsonl", "session_index.jsonl" };

static int
kind_of(const char *rel)
{
	static const char end[] = ".jsonl";
	const char *name = strrchr(rel, '/');
	size_t len = strlen(rel), i;

	if (len < sizeof(end) || strcmp(rel + len - sizeof(end) + 1, end) != 0)
		return -1;
	if (name != NULL)
		return strncmp(name, "/rollout-", 9) == 0 ? IMPORT_LINES : -1;
	for (i = 0; i < LENGTH(others); i++)
		if (strcmp(rel, others[i]) == 0)
			return -1;
	return IMPORT_LINES;
}

static bool
has_dir(const char *home, const char *below)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", home, below);

	return n < (int)sizeof(path) && access(path, F_OK) == 0;
}

/* A home without either directory is one of saved rollouts. */
static void
add_plain_homes(struct roots *r)
{
	struct roots homes = { 0 };
	size_t i;

	roots_add_env(&homes, "CODEX_HOME", NULL);
	for (i = 0; i < homes.n; i++)
		if (!has_dir(homes.paths[i], dirs[0]) &&
		    !has_dir(homes.paths[i], dirs[1]))
			roots_add(r, homes.paths[i]);
	r->failed = r->failed || homes.failed;
	roots_release(&homes);
}

static void
find_roots(struct roots *r)
{
	size_t i;

	for (i = 0; i < LENGTH(dirs); i++)
		if (!roots_add_env(r, "CODEX_HOME", dirs[i]))
			roots_add_below(r, "~/.codex", dirs[i]);
	add_plain_homes(r);
}

const struct import_agent import_codex = {
	.name = "codex",
	.agent = "codex",
	.version = 1,
	.state_size = sizeof(struct codex_state),
	.find_roots = find_roots,
	.kind_of = kind_of,
	.wants_line = wants_line,
	.take_line = take_line,
};
