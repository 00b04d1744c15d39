#include "clients/setup/json_edit.h"

#include <stdio.h>
#include <string.h>

#include "proto/lang.h"
#include "proto/text.h"

#define KEY_MAX 64
#define DEPTH_MAX 16

/* How the file is written. */
struct style {
	char unit[16];  /* one step of indentation */
	const char *nl; /* "\n", "\r\n" or, for all in one line, "" */
	const char *colon, *comma; /* in one line */
};

static bool
is_blank(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (strchr(" \t\r\n", s[i]) == NULL)
			return false;
	return true;
}

/* Where a node's text begins and ends, quotes included. */
static size_t
begin_of(const struct json_node *n)
{
	return n->start - (n->type == JSON_STRING);
}

static size_t
end_of(const struct json_node *n)
{
	return n->start + n->len + (n->type == JSON_STRING);
}

/* Spaces or tabs at the beginning of the line that `at` is in. */
static size_t
line_indent(const char *text, size_t at, const char **indent)
{
	size_t from = at;

	while (from > 0 && text[from - 1] != '\n')
		from--;
	*indent = text + from;
	return strspn(text + from, " \t");
}

static struct style
style_of(const struct page *text)
{
	struct style st = {
		.unit = "  ", .nl = "", .colon = ": ", .comma = ", "
	};
	const char *p = page_text(text), *nl = strchr(p, '\n');
	size_t n;

	if (text->len == 0 || is_blank(p, text->len) || nl != NULL)
		st.nl = nl != NULL && nl > p && nl[-1] == '\r' ? "\r\n" : "\n";
	else if (strstr(p, "\":") != NULL && strstr(p, "\": ") == NULL) {
		st.colon = ":";
		st.comma = ",";
	}
	for (; nl != NULL; nl = strchr(nl + 1, '\n')) {
		n = strspn(nl + 1, " \t");
		if (n == 0 || n >= sizeof(st.unit) || nl[1 + n] != '"')
			continue;
		memcpy(st.unit, nl + 1, n);
		st.unit[n] = '\0';
		break;
	}
	return st;
}

/* A list of plain values reads best in one line. */
static bool
is_flat(const struct json *j, const struct json_node *node)
{
	const struct json_node *c;

	if (node->type != JSON_ARRAY)
		return json_first(j, node) == NULL;
	for (c = json_first(j, node); c != NULL; c = json_next(j, node, c))
		if (c->type >= JSON_ARRAY)
			return false;
	return true;
}

static void
put_break(
    struct page *out, const struct style *st, const char *indent, size_t depth)
{
	page_puts(out, st->nl);
	page_puts(out, indent);
	while (depth-- > 0)
		page_puts(out, st->unit);
}

/* Writes a value; `indent` begins the line that it stands in. */
static void
put_value(struct page *out, const struct json *j, const struct json_node *node,
    const struct style *st, const char *indent, size_t depth)
{
	bool flat = *st->nl == '\0' || is_flat(j, node);
	bool is_object = node->type == JSON_OBJECT;
	const struct json_node *c;

	if (node->type < JSON_ARRAY) {
		page_put(out, j->text + begin_of(node),
		    end_of(node) - begin_of(node));
		return;
	}
	page_puts(out, is_object ? "{" : "[");
	for (c = json_first(j, node); c != NULL;) {
		if (!flat)
			put_break(out, st, indent, depth + 1);
		if (is_object) {
			page_put(out, j->text + begin_of(c), c->len + 2u);
			page_puts(out, st->colon);
			c++;
		}
		put_value(out, j, c, st, indent, depth + 1);
		c = json_next(j, node, c);
		if (c != NULL)
			page_puts(out, flat ? st->comma : ",");
	}
	if (!flat)
		put_break(out, st, indent, depth);
	page_puts(out, is_object ? "}" : "]");
}

static bool
nodes_equal(const struct json *a, const struct json_node *na,
    const struct json *b, const struct json_node *nb)
{
	const struct json_node *ca = json_first(a, na), *cb = json_first(b, nb);

	if (na->type != nb->type)
		return false;
	if (na->type < JSON_ARRAY)
		return na->len == nb->len &&
		       memcmp(json_raw(a, na), json_raw(b, nb), na->len) == 0;
	while (ca != NULL && cb != NULL && nodes_equal(a, ca, b, cb)) {
		ca = json_next(a, na, ca);
		cb = json_next(b, nb, cb);
	}
	return ca == NULL && cb == NULL;
}

static const struct json_node *
last_child(const struct json *j, const struct json_node *box)
{
	const struct json_node *c, *last = NULL;

	for (c = json_first(j, box); c != NULL; c = json_next(j, box, c))
		last = c;
	return last;
}

