/*
 * GitHub Copilot CLI: session-state/<session>/events.jsonl, whose
 * session.shutdown says what each model used, and telemetry in files, for
 * which see copilot_otel.c.
 *
 * A session that was resumed has several shutdowns. Copilot keeps the totals
 * in memory, so that each mostly tells of one run of the program, but some
 * versions are said to go on from where they were. What is known of a run
 * tells which: a total that fell, or that is less than the output that the
 * messages in the log have together, is that of a new run. The runs before it
 * are added, so that the totals given out only rise.
 */
#include "clients/import/agents/copilot.h"

#include <stdlib.h>

#include "clients/import/agents.h"
#include "clients/import/agents/beside.h"
#include "proto/lang.h"

#define MODELS_MAX 12

static const char usage_mark[] = "gen_ai.usage.";
static const char shutdown_mark[] = "session.shutdown";

struct copilot_model {
	uint64_t id; /* source_hash of its name; 0: free */
	uint64_t before[COPILOT_CLASSES];
	uint64_t last[COPILOT_CLASSES]; /* of this run, at its last shutdown */
};

struct copilot_state {
	struct copilot_model models[MODELS_MAX];
	struct copilot_otel otel;
	uint64_t output_seen; /* of all messages in the log */
	uint64_t resumed;     /* since the last shutdown */
};

_Static_assert(sizeof(struct copilot_state) <= IMPORT_STATE_MAX,
    "what is kept of a Copilot log is too large");

void
copilot_make_disjoint(uint64_t n[COPILOT_CLASSES])
{
	uint64_t read = n[COPILOT_CACHE_READ], write = n[COPILOT_CACHE_WRITE];

	if (n[COPILOT_INPUT] >= read)
		n[COPILOT_INPUT] -= read;
	if (n[COPILOT_INPUT] >= write)
		n[COPILOT_INPUT] -= write;
	if (n[COPILOT_REASONING] > n[COPILOT_OUTPUT])
		n[COPILOT_OUTPUT] += n[COPILOT_REASONING];
}

void
copilot_fill(struct event *ev, const uint64_t n[COPILOT_CLASSES])
{
	static const enum event_count counts[COPILOT_CLASSES] = {
		[COPILOT_INPUT] = EV_INPUT,
		[COPILOT_CACHE_READ] = EV_CACHE_READ,
		[COPILOT_CACHE_WRITE] = EV_CACHE_WRITE,
		[COPILOT_OUTPUT] = EV_OUTPUT,
		[COPILOT_REASONING] = EV_REASONING,
	};

	for (int i = 0; i < COPILOT_CLASSES; i++)
		ev->count[counts[i]] = n[i];
}

/* --- Where --------------------------------------------------------------- */

static void
find_roots(struct roots *r)
{
	if (!roots_add_env(r, "COPILOT_HOME", "session-state"))
		roots_add(r, "~/.copilot/session-state");
	if (!roots_add_env(r, "COPILOT_HOME", "otel"))
		roots_add(r, "~/.copilot/otel");
	roots_add_env(r, "COPILOT_OTEL_FILE_EXPORTER_PATH", NULL);
}

/* Telemetry goes to where the user wants it, by any name. */
static bool
is_exporter_file(const char *rel)
{
	const char *path = getenv("COPILOT_OTEL_FILE_EXPORTER_PATH");

	return path != NULL && text_is(path_base(text_of(path)), rel);
}

static int
kind_of(const char *rel)
{
	struct text path = text_of(rel), dir = path_dir(path);

	if (text_is(path_base(path), "events.jsonl") || is_exporter_file(rel))
		return IMPORT_LINES;
	return path_ends(path, ".jsonl") &&
		       (dir.len == 0 || text_is(dir, "otel") ||
			   text_is(dir, "session-state"))
		   ? IMPORT_LINES
		   : -1;
}

static bool
has(const char *line, size_t len, const char *mark)
{
	return memmem(line, len, mark, strlen(mark)) != NULL;
}

static bool
wants_line(const char *line, size_t len)
{
	return has(line, len, usage_mark) || has(line, len, shutdown_mark) ||
	       has(line, len, "outputTokens") ||
	       has(line, len, "session.resume");
}

/* --- A session's log ----------------------------------------------------- */

