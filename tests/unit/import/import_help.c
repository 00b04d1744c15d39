#include "tests/unit/import/import_help.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "proto/calendar.h"

#define FILE_MAX (64u << 20)

static char *
copy_text(struct text *t)
{
	char *p = malloc(t->len + 1);

	cr_assert_not_null(p);
	if (t->len > 0)
		memcpy(p, t->p, t->len);
	p[t->len] = '\0';
	t->p = p;
	return p;
}

static int
collect(struct source *s, const struct event *ev)
{
	struct import_events *es = s->give_arg;
	size_t cap = es->cap == 0 ? 16 : es->cap * 2;
	struct event *copy;
	int i;

	if (es->n == es->cap) {
		es->events = realloc(es->events, cap * sizeof(*es->events));
		cr_assert_not_null(es->events);
		es->cap = cap;
	}
	copy = &es->events[es->n++];
	*copy = *ev;
	for (i = 0; i < EV_TEXTS; i++)
		if (copy->text[i].len > 0)
			copy_text(&copy->text[i]);
	return 0;
}

void
import_events_free(struct import_events *es)
{
	size_t i;
	int t;

	for (i = 0; i < es->n; i++)
		for (t = 0; t < EV_TEXTS; t++)
			if (es->events[i].text[t].len > 0)
				free(
				    (void *)(uintptr_t)es->events[i].text[t].p);
	free(es->events);
	*es = (struct import_events){ 0 };
}

static void
begin(struct source *s, const struct import_agent *a, const char *root,
    const char *path, const char *rel, struct import_events *es)
{
	cr_assert_leq(a->state_size, IMPORT_STATE_MAX,
	    "%s keeps %zu bytes, the limit is %d", a->name, a->state_size,
	    IMPORT_STATE_MAX);
	calendar_use_zone(NULL);
	*s = (struct source){
		.agent = a,
		.root = root,
		.path = path,
		.rel = rel,
		.mtime_ms = 1767225600000, /* 2026-01-01 */
		.line = es->lines,
		.state = es->state,
		.give = collect,
		.give_arg = es,
	};
}

static void
finish(struct source *s, struct import_events *es)
{
	es->odd = s->odd;
	es->odd_why = s->odd_why;
	es->odd_line = s->odd_line;
	es->is_unread = s->is_unread;
	es->lines = s->line;
	source_release(s);
}

static bool
is_wanted(const struct import_agent *a, const char *line, size_t len)
{
	if (a->needle != NULL)
		return memmem(line, len, a->needle, strlen(a->needle)) != NULL;
	return a->wants_line == NULL || a->wants_line(line, len);
}

/* A copy of exactly its bytes, so that a sanitizer sees what reads past it. */
static char *
exact(const char *p, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1);

	cr_assert_not_null(copy);
	memcpy(copy, p, len);
	return copy;
}

static void
take_lines(
    struct source *s, const char *p, size_t len, struct import_events *es)
{
	const char *end;
	size_t n;
	char *line;

	for (; (end = memchr(p, '\n', len)) != NULL;
	     len -= n + 1, p = end + 1) {
		n = (size_t)(end - p);
		s->line++;
		if (!is_wanted(s->agent, p, n))
			continue;
		line = exact(p, n);
		source_forget(s);
		es->rc = s->agent->take_line(s, line, n);
		free(line);
	}
}

static void
run_lines(const struct import_agent *a, const char *rel, const char *bytes,
    size_t len, struct import_events *es)
{
	struct source s;
	char path[4096];

	cr_assert_eq(a->kind_of(rel), IMPORT_LINES,
	    "%s takes %s as kind %d, not as lines", a->name, rel,
	    a->kind_of(rel));
	snprintf(path, sizeof(path), "/logs/%s", rel);
	begin(&s, a, "/logs", path, rel, es);
	take_lines(&s, bytes, len, es);
	finish(&s, es);
}

void
import_run_more(const struct import_agent *a, const char *rel, const char *text,
    struct import_events *es)
{
	run_lines(a, rel, text, strlen(text), es);
}

static void
restart(struct import_events *es)
{
	memset(es->state, 0, sizeof(es->state));
	es->lines = 0;
}

void
import_run_lines(const struct import_agent *a, const char *rel,
    const char *text, struct import_events *es)
{
	restart(es);
	run_lines(a, rel, text, strlen(text), es);
}

void
import_run_bytes(const struct import_agent *a, const char *rel,
    const char *bytes, size_t len, struct import_events *es)
{
	restart(es);
	run_lines(a, rel, bytes, len, es);
}

