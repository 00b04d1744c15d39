#include "clients/import/source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/common/client.h"
#include "clients/common/ndjson.h"
#include "clients/import/agent.h"
#include "proto/lang.h"
#include "proto/money.h"

#define ARENA_BLOCK (16u << 10)
#define NUMBER_TEXT_MAX 128 /* a number or a time */
/* Raw bytes of a JSON string from which the bytes that are kept come. */
#define STRING_RAW_MAX (6u * (LIMIT_TEXT + 4))

/* --- Texts ---------------------------------------------------------------- */

/* What an arena's block begins with: the block before it. */
struct block {
	char *before;
};

static char *
take_room(struct source *s, size_t len)
{
	size_t cap = len + sizeof(struct block);
	char *block;

	if (s->arena == NULL || s->arena_cap - s->arena_len < len) {
		if (cap < ARENA_BLOCK)
			cap = ARENA_BLOCK;
		block = malloc(cap);
		if (block == NULL)
			return NULL;
		memcpy(
		    block, &(struct block){ s->arena }, sizeof(struct block));
		s->arena = block;
		s->arena_cap = cap;
		s->arena_len = sizeof(struct block);
	}
	return s->arena + s->arena_len;
}

static char *
block_before(const char *block)
{
	struct block b;

	memcpy(&b, block, sizeof(b));
	return b.before;
}

static void
free_blocks(char *block)
{
	char *before;

	for (; block != NULL; block = before) {
		before = block_before(block);
		free(block);
	}
}

void
source_forget(struct source *s)
{
	if (s->arena == NULL)
		return;
	free_blocks(block_before(s->arena));
	memcpy(s->arena, &(struct block){ NULL }, sizeof(struct block));
	s->arena_len = sizeof(struct block);
}

void
source_release(struct source *s)
{
	free_blocks(s->arena);
	s->arena = NULL;
	s->arena_len = s->arena_cap = 0;
	json_release(&s->json);
}

/* Bytes of the character at p that text_is_clean lets pass; 0: none. */
static size_t
clean_len(const char *p, size_t left)
{
	size_t n;

	for (n = 1; n <= 4 && n <= left; n++)
		if (text_is_clean((struct text){ p, (uint32_t)n }))
			return n;
	return 0;
}

/* The same in a printable form; characters that cannot be become spaces. */
static uint32_t
clean(const char *p, size_t len, char *out)
{
	uint32_t kept = 0;
	size_t n;

	for (; len > 0 && kept < LIMIT_TEXT; p += n, len -= n) {
		n = clean_len(p, len);
		if (kept + n > LIMIT_TEXT)
			break;
		if (n == 0)
			out[kept] = ' ';
		else
			memcpy(out + kept, p, n);
		kept += n == 0 ? 1 : (uint32_t)n;
		n += n == 0;
	}
	return kept;
}

struct text
source_text(struct source *s, const char *p, size_t len)
{
	struct text t = { NULL, 0 };
	char *out;

	if (p == NULL || len == 0)
		return t;
	out = take_room(s, LIMIT_TEXT + 1);
	if (out == NULL)
		return t;
	if (len <= LIMIT_TEXT &&
	    text_is_clean((struct text){ p, (uint32_t)len })) {
		memcpy(out, p, len);
		t.len = (uint32_t)len;
	} else {
		t.len = clean(p, len, out);
	}
	out[t.len] = '\0';
	t.p = out;
	s->arena_len += t.len + 1;
	return t;
}

struct text
source_textf(struct source *s, const char *fmt, ...)
{
	char buf[4 * LIMIT_TEXT];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n < 0)
		return (struct text){ NULL, 0 };
	return source_text(
	    s, buf, (size_t)n < sizeof(buf) ? (size_t)n : sizeof(buf) - 1);
}

/* A string with escapes. The end of a very long one is not looked at. */
static struct text
unescaped(struct source *s, const struct json_node *node)
{
	struct json_node head = *node;
	char buf[STRING_RAW_MAX + 8];
	int len;

	if (head.len > STRING_RAW_MAX)
		head.len = STRING_RAW_MAX;
	len = json_string(&s->json, &head, buf, sizeof(buf));
	return source_text(s, buf, len > 0 ? (size_t)len : 0);
}

struct text
source_string(struct source *s, const struct json_node *node)
{
	if (node == NULL ||
	    (node->type != JSON_STRING && node->type != JSON_NUMBER))
		return (struct text){ NULL, 0 };
	if (node->escaped)
		return unescaped(s, node);
	return source_text(s, json_raw(&s->json, node), node->len);
}