/* <session>/events.jsonl, or <session>.jsonl as it once was. */
static struct text
session_of(struct source *s)
{
	struct text path = text_of(s->path), name = path_base(path);

	name = text_is(name, "events.jsonl") ? path_base(path_dir(path))
					     : path_stem(path, ".jsonl");
	return source_text(s, name.p, name.len);
}

/* Used by one model in one run; false: nothing. */
static bool
model_usage(const struct source *s, const struct json_node *metrics,
    uint64_t n[COPILOT_CLASSES])
{
	static const char *const names[COPILOT_CLASSES] = {
		[COPILOT_INPUT] = "inputTokens",
		[COPILOT_CACHE_READ] = "cacheReadTokens",
		[COPILOT_CACHE_WRITE] = "cacheWriteTokens",
		[COPILOT_OUTPUT] = "outputTokens",
		[COPILOT_REASONING] = "reasoningTokens",
	};
	const struct json_node *usage = json_get(&s->json, metrics, "usage");
	uint64_t sum = 0;

	for (int i = 0; i < COPILOT_CLASSES; i++) {
		n[i] = source_member_count(s, usage, names[i]);
		sum |= n[i];
	}
	copilot_make_disjoint(n);
	return sum > 0;
}

/* Without models there may still be a sum, whose input has no cache in it. */
static bool
total_usage(const struct source *s, const struct json_node *details,
    uint64_t n[COPILOT_CLASSES])
{
	static const char *const names[COPILOT_CLASSES] = {
		[COPILOT_INPUT] = "input.tokenCount",
		[COPILOT_CACHE_READ] = "cache_read.tokenCount",
		[COPILOT_CACHE_WRITE] = "cache_write.tokenCount",
		[COPILOT_OUTPUT] = "output.tokenCount",
		[COPILOT_REASONING] = "reasoning.tokenCount",
	};
	uint64_t sum = 0;

	for (int i = 0; i < COPILOT_CLASSES; i++) {
		n[i] = source_count(s, json_path(&s->json, details, names[i]));
		sum |= n[i];
	}
	if (n[COPILOT_REASONING] > n[COPILOT_OUTPUT])
		n[COPILOT_OUTPUT] += n[COPILOT_REASONING];
	return sum > 0;
}

/* What one shutdown says. */
struct shutdown {
	struct {
		struct text name;
		uint64_t n[COPILOT_CLASSES];
	} models[MODELS_MAX];
	size_t n;
	uint64_t output;
};

static void
read_models(
    struct source *s, const struct json_node *metrics, struct shutdown *down)
{
	const struct json_node *key, *value;

	if (metrics == NULL || metrics->type != JSON_OBJECT)
		return;
	for (key = json_first(&s->json, metrics); key != NULL;
	     key = json_next(&s->json, metrics, value)) {
		value = json_next(&s->json, metrics, key);
		if (down->n == MODELS_MAX) {
			source_odd(s, N_("more models than can be kept"));
			return;
		}
		if (!model_usage(s, value, down->models[down->n].n))
			continue;
		down->models[down->n].name = source_string(s, key);
		down->output += down->models[down->n].n[COPILOT_OUTPUT];
		down->n++;
	}
}

static void
read_shutdown(struct source *s, struct shutdown *down)
{
	const struct json_node *data =
	    json_get(&s->json, s->json.nodes, "data");

	*down = (struct shutdown){ 0 };
	read_models(s, json_get(&s->json, data, "modelMetrics"), down);
	if (down->n > 0 ||
	    !total_usage(
		s, json_get(&s->json, data, "tokenDetails"), down->models[0].n))
		return;
	down->models[0].name = source_member(s, data, "currentModel");
	down->output = down->models[0].n[COPILOT_OUTPUT];
	down->n = 1;
}

static struct copilot_model *
find_model(struct copilot_state *st, struct text name)
{
	uint64_t id = source_hash(name.p, name.len);
	struct copilot_model *m;

	for (m = st->models; m < st->models + MODELS_MAX; m++) {
		if (m->id == 0)
			m->id = id;
		if (m->id == id)
			return m;
	}
	return NULL;
}

static bool
is_in_use(const struct copilot_model *m)
{
	for (int i = 0; i < COPILOT_CLASSES; i++)
		if (m->last[i] > 0)
			return true;
	return false;
}

