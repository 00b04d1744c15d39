#include "clients/import/agents/opencode.h"

#include <inttypes.h>

#include "proto/lang.h"

static const struct json_node *
get(struct source *s, const char *path)
{
	return json_path(&s->json, s->json.nodes, path);
}

/* The first of two that is there: versions 1 and 2 differ. */
static struct text
either(struct source *s, const char *path, const char *other)
{
	struct text t = source_string(s, get(s, path));

	return t.len > 0 ? t : source_string(s, get(s, other));
}

/*
 * A fork copies its parent's messages under new ids: they are older than their
 * session.
 */
static bool
is_copy(struct source *s, const struct opencode_place *place)
{
	int64_t created_ms = source_time(s, get(s, "time.created"));

	if (place->is_copy)
		return true;
	return (created_ms > 0 && created_ms < place->session_ms) ||
	       (place->created_ms > 0 && place->created_ms < place->session_ms);
}

/* All are apart from each other in the logs; our output has the reasoning. */
static void
take_tokens(struct source *s, struct event *ev)
{
	uint64_t reasoning = source_count(s, get(s, "tokens.reasoning"));

	ev->count[EV_INPUT] = source_count(s, get(s, "tokens.input"));
	ev->count[EV_CACHE_READ] = source_count(s, get(s, "tokens.cache.read"));
	ev->count[EV_CACHE_WRITE] =
	    source_count(s, get(s, "tokens.cache.write"));
	ev->count[EV_REASONING] = reasoning;
	ev->count[EV_OUTPUT] =
	    source_count(s, get(s, "tokens.output")) + reasoning;
}

/*
 * What the copies of one finished call share: its times, model, counts, cost
 * and agent. Two calls do not begin and end in the same milliseconds.
 */
static struct text
fingerprint(struct source *s, const struct event *ev)
{
	struct text agent = either(s, "agent", "mode");
	struct text cost = source_string(s, get(s, "cost"));
	struct text created = source_string(s, get(s, "time.created"));
	struct text completed = source_string(s, get(s, "time.completed"));
	const struct text parts[] = { created, completed, ev->text[EV_MODEL],
		ev->text[EV_PROVIDER], agent, cost };
	uint64_t words[sizeof(parts) / sizeof(parts[0]) + EV_TOTAL];
	size_t n = 0, i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		words[n++] = source_hash(parts[i].p, parts[i].len);
	for (i = 0; i < EV_TOTAL; i++)
		words[n++] = ev->count[i];
	return source_textf(
	    s, "opencode:%016" PRIx64, source_hash(words, sizeof(words)));
}

/* What is still written, and how it ended. */
static void
take_end(struct source *s, const struct opencode_place *place, struct event *ev)
{
	const struct json_node *error = get(s, "error");
	int64_t completed_ms = source_time(s, get(s, "time.completed"));
	bool has_failed = error != NULL && error->type == JSON_OBJECT;

	ev->ts_ms = source_time(s, get(s, "time.created"));
	if (ev->ts_ms == 0)
		ev->ts_ms = place->created_ms;
	if (completed_ms > 0)
		ev->ts_ms = completed_ms;
	if (has_failed)
		ev->count[EV_OUTCOME] = OUTCOME_FAILED;
	else if (completed_ms > 0)
		ev->count[EV_OUTCOME] = OUTCOME_OK;
	if (completed_ms == 0 && !has_failed)
		ev->rank = 0;
	else
		ev->count[EV_TOTAL] = source_count(s, get(s, "tokens.total"));
	if (completed_ms > 0)
		ev->text[EV_CALL] = fingerprint(s, ev);
}

static void
take_place(
    struct source *s, const struct opencode_place *place, struct event *ev)
{
	ev->text[EV_SESSION] = place->session;
	ev->text[EV_MESSAGE] = place->message;
	ev->text[EV_PARENT_SESSION] = place->parent;
	ev->text[EV_KIND] =
	    place->parent.len > 0 ? TEXT("subagent") : TEXT("main");
	ev->text[EV_PROJECT] = source_string(s, get(s, "path.cwd"));
	if (ev->text[EV_PROJECT].len == 0)
		ev->text[EV_PROJECT] = place->directory;
}

static bool
is_answer(struct source *s)
{
	struct text role = source_string(s, get(s, "role"));
	const struct json_node *tokens = get(s, "tokens");

	return (role.len == 0 || text_is(role, "assistant")) &&
	       tokens != NULL && tokens->type == JSON_OBJECT;
}

int
opencode_message(struct source *s, const char *text, size_t len,
    const struct opencode_place *place)
{
	struct event ev;

	if (json_parse(&s->json, text, len) != 0) {
		source_odd(s, N_("not JSON"));
		return 0;
	}
	if (!is_answer(s) || is_copy(s, place))
		return 0;
	source_event_init(s, &ev);
	take_place(s, place, &ev);
	ev.text[EV_MODEL] = either(s, "modelID", "model.id");
	ev.text[EV_PROVIDER] = either(s, "providerID", "model.providerID");
	take_tokens(s, &ev);
	source_cost(s, get(s, "cost"), &ev);
	take_end(s, place, &ev);
	return source_event(s, &ev);
}