static void
put_child(struct page *out, const char *key, const struct json *v,
    const struct style *st, const char *indent, size_t depth)
{
	if (*key != '\0') {
		page_puts(out, "\"");
		page_puts(out, key);
		page_puts(out, "\"");
		page_puts(out, st->colon);
	}
	put_value(out, v, v->nodes, st, indent, depth);
}

/* The indentation of the line of `at` into a buffer. */
static void
copy_indent(char *out, size_t cap, const char *text, size_t at)
{
	const char *p;
	size_t n = line_indent(text, at, &p);

	if (n >= cap)
		n = cap - 1;
	memcpy(out, p, n);
	out[n] = '\0';
}

/* Makes a value the last one of a container; key is "" in an array. */
static void
insert(struct page *text, const struct json *j, const struct json_node *box,
    const char *key, const struct json *value)
{
	struct style st = style_of(text);
	const struct json_node *last = last_child(j, box);
	size_t open = box->start, close = box->start + box->len - 1;
	struct page out = { .p = NULL };
	char indent[256];
	size_t at;

	if (last != NULL && memchr(text->p + open, '\n', close - open) == NULL)
		st.nl = "";
	copy_indent(indent, sizeof(indent), text->p, open);
	if (last == NULL) {
		at = open + 1;
		if (*st.nl != '\0')
			put_break(&out, &st, indent, 1);
		put_child(&out, key, value, &st, indent, 1);
		if (*st.nl != '\0')
			put_break(&out, &st, indent, 0);
		page_splice(text, at, close - at, page_text(&out), out.len);
	} else {
		at = end_of(last);
		page_puts(&out, *st.nl == '\0' ? st.comma : ",");
		copy_indent(indent, sizeof(indent), text->p, begin_of(last));
		if (*st.nl != '\0')
			put_break(&out, &st, indent, 0);
		put_child(&out, key, value, &st, indent, 0);
		page_splice(text, at, 0, page_text(&out), out.len);
	}
	text->failed = text->failed || out.failed;
	page_free(&out);
}

static int
parse(struct json *j, struct page *text, char *why, size_t cap)
{
	size_t i, line = 1;

	if (is_blank(page_text(text), text->len))
		page_set(text, "{}\n", 3);
	if (json_parse(j, text->p, text->len) != 0) {
		for (i = 0; i < j->error_at && i < text->len; i++)
			line += text->p[i] == '\n';
		snprintf(why, cap, _("line %zu: not plain JSON"), line);
		return -1;
	}
	if (j->nodes->type == JSON_OBJECT)
		return 0;
	snprintf(why, cap, _("line %zu: not a JSON object"), line);
	return -1;
}

/* The next name of a path into key; what follows it. */
static const char *
next_key(const char *path, char key[KEY_MAX])
{
	size_t n = strcspn(path, ".");

	snprintf(key, KEY_MAX, "%.*s", (int)n, path);
	return path + n + (path[n] == '.');
}

/* The value inside of what the rest of a path is missing. */
static void
wrap(struct page *out, const char *rest, const char *value, bool append)
{
	char key[KEY_MAX];

	if (*rest == '\0') {
		page_puts(out, append ? "[" : "");
		page_puts(out, value);
		page_puts(out, append ? "]" : "");
		return;
	}
	rest = next_key(rest, key);
	page_puts(out, "{\"");
	page_puts(out, key);
	page_puts(out, "\":");
	wrap(out, rest, value, append);
	page_puts(out, "}");
}

static bool
has_equal(const struct json *j, const struct json_node *array,
    const struct json *value)
{
	const struct json_node *c;

	for (c = json_first(j, array); c != NULL; c = json_next(j, array, c))
		if (nodes_equal(j, c, value, value->nodes))
			return true;
	return false;
}

/* Walks down as far as there is something and puts the rest there. */
static int
put_at(struct page *text, const struct json *j, const char *path,
    const char *value, bool append, char *why, size_t cap)
{
	const struct json_node *box = j->nodes, *next = box;
	const char *rest = path;
	struct page made = { .p = NULL };
	struct json v = { .text = NULL };
	char key[KEY_MAX] = "";
	int rc = -1;

	while (*rest != '\0' && next != NULL) {
		if (next->type != JSON_OBJECT) {
			snprintf(why, cap, _("\"%s\" is not an object"), key);
			return -1;
		}
		box = next;
		rest = next_key(rest, key);
		next = json_get(j, box, key);
	}
	wrap(&made, rest, value, append && next == NULL);
	if (made.failed || json_parse(&v, made.p, made.len) != 0)
		snprintf(why, cap, _("out of memory"));
	else if (append && next != NULL && next->type != JSON_ARRAY)
		snprintf(why, cap, _("\"%s\" is not a list"), path);
	else
		rc = 0;
	if (rc == 0 && next == NULL)
		insert(text, j, box, key, &v);
	else if (rc == 0 && append && !has_equal(j, next, &v))
		insert(text, j, next, "", &v);
	json_release(&v);
	page_free(&made);
	return rc;
}

