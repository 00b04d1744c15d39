/*
 * The readers of agents' logs on arbitrary lines. The first byte picks the
 * agent, the lines after it are one file of its. jansson is the oracle: where a
 * reader finds an event, jansson accepts the line; and of a line of Claude's
 * the events are those that jansson finds, count by count.
 *
 * jansson may refuse for the reasons that oracle.h names. It keeps a real as a
 * double, where a reader has the exact number or none; and it does not say
 * whether a string was written with escapes, of which a reader makes no number.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/import/agents.h"
#include "proto/limits.h"
#include "tests/fuzz/oracle.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define EVENTS_MAX 256

static const struct reader {
	char letter;
	const struct import_agent *agent;
	const char *path; /* below nothing that is there */
} readers[] = {
	{ 'c', &import_claude, "/nowhere/project/session.jsonl" },
	{ 'a', &import_claude, "/nowhere/project/s/subagents/agent-1.jsonl" },
	{ 'x', &import_codex, "/nowhere/2026/11/22/rollout-1.jsonl" },
	{ 'g', &import_gemini, "/nowhere/project/chats/session-1.json" },
	{ 'q', &import_qwen, "/nowhere/projects/p/chats/session.jsonl" },
	{ 'p', &import_pi, "/nowhere/sessions/p/session.jsonl" },
	{ 'o', &import_openclaw, "/nowhere/agents/a/sessions/s.jsonl" },
	{ 'k', &import_kimi, "/nowhere/sessions/p/s/wire.jsonl" },
	{ 'l', &import_copilot, "/nowhere/session-state/s/events.jsonl" },
	{ 'm', &import_amp, "/nowhere/threads/T-1.json" },
	{ 'd', &import_droid, "/nowhere/p/s.settings.json" },
	{ 'e', &import_opencode, "/nowhere/storage/message/s/m.json" },
};

/* One line, and what the reader made of it. */
struct told {
	const char *line;
	size_t len;
	uint64_t odd;
	size_t n; /* events */
	uint64_t count[EVENTS_MAX][EV_COUNTS];
};

static void
mismatch(const char *what, const struct told *t)
{
	fprintf(
	    stderr, "fuzz_import: %s\n  in %.*s\n", what, (int)t->len, t->line);
	abort();
}

static int
give(struct source *s, const struct event *ev)
{
	struct told *t = s->give_arg;

	if (t->n < EVENTS_MAX)
		memcpy(t->count[t->n], ev->count, sizeof(ev->count));
	t->n++;
	return 0;
}

/* --- What jansson finds --------------------------------------------------- */

/* jansson's own questions would mean our names. */
static bool
is_type(const json_t *node, json_type type)
{
	return node != NULL && json_typeof(node) == type;
}

static bool
is_string(const json_t *node, const char *value)
{
	size_t len = strlen(value);

	return is_type(node, JANSSON_STRING) &&
	       json_string_length(node) == len &&
	       memcmp(json_string_value(node), value, len) == 0;
}

/* One count; where it is not exact, a reader may have it or 0. */
struct number {
	uint64_t v;
	double real;
	bool is_exact;
};

static struct number
number_of(const json_t *node)
{
	json_int_t v = json_integer_value(node);

	if (is_type(node, JANSSON_STRING))
		return (struct number){ .real = strtod(
					    json_string_value(node), NULL) };
	if (is_type(node, JSON_REAL))
		return (struct number){ .real = json_real_value(node) };
	return (
	    struct number){ .v = v > 0 ? (uint64_t)v : 0, .is_exact = true };
}

static struct number
number_at(const json_t *obj, const char *key)
{
	return number_of(json_object_get(obj, key));
}

static bool
is_number(uint64_t ours, struct number n)
{
	if (n.is_exact)
		return ours == n.v;
	return ours == 0 || (double)ours == n.real;
}

/* max(whole, parts); of what is not exact no sum is made here. */
static bool
is_cache_write(const uint64_t *count, const json_t *usage)
{
	const json_t *parts = json_object_get(usage, "cache_creation");
	struct number whole = number_at(usage, "cache_creation_input_tokens");
	struct number hour = number_at(parts, "ephemeral_1h_input_tokens");
	struct number minutes = number_at(parts, "ephemeral_5m_input_tokens");
	uint64_t sum = hour.v + minutes.v;

	if (!is_number(count[EV_CACHE_WRITE_1H], hour))
		return false;
	if (!whole.is_exact || !hour.is_exact || !minutes.is_exact)
		return true;
	return count[EV_CACHE_WRITE] == (sum > whole.v ? sum : whole.v);
}

static bool
is_reasoning(const uint64_t *count, const json_t *usage)
{
	struct number n = number_at(
	    json_object_get(usage, "output_tokens_details"), "thinking_tokens");

	return is_number(count[EV_REASONING], n) ||
	       count[EV_REASONING] == count[EV_OUTPUT];
}