struct text
source_member(struct source *s, const struct json_node *obj, const char *key)
{
	return source_string(s, json_get(&s->json, obj, key));
}

/* --- Numbers -------------------------------------------------------------- */

uint64_t
source_count(const struct source *s, const struct json_node *node)
{
	const char *p;
	uint64_t v = 0;
	uint32_t i;

	if (node == NULL ||
	    (node->type != JSON_NUMBER && node->type != JSON_STRING))
		return 0;
	/* Nearly all are a few digits, and nearly all time goes here. */
	p = json_raw(&s->json, node);
	for (i = 0; i < node->len && i < 18 && p[i] >= '0' && p[i] <= '9'; i++)
		v = v * 10 + (uint64_t)(p[i] - '0');
	if (i == node->len)
		return v;
	return json_u64(&s->json, node, &v) == 0 ? v : 0;
}

uint64_t
source_member_count(
    const struct source *s, const struct json_node *obj, const char *key)
{
	return source_count(s, json_get(&s->json, obj, key));
}

bool
source_true(const struct source *s, const struct json_node *node)
{
	(void)s;
	return node != NULL && node->type == JSON_TRUE;
}

/* The characters of a number, or of a string that may hold one. -1: neither. */
static int
scalar(const struct source *s, const struct json_node *node,
    char buf[NUMBER_TEXT_MAX])
{
	if (node == NULL)
		return -1;
	if (node->type == JSON_STRING)
		return json_string(&s->json, node, buf, NUMBER_TEXT_MAX);
	if (node->type != JSON_NUMBER || node->len >= NUMBER_TEXT_MAX)
		return -1;
	memcpy(buf, json_raw(&s->json, node), node->len);
	buf[node->len] = '\0';
	return (int)node->len;
}

int64_t
source_time(const struct source *s, const struct json_node *node)
{
	char buf[NUMBER_TEXT_MAX];
	int len = scalar(s, node, buf);
	bool is_local;
	int64_t ms;

	if (len <= 0 || ndjson_time(buf, (size_t)len, &ms, &is_local) != 0)
		return 0;
	return ms;
}

void
source_cost(
    const struct source *s, const struct json_node *node, struct event *ev)
{
	char buf[NUMBER_TEXT_MAX];
	int len = scalar(s, node, buf);
	int64_t pico;

	if (len <= 0 || money_parse(buf, (size_t)len, &pico) != 0 || pico <= 0)
		return;
	ev->cost_pico = pico;
	ev->has_cost = true;
}

uint64_t
source_hash_on(uint64_t h, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	while (len-- > 0)
		h = (h ^ *p++) * UINT64_C(0x100000001b3);
	return h;
}

uint64_t
source_hash(const void *bytes, size_t len)
{
	return source_hash_on(UINT64_C(0xcbf29ce484222325), bytes, len);
}

/* --- Events --------------------------------------------------------------- */

void
source_event_init(const struct source *s, struct event *ev)
{
	event_init(ev);
	ev->text[EV_AGENT] = text_of(s->agent->agent);
	ev->text[EV_SOURCE] = TEXT("log");
}

/* How long it took and how it ended is no usage. */
static bool
has_usage(const struct event *ev)
{
	int i;

	for (i = 0; i < EV_LATENCY_MS; i++)
		if (ev->count[i] > 0)
			return true;
	return ev->has_cost || ev->is_void;
}

/* Texts for the one line that is said of a file; see source.odd_why. */
static const char *
why_not(const struct error *err)
{
	switch (err->code) {
	case ERR_MISSING:
		return N_("usage without a session or an id");
	case ERR_OUT_OF_RANGE:
		return N_("a number or time that cannot be");
	case ERR_INCONSISTENT:
		return N_("a part that is larger than the whole");
	default:
		return N_("usage that makes no sense");
	}
}

int
source_event(struct source *s, const struct event *ev)
{
	struct error err;

	if (!has_usage(ev))
		return 0;
	/* The clock is asked once a file: a day ahead is allowed. */
	if (s->now_ms == 0)
		s->now_ms = client_wall_ms();
	if (event_validate(ev, s->now_ms, &err) != 0) {
		source_odd(s, why_not(&err));
		return 0;
	}
	s->events++;
	return s->give(s, ev);
}

void
source_odd(struct source *s, const char *why)
{
	if (s->odd++ > 0)
		return;
	s->odd_why = why;
	s->odd_line = s->line;
}

void
source_unread(struct source *s, const char *why)
{
	source_odd(s, why);
	s->is_unread = true;
}