static void
take_document(
    struct source *s, const char *text, size_t len, struct import_events *es)
{
	char *copy = exact(text, len);

	es->rc = s->agent->take_document(s, copy, len);
	free(copy);
}

void
import_run_document(const struct import_agent *a, const char *rel,
    const char *text, struct import_events *es)
{
	struct source s;
	char path[4096];

	cr_assert_eq(a->kind_of(rel), IMPORT_DOCUMENT,
	    "%s takes %s as kind %d, not as a document", a->name, rel,
	    a->kind_of(rel));
	restart(es);
	snprintf(path, sizeof(path), "/logs/%s", rel);
	begin(&s, a, "/logs", path, rel, es);
	take_document(&s, text, strlen(text), es);
	finish(&s, es);
}

/* All of a file, and its time. */
static char *
slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	char *p = malloc(FILE_MAX);

	cr_assert_not_null(f, "%s: %s", path, strerror(errno));
	cr_assert_not_null(p);
	*len = fread(p, 1, FILE_MAX, f);
	cr_assert(!ferror(f) && *len < FILE_MAX, "%s: cannot be read", path);
	fclose(f);
	return p;
}

void
import_run_file(const struct import_agent *a, const char *root, const char *rel,
    struct import_events *es)
{
	int kind = a->kind_of(rel);
	struct source s;
	struct stat st;
	char path[4096], *bytes;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", root, rel);
	cr_assert_geq(kind, 0, "%s does not want %s", a->name, rel);
	cr_assert_eq(stat(path, &st), 0, "%s: %s", path, strerror(errno));
	restart(es);
	begin(&s, a, root, path, rel, es);
	s.mtime_ms =
	    (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	if (kind == IMPORT_DATABASE) {
		es->rc = a->take_database(&s);
	} else {
		bytes = slurp(path, &len);
		if (kind == IMPORT_LINES)
			take_lines(&s, bytes, len, es);
		else
			take_document(&s, bytes, len, es);
		free(bytes);
	}
	finish(&s, es);
}

static char *
join(const char *dir, const char *name)
{
	char *path;

	cr_assert_geq(
	    asprintf(&path, "%s%s%s", dir, dir[0] != '\0' ? "/" : "", name), 0);
	return path;
}

static void
run_below(const struct import_agent *a, const char *root, const char *rel,
    struct import_events *es)
{
	char *dir = join(root, rel), *below, *path;
	struct dirent **names;
	struct stat st;
	int n, i;

	n = scandir(dir, &names, NULL, alphasort);
	cr_assert_geq(n, 0, "%s: %s", dir, strerror(errno));
	for (i = 0; i < n; free(names[i++])) {
		if (strcmp(names[i]->d_name, ".") == 0 ||
		    strcmp(names[i]->d_name, "..") == 0)
			continue;
		below = join(rel, names[i]->d_name);
		path = join(root, below);
		cr_assert_eq(stat(path, &st), 0, "%s", path);
		if (S_ISDIR(st.st_mode))
			run_below(a, root, below, es);
		else if (a->kind_of(below) >= 0)
			import_run_file(a, root, below, es);
		free(below);
		free(path);
	}
	free(names);
	free(dir);
}

void
import_run_tree(
    const struct import_agent *a, const char *root, struct import_events *es)
{
	run_below(a, root, "", es);
}

uint64_t
import_sum(const struct import_events *es, enum event_count c)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < es->n; i++)
		sum += es->events[i].count[c];
	return sum;
}

void
import_text_is(const struct event *ev, enum event_text t, const char *expected)
{
	struct text got = ev->text[t];

	cr_assert(text_is(got, expected), "%s is \"%.*s\", not \"%s\"",
	    event_text_names[t], (int)got.len, got.len > 0 ? got.p : "",
	    expected != NULL ? expected : "");
}

void
import_count_is(const struct event *ev, enum event_count c, uint64_t expected)
{
	cr_assert_eq(ev->count[c], expected, "%s is %" PRIu64 ", not %" PRIu64,
	    event_count_names[c], ev->count[c], expected);
}

const struct event *
import_find(const struct import_events *es, const char *message)
{
	size_t i;

	for (i = 0; i < es->n; i++)
		if (text_is(es->events[i].text[EV_MESSAGE], message))
			return &es->events[i];
	cr_assert_fail("no event of message %s among %zu", message, es->n);
	return NULL;
}