static int
put(struct page *text, const char *path, const char *value, bool append,
    char *why, size_t cap)
{
	struct json j = { .text = NULL };
	struct page old = { .p = NULL };
	int rc;

	page_set(&old, page_text(text), text->len);
	rc = parse(&j, text, why, cap);
	if (rc == 0)
		rc = put_at(text, &j, path, value, append, why, cap);
	if (rc != 0)
		page_set(text, page_text(&old), old.len);
	json_release(&j);
	page_free(&old);
	return rc;
}

int
json_edit_append(struct page *text, const char *path, const char *value,
    char *why, size_t cap)
{
	return put(text, path, value, true, why, cap);
}

int
json_edit_default(struct page *text, const char *path, const char *value,
    char *why, size_t cap)
{
	return put(text, path, value, false, why, cap);
}

/* A match, and the containers around it: chain[0] is the root. */
struct match {
	const struct json_node *chain[DEPTH_MAX];
	bool sticky[DEPTH_MAX]; /* a name with "!" */
	size_t n;
};

static bool
find(const struct json *j, const struct json_node *box, const char *pattern,
    json_edit_judge *judge, struct match *m)
{
	const struct json_node *c, *v;
	char key[KEY_MAX];
	bool sticky;

	if (m->n == DEPTH_MAX)
		return false;
	m->chain[m->n++] = box;
	if (*pattern == '\0' && (judge == NULL || judge(j, box)))
		return true;
	pattern = next_key(pattern, key);
	sticky = *key != '\0' && key[strlen(key) - 1] == '!';
	if (sticky)
		key[strlen(key) - 1] = '\0';
	for (c = *key == '\0' ? NULL : json_first(j, box); c != NULL;
	     c = json_next(j, box, v)) {
		v = box->type == JSON_OBJECT ? c + 1 : c;
		if (strcmp(key, "*") != 0 &&
		    (box->type != JSON_OBJECT || v != json_get(j, box, key)))
			continue;
		m->sticky[m->n] = sticky;
		if (find(j, v, pattern, judge, m))
			return true;
	}
	m->n--;
	return false;
}

static bool
is_only_child(const struct json *j, const struct json_node *box)
{
	const struct json_node *c = json_first(j, box);

	if (c != NULL && box->type == JSON_OBJECT)
		c++;
	return c != NULL && json_next(j, box, c) == NULL;
}

/* Which of the chain goes: the match, or the outermost that holds no more. */
static size_t
what_goes(const struct json *j, const struct match *m)
{
	size_t i = m->n - 1;

	while (i > 1 && (is_only_child(j, m->chain[i - 1]) || m->sticky[i]))
		i--;
	return i;
}

static void
cut(struct page *text, const struct json *j, const struct json_node *box,
    const struct json_node *gone)
{
	const struct json_node *c, *v, *before = NULL, *first = NULL;
	size_t from, to;

	for (c = json_first(j, box); c != NULL; c = json_next(j, box, v)) {
		v = box->type == JSON_OBJECT ? c + 1 : c;
		first = c;
		if (v == gone)
			break;
		before = v;
	}
	c = json_next(j, box, gone);
	from = before != NULL ? end_of(before) : begin_of(first);
	to = before != NULL || c == NULL ? end_of(gone) : begin_of(c);
	if (before == NULL && c == NULL) {
		from = box->start + 1;
		to = box->start + box->len - 1;
	}
	page_splice(text, from, to - from, "", 0);
}

int
json_edit_remove(struct page *text, const char *pattern, json_edit_judge *judge,
    char *why, size_t cap)
{
	struct json j = { .text = NULL };
	struct match m = { .n = 0 };
	int n = 0, rc = 0;
	size_t i;

	if (is_blank(page_text(text), text->len))
		return 0;
	while ((rc = parse(&j, text, why, cap)) == 0 &&
	       find(&j, j.nodes, pattern, judge, &m)) {
		i = what_goes(&j, &m);
		cut(text, &j, m.chain[i - 1], m.chain[i]);
		m = (struct match){ .n = 0 };
		n++;
	}
	json_release(&j);
	return rc == 0 ? n : -1;
}