static bool
is_usage(const uint64_t *count, const json_t *usage)
{
	return is_number(count[EV_INPUT], number_at(usage, "input_tokens")) &&
	       is_number(count[EV_CACHE_READ],
		   number_at(usage, "cache_read_input_tokens")) &&
	       is_number(count[EV_OUTPUT], number_at(usage, "output_tokens")) &&
	       is_number(count[EV_WEB_SEARCHES],
		   number_at(json_object_get(usage, "server_tool_use"),
		       "web_search_requests")) &&
	       is_cache_write(count, usage) && is_reasoning(count, usage);
}

/* The message whose usage counts, or NULL. */
static const json_t *
message_of(const json_t *root)
{
	const json_t *data = json_object_get(root, "data");
	const json_t *type = json_object_get(root, "type");

	if (is_string(type, "assistant"))
		return json_object_get(root, "message");
	if (is_string(type, "progress") &&
	    is_string(json_object_get(data, "type"), "agent_progress"))
		return json_object_get(
		    json_object_get(data, "message"), "message");
	return NULL;
}

static bool
is_pass(const json_t *node)
{
	const json_t *type = json_object_get(node, "type");

	return is_string(type, "advisor_message") ||
	       is_string(type, "compaction");
}

/* Something in it that is surely counted. */
static bool
has_tokens(const json_t *usage)
{
	struct number in = number_at(usage, "input_tokens");
	struct number out = number_at(usage, "output_tokens");

	return (in.is_exact && in.v > 0) || (out.is_exact && out.v > 0);
}

/* Takes the next event where it is that usage's. How many must have been. */
static size_t
match(const struct told *t, const json_t *usage, size_t *at)
{
	if (*at < t->n && is_usage(t->count[*at], usage))
		++*at;
	return has_tokens(usage);
}

static void
compare_claude(const json_t *root, const struct told *t)
{
	const json_t *message = message_of(root), *usage, *passes;
	size_t at = 0, wanted = 0, i;

	usage = json_object_get(message, "usage");
	if (is_string(json_object_get(message, "model"), "<synthetic>"))
		usage = NULL;
	if (is_type(usage, JANSSON_OBJECT))
		wanted += match(t, usage, &at);
	passes = json_object_get(usage, "iterations");
	for (i = 0; i < json_array_size(passes); i++)
		if (is_pass(json_array_get(passes, i)))
			wanted += match(t, json_array_get(passes, i), &at);
	if (at != t->n)
		mismatch("an event of counts that jansson does not find", t);
	if (t->n + t->odd < wanted)
		mismatch("usage without an event", t);
}

static void
judge(const struct import_agent *a, const struct told *t)
{
	json_error_t e;
	json_t *root = oracle_load(t->line, t->len, &e);

	if (root == NULL && t->n > 0 && !oracle_may_refuse(&e))
		mismatch("events of what jansson refuses", t);
	if (root != NULL && a == &import_claude && t->n < EVENTS_MAX)
		compare_claude(root, t);
	json_decref(root);
}

/* --- Files ---------------------------------------------------------------- */

/* In memory that ends with it, so that a sanitizer sees reads beyond it. */
static void
take(struct source *s, const uint8_t *data, size_t len)
{
	const struct import_agent *a = s->agent;
	struct told *t = s->give_arg;
	char *line = malloc(len == 0 ? 1 : len);

	if (line == NULL)
		abort();
	memcpy(line, data, len);
	t->line = line;
	t->len = len;
	t->n = 0;
	s->odd = 0;
	s->line++;
	source_forget(s);
	if (a->wants_line != NULL)
		a->wants_line(line, len);
	if ((a->take_line != NULL ? a->take_line : a->take_document)(
		s, line, len) != 0)
		mismatch("it stops", t);
	t->odd = s->odd;
	judge(a, t);
	free(line);
}

static void
take_all(struct source *s, const uint8_t *data, size_t size)
{
	const uint8_t *end;

	if (s->agent->take_line == NULL) {
		take(s, data, size);
		return;
	}
	while ((end = memchr(data, '\n', size)) != NULL) {
		take(s, data, (size_t)(end - data));
		size -= (size_t)(end + 1 - data);
		data = end + 1;
	}
	take(s, data, size);
}

static const struct reader *
find_reader(uint8_t letter)
{
	size_t i;

	for (i = 0; i < LENGTH(readers); i++)
		if (readers[i].letter == (char)letter)
			return &readers[i];
	return &readers[letter % LENGTH(readers)];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_Alignas(max_align_t) char state[IMPORT_STATE_MAX] = { 0 };
	struct told told;
	struct source s = { .root = "/nowhere",
		.mtime_ms = INT64_C(1779000000000),
		.state = state,
		.give = give,
		.give_arg = &told };
	const struct reader *r;

	if (size == 0)
		return 0;
	r = find_reader(data[0]);
	s.agent = r->agent;
	s.path = r->path;
	s.rel = r->path + strlen("/nowhere/");
	take_all(&s, data + 1, size - 1);
	source_release(&s);
	return 0;
}