static bool
has_fallen(const struct copilot_model *m, const uint64_t n[COPILOT_CLASSES])
{
	for (int i = 0; i < COPILOT_CLASSES; i++)
		if (n[i] < m->last[i])
			return true;
	return false;
}

/* Does it tell of a run that began after the last shutdown? */
static bool
is_new_run(struct copilot_state *st, const struct shutdown *down)
{
	struct copilot_model *m;
	size_t known = 0, named = 0;

	for (m = st->models; m < st->models + MODELS_MAX; m++)
		known += is_in_use(m);
	for (size_t i = 0; i < down->n; i++) {
		m = find_model(st, down->models[i].name);
		if (m == NULL || !is_in_use(m))
			continue;
		if (has_fallen(m, down->models[i].n))
			return true;
		named++;
	}
	return named < known || (st->resumed && down->output < st->output_seen);
}

static void
begin_run(struct copilot_state *st)
{
	struct copilot_model *m;

	for (m = st->models; m < st->models + MODELS_MAX; m++) {
		for (int i = 0; i < COPILOT_CLASSES; i++) {
			m->before[i] += m->last[i];
			m->last[i] = 0;
		}
	}
}

/* Rises on all that was told of the model before. */
static int
give_total(struct source *s, struct copilot_state *st, struct text name,
    const uint64_t n[COPILOT_CLASSES])
{
	struct copilot_model *m = find_model(st, name);
	uint64_t total[COPILOT_CLASSES];
	struct event ev;

	if (m == NULL) {
		source_odd(s, N_("more models than can be kept"));
		return 0;
	}
	for (int i = 0; i < COPILOT_CLASSES; i++) {
		m->last[i] = n[i];
		total[i] = m->before[i] + n[i];
	}
	source_event_init(s, &ev);
	ev.running = true;
	ev.text[EV_PROVIDER] = TEXT("github-copilot");
	ev.text[EV_SESSION] = session_of(s);
	ev.text[EV_MODEL] = name;
	ev.ts_ms =
	    source_time(s, json_get(&s->json, s->json.nodes, "timestamp"));
	if (ev.ts_ms == 0)
		ev.ts_ms = s->mtime_ms;
	copilot_fill(&ev, total);
	return source_event(s, &ev);
}

static int
take_shutdown(struct source *s, struct copilot_state *st)
{
	struct shutdown down;

	read_shutdown(s, &down);
	/* Nothing was told: the run, if there was one, is not at its end. */
	if (down.n == 0)
		return 0;
	if (is_new_run(st, &down))
		begin_run(st);
	st->resumed = 0;
	for (size_t i = 0; i < down.n; i++)
		if (give_total(s, st, down.models[i].name, down.models[i].n) !=
		    0)
			return -1;
	return 0;
}

static int
take_resume(struct source *s, struct copilot_state *st)
{
	(void)s;
	st->resumed = 1;
	return 0;
}

/* All that a message says of its usage is its output. */
static int
take_message(struct source *s, struct copilot_state *st)
{
	st->output_seen += source_count(
	    s, json_path(&s->json, s->json.nodes, "data.outputTokens"));
	return 0;
}

static int
take_line(struct source *s, const char *line, size_t len)
{
	static const struct {
		const char *type;
		int (*take)(struct source *s, struct copilot_state *st);
	} types[] = {
		{ shutdown_mark, take_shutdown },
		{ "session.resume", take_resume },
		{ "assistant.message", take_message },
	};
	struct copilot_state *st = s->state;
	struct text type;

	if (json_parse(&s->json, line, len) != 0) {
		if (has(line, len, shutdown_mark) || has(line, len, usage_mark))
			source_odd(s, N_("not JSON"));
		return 0;
	}
	type = source_member(s, s->json.nodes, "type");
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (text_is(type, types[i].type))
			return types[i].take(s, st);
	return copilot_otel_take(s, &st->otel);
}

const struct import_agent import_copilot = {
	.name = "copilot",
	.agent = "copilot",
	.version = 1,
	.state_size = sizeof(struct copilot_state),
	.find_roots = find_roots,
	.kind_of = kind_of,
	.wants_line = wants_line,
	.take_line = take_line,
};
