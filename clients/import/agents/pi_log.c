#include "clients/import/agents/pi_log.h"

#include <inttypes.h>
#include <stdio.h>

#include "clients/import/agents/beside.h"
#include "proto/lang.h"

static bool
has(const char *line, size_t len, const char *word)
{
	return memmem(line, len, word, strlen(word)) != NULL;
}

bool
pi_wants(const char *line, size_t len)
{
	return has(line, len, "\"usage\"") || has(line, len, "\"session\"") ||
	       has(line, len, "\"model_change\"") ||
	       has(line, len, "\"model-snapshot\"");
}

/* --- What the place says ---------------------------------------------------
 */

/* How many bytes of "2026-05-12T10-00-00-000Z_" there are: a time and a _. */
static uint32_t
time_prefix(struct text name)
{
	const char *end = memchr(name.p, '_', name.len);

	if (end == NULL || name.len < 11 || name.p[0] < '0' ||
	    name.p[0] > '9' || name.p[10] != 'T')
		return 0;
	return (uint32_t)(end - name.p) + 1;
}

static struct text
session_of_name(struct text name)
{
	struct text stem = path_stem(name, ".jsonl");
	uint32_t skip = time_prefix(stem);

	return (struct text){ stem.p + skip, stem.len - skip };
}

/* Sessions that another started are below a folder of its name. */
static struct text
session_above(struct text path)
{
	struct text dir = path_dir(path);

	for (; dir.len > 0; dir = path_dir(dir))
		if (time_prefix(path_base(dir)) > 0)
			return session_of_name(path_base(dir));
	return (struct text){ NULL, 0 };
}

static void
begin(struct source *s, struct pi_state *st)
{
	struct text rel = text_of(s->rel);
	struct text above = session_above(rel), name = session_of_name(rel);

	if (st->is_begun)
		return;
	st->is_begun = true;
	/* Many are named session.jsonl and tell apart by their folder only. */
	if (text_is(name, "session"))
		name = rel;
	kept_set(&st->session, source_text(s, name.p, name.len));
	kept_set(&st->parent, source_text(s, above.p, above.len));
	st->is_subagent = st->parent.len > 0;
}

/* --- Headers ----------------------------------------------------------------
 */

static void
take_model(struct source *s, struct pi_state *st, const struct json_node *entry)
{
	const struct json_node *data = json_get(&s->json, entry, "data");

	if (data == NULL || data->type != JSON_OBJECT)
		data = entry;
	kept_set(&st->model, source_member(s, data, "model"));
	kept_set(&st->model, source_member(s, data, "modelId"));
	kept_set(&st->provider, source_member(s, data, "provider"));
}

/*
 * Names the parent by its file, or by its id. A path may be longer than a text
 * of an event, and what counts is its end.
 */
static struct text
forked_from(struct source *s, const struct json_node *entry)
{
	const struct json_node *from =
	    json_get(&s->json, entry, "parentSession");
	struct text name;

	if (from == NULL || from->type != JSON_STRING)
		from = json_get(&s->json, entry, "branchedFrom");
	if (from == NULL || from->type != JSON_STRING || from->len == 0)
		return (struct text){ NULL, 0 };
	if (from->escaped)
		return session_of_name(source_string(s, from));
	name = session_of_name(
	    (struct text){ json_raw(&s->json, from), from->len });
	return source_text(s, name.p, name.len);
}

static void
take_header(
    struct source *s, struct pi_state *st, const struct json_node *entry)
{
	struct text from = forked_from(s, entry);

	kept_set(&st->session, source_member(s, entry, "id"));
	kept_set(&st->project, source_member(s, entry, "cwd"));
	kept_set(&st->parent, from);
	take_model(s, st, entry);
	if (st->parent.len > 0)
		st->forked_ms =
		    source_time(s, json_get(&s->json, entry, "timestamp"));
}

/* --- Usage ------------------------------------------------------------------
 */

static uint64_t
at_most(uint64_t n, uint64_t max)
{
	return n < max ? n : max;
}

static void
take_counts(struct source *s, const struct json_node *usage, struct event *ev)
{
	const struct json_node *cost = json_get(&s->json, usage, "cost");
	uint64_t *n = ev->count;

	n[EV_INPUT] = source_member_count(s, usage, "input");
	n[EV_CACHE_READ] = source_member_count(s, usage, "cacheRead");
	n[EV_CACHE_WRITE] = source_member_count(s, usage, "cacheWrite");
	n[EV_CACHE_WRITE_1H] = at_most(
	    source_member_count(s, usage, "cacheWrite1h"), n[EV_CACHE_WRITE]);
	n[EV_OUTPUT] = source_member_count(s, usage, "output");
	n[EV_REASONING] =
	    at_most(source_member_count(s, usage, "reasoning"), n[EV_OUTPUT]);
	n[EV_TOTAL] = source_member_count(s, usage, "totalTokens");
	source_cost(s, json_get(&s->json, cost, "total"), ev);
}

