#include "clients/common/slim.h"

#include <stdlib.h>

#define SLIM_KEPT_MIN 4096u

/* Where in an escape the next byte is; ESCAPE_HEX and below count digits. */
enum { ESCAPE_NONE = 0, ESCAPE_HEX = 4, ESCAPE_BEGUN = 5 };

void
slim_reset(struct slim *s)
{
	*s = (struct slim){ .p = s->p, .cap = s->cap };
}

void
slim_release(struct slim *s)
{
	free(s->p);
	*s = (struct slim){ 0 };
}

static void
fail(struct slim *s, const char *error)
{
	s->state = SLIM_BAD;
	s->error = error;
}

static bool
grow(struct slim *s)
{
	size_t cap = s->cap == 0 ? SLIM_KEPT_MIN : 2 * s->cap;
	char *p;

	if (cap > SLIM_KEPT_MAX) {
		fail(s, "too large");
		return false;
	}
	p = realloc(s->p, cap);
	if (p == NULL) {
		fail(s, "out of memory");
		return false;
	}
	s->p = p;
	s->cap = cap;
	return true;
}

static void
keep(struct slim *s, char c)
{
	if (s->arrays > 1 || (s->len == s->cap && !grow(s)))
		return;
	s->p[s->len++] = c;
}

static void
open_bracket(struct slim *s, char c)
{
	if (s->depth == JSON_DEPTH_MAX) {
		fail(s, "nested too deeply");
		return;
	}
	keep(s, c);
	s->open[s->depth++] = c;
	s->arrays += c == '[';
}

static void
close_bracket(struct slim *s, char c)
{
	char opener = c == '}' ? '{' : '[';

	if (s->depth == 0 || s->open[s->depth - 1] != opener) {
		fail(s, "a bracket that nothing opens");
		return;
	}
	s->depth--;
	s->arrays -= c == ']';
	keep(s, c);
	if (s->depth == 0 && s->state == SLIM_MORE)
		s->state = SLIM_DONE;
}

/* Space may stand between digits that must not become one number. */
static void
take_space(struct slim *s)
{
	if (s->len > 0 && s->p[s->len - 1] != ' ')
		keep(s, ' ');
}

static void
take_char(struct slim *s, char c)
{
	switch (c) {
	case '{':
	case '[':
		open_bracket(s, c);
		break;
	case '}':
	case ']':
		close_bracket(s, c);
		break;
	case ' ':
	case '\t':
	case '\r':
	case '\n':
		take_space(s);
		break;
	case '"':
		s->in_string = true;
		s->string_len = 0;
		keep(s, c);
		break;
	default:
		keep(s, c);
	}
}

/*
 * An escape is kept whole or not at all, so that a string that lost its tail
 * stays valid.
 */
static void
take_escape_char(struct slim *s, char c)
{
	if (s->escape == ESCAPE_BEGUN)
		s->escape = c == 'u' ? ESCAPE_HEX : ESCAPE_NONE;
	else
		s->escape--;
	if (s->is_cut)
		return;
	s->string_len++;
	keep(s, c);
}

static void
take_string_char(struct slim *s, char c)
{
	if ((uint8_t)c < 0x20) {
		fail(s, "a control character in a string");
		return;
	}
	if (s->escape != ESCAPE_NONE) {
		take_escape_char(s, c);
		return;
	}
	s->is_cut = s->string_len >= SLIM_STRING_MAX;
	if (c == '"')
		s->in_string = s->is_cut = false;
	else if (c == '\\')
		s->escape = ESCAPE_BEGUN;
	if (s->is_cut)
		return;
	s->string_len++;
	keep(s, c);
}

size_t
slim_feed(struct slim *s, const char *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len && s->state == SLIM_MORE; i++)
		if (s->in_string)
			take_string_char(s, bytes[i]);
		else
			take_char(s, bytes[i]);
	return i;
}
