#include "clients/report/line.h"

#include <string.h>

const char *const line_names[LINE_NAMES] = {
	[LINE_MODEL] = "model",
	[LINE_MODEL_ID] = "model_id",
	[LINE_AGENT] = "agent",
	[LINE_PROJECT] = "project",
	[LINE_SESSION] = "session",
	[LINE_SESSION_COST] = "session_cost",
	[LINE_SESSION_TOKENS] = "session_tokens",
	[LINE_SESSION_CALLS] = "session_calls",
	[LINE_SESSION_TIME] = "session_time",
	[LINE_AGENT_COST] = "agent_cost",
	[LINE_TODAY_COST] = "today_cost",
	[LINE_TODAY_TOKENS] = "today_tokens",
	[LINE_TODAY_CALLS] = "today_calls",
	[LINE_BLOCK_COST] = "block_cost",
	[LINE_BLOCK_TOKENS] = "block_tokens",
	[LINE_BLOCK_LEFT] = "block_left",
	[LINE_BURN] = "burn",
	[LINE_COST_HOUR] = "cost_hour",
	[LINE_CONTEXT] = "context",
	[LINE_CONTEXT_LEFT] = "context_left",
	[LINE_CONTEXT_TOKENS] = "context_tokens",
	[LINE_FIVE_HOUR] = "five_hour",
	[LINE_FIVE_HOUR_LEFT] = "five_hour_left",
	[LINE_SEVEN_DAY] = "seven_day",
	[LINE_SEVEN_DAY_LEFT] = "seven_day_left",
};

/* Where its last whole character ends: before a cut one. */
static size_t
whole_characters(const char *s, size_t len)
{
	size_t back = 0;

	while (back < 3 && back < len &&
	       ((unsigned char)s[len - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back < len && (unsigned char)s[len - 1 - back] >= 0xc0) {
		unsigned char first = (unsigned char)s[len - 1 - back];
		size_t need = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;

		if (back < need)
			return len - 1 - back;
	}
	return len;
}

/* Marks that turn the direction of text: U+200E/F, U+202A-E, U+2066-9. */
static bool
turns_text(const unsigned char *p)
{
	if (p[0] != 0xe2)
		return false;
	return (p[1] == 0x80 && (p[2] == 0x8e || p[2] == 0x8f ||
				    (p[2] >= 0xaa && p[2] <= 0xae))) ||
	       (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9);
}

static size_t
character(const unsigned char *p, size_t left)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	return n <= left ? n : left;
}

void
line_set(struct line_values *v, enum line_name name, struct text t)
{
	char *out = v->value[name];
	size_t len = 0, n, i;
	struct text c;

	for (i = 0; i < t.len; i += n) {
		n = character((const unsigned char *)t.p + i, t.len - i);
		c = (struct text){ t.p + i, (uint32_t)n };
		if (len + n >= LINE_VALUE_MAX)
			break;
		if (text_is_clean(c) &&
		    (n != 3 || !turns_text((const unsigned char *)c.p))) {
			memcpy(out + len, c.p, n);
			len += n;
		} else {
			out[len++] = '?';
			n = 1;
		}
	}
	out[len] = '\0';
}

/* "{name}…" to its place; LINE_NAMES where it is no placeholder. */
static enum line_name
placeholder(const char *s, size_t *len)
{
	size_t n = strspn(s + 1, "abcdefghijklmnopqrstuvwxyz_");
	int i;

	if (n == 0 || s[n + 1] != '}')
		return LINE_NAMES;
	*len = n + 2;
	for (i = 0; i < LINE_NAMES; i++)
		if (strlen(line_names[i]) == n &&
		    memcmp(line_names[i], s + 1, n) == 0)
			return (enum line_name)i;
	return LINE_NAMES;
}

bool
line_wants(const char *format, enum line_name name)
{
	size_t len;

	for (; *format != '\0'; format++)
		if (*format == '{' && placeholder(format, &len) == name)
			return true;
	return false;
}

struct writer {
	const struct line_values *v;
	char *out;
	size_t len;
};

static void
put(struct writer *w, const char *s, size_t len)
{
	if (len > LINE_MAX_BYTES - 1 - w->len)
		len = whole_characters(s, LINE_MAX_BYTES - 1 - w->len);
	memcpy(w->out + w->len, s, len);
	w->len += len;
}

/* Its closing bracket where it is a part with placeholders, else NULL. */
static const char *
part_end(const char *s, const struct line_values *v, bool *known)
{
	enum line_name name;
	bool any = false;
	size_t len;

	*known = true;
	for (s++; *s != '\0' && *s != ']' && *s != '['; s++) {
		name = *s == '{' ? placeholder(s, &len) : LINE_NAMES;
		if (name == LINE_NAMES)
			continue;
		any = true;
		if (v->value[name][0] == '\0')
			*known = false;
	}
	return any && *s == ']' ? s : NULL;
}

static void
put_span(struct writer *w, const char *s, const char *end)
{
	enum line_name name;
	const char *value;
	size_t len;

	while (s < end) {
		name = *s == '{' ? placeholder(s, &len) : LINE_NAMES;
		if (name == LINE_NAMES) {
			put(w, s++, 1);
			continue;
		}
		value = w->v->value[name];
		put(w, value[0] != '\0' ? value : "-",
		    value[0] != '\0' ? strlen(value) : 1);
		s += len;
	}
}

size_t
line_format(
    const char *format, const struct line_values *v, char out[LINE_MAX_BYTES])
{
	struct writer w = { v, out, 0 };
	const char *end;
	bool known;

	while (*format != '\0') {
		end = *format == '[' ? part_end(format, v, &known) : NULL;
		if (end != NULL) {
			if (known)
				put_span(&w, format + 1, end);
			format = end + 1;
			continue;
		}
		end = strchr(format + 1, '[');
		if (end == NULL)
			end = format + strlen(format);
		put_span(&w, format, end);
		format = end;
	}
	w.len = whole_characters(out, w.len);
	out[w.len] = '\0';
	return w.len;
}