/* A number of the moment, the model and the counts, and what tells more. */
static uint64_t
fingerprint(const struct event *ev, struct text more)
{
	char buf[3 * LIMIT_TEXT];
	int n = snprintf(buf, sizeof(buf),
	    "%" PRId64 "|%.*s|%" PRIu64 "|%" PRIu64 "|%" PRIu64 "|%" PRIu64
	    "|%" PRIu64 "|%.*s",
	    ev->ts_ms, (int)ev->text[EV_MODEL].len,
	    ev->text[EV_MODEL].len > 0 ? ev->text[EV_MODEL].p : "",
	    ev->count[EV_INPUT], ev->count[EV_CACHE_READ],
	    ev->count[EV_CACHE_WRITE], ev->count[EV_OUTPUT],
	    ev->count[EV_TOTAL], (int)more.len, more.len > 0 ? more.p : "");

	return source_hash(
	    buf, n > 0 ? at_most((uint64_t)n, sizeof(buf) - 1) : 0);
}

/*
 * Old logs had no ids of entries and were given some when they were next
 * opened, so within a session a call is known by its moment and counts. Across
 * sessions, where strangers may agree in those, the provider's response id or
 * that of the entry, which copies keep, has to agree as well.
 */
static void
take_ids(struct source *s, const struct json_node *entry,
    const struct json_node *msg, struct event *ev)
{
	struct text id = source_member(s, msg, "responseId");

	ev->text[EV_MESSAGE] = source_textf(
	    s, "%016" PRIx64, fingerprint(ev, (struct text){ NULL, 0 }));
	if (event_call_is_global(id)) {
		ev->text[EV_CALL] = id;
		return;
	}
	if (id.len == 0)
		id = source_member(s, entry, "id");
	ev->text[EV_CALL] = source_textf(
	    s, "%s:%016" PRIx64, s->agent->name, fingerprint(ev, id));
}

static struct text
either(struct text a, struct text b)
{
	return a.len > 0 ? a : b;
}

static void
take_texts(struct source *s, const struct pi_state *st,
    const struct json_node *msg, struct event *ev)
{
	ev->text[EV_SESSION] = kept_get(&st->session);
	if (!text_eq(kept_get(&st->parent), kept_get(&st->session)))
		ev->text[EV_PARENT_SESSION] = kept_get(&st->parent);
	ev->text[EV_PROJECT] = kept_get(&st->project);
	ev->text[EV_MODEL] = either(either(source_member(s, msg, "model"),
					source_member(s, msg, "modelId")),
	    kept_get(&st->model));
	ev->text[EV_PROVIDER] =
	    either(source_member(s, msg, "provider"), kept_get(&st->provider));
	if (st->is_subagent)
		ev->text[EV_KIND] = TEXT("subagent");
}

/* The entry's time is when the answer was whole, the message's its start. */
static int64_t
time_of(const struct source *s, const struct json_node *entry,
    const struct json_node *msg)
{
	int64_t ms = source_time(s, json_get(&s->json, entry, "timestamp"));

	return ms != 0 ? ms
		       : source_time(s, json_get(&s->json, msg, "timestamp"));
}

static int
take_usage(struct source *s, const struct pi_state *st,
    const struct json_node *entry, const struct json_node *msg)
{
	const struct json_node *usage = json_get(&s->json, msg, "usage");
	struct event ev;

	if (usage == NULL || usage->type != JSON_OBJECT)
		return 0;
	source_event_init(s, &ev);
	take_texts(s, st, msg, &ev);
	take_counts(s, usage, &ev);
	ev.ts_ms = time_of(s, entry, msg);
	ev.copied =
	    st->forked_ms != 0 && ev.ts_ms != 0 && ev.ts_ms < st->forked_ms;
	take_ids(s, entry, msg, &ev);
	if (ev.ts_ms == 0)
		ev.ts_ms = s->mtime_ms;
	return source_event(s, &ev);
}

static int
take_message(
    struct source *s, struct pi_state *st, const struct json_node *entry)
{
	const struct json_node *msg = json_get(&s->json, entry, "message");
	uint64_t before = s->events;
	int rc;

	if (!text_is(source_member(s, msg, "role"), "assistant"))
		return 0;
	rc = take_usage(s, st, entry, msg);
	/* Who answered last is who sums up; answers that are made up have no
	 * usage. */
	if (s->events > before) {
		kept_set(&st->model, source_member(s, msg, "model"));
		kept_set(&st->provider, source_member(s, msg, "provider"));
	}
	return rc;
}

int
pi_line(struct source *s, const char *line, size_t len)
{
	struct pi_state *st = s->state;
	const struct json_node *entry;
	struct text type;

	begin(s, st);
	if (json_parse(&s->json, line, len) != 0) {
		source_odd(s, N_("not JSON"));
		return 0;
	}
	entry = s->json.nodes;
	type = source_member(s, entry, "type");
	if (text_is(type, "message"))
		return take_message(s, st, entry);
	/* Summaries of what is left out are answers of the model too. */
	if (text_is(type, "compaction") || text_is(type, "branch_summary"))
		return take_usage(s, st, entry, entry);
	if (text_is(type, "session"))
		take_header(s, st, entry);
	else if (text_is(type, "model_change") ||
		 text_is(
		     source_member(s, entry, "customType"), "model-snapshot"))
		take_model(s, st, entry);
	return 0;
}
