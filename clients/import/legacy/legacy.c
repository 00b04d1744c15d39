#include "clients/import/legacy/legacy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/import/agent.h"
#include "clients/import/legacy/legacy_impl.h"
#include "proto/calendar.h"
#include "proto/lang.h"

/* In the order in which they are tried: what takes nearly anything is last. */
static const struct legacy_format *const formats[] = { &legacy_ccusage,
	&legacy_days, &legacy_records };
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

/* Whose events these are is in the records, or nobody knows. */
static const struct import_agent nobody = { .name = "json", .agent = "" };

enum legacy_result
legacy_refuse(struct legacy *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->why, l->why_cap, fmt, ap);
	va_end(ap);
	return LEGACY_EUNKNOWN;
}

/* --- Files ---------------------------------------------------------------- */

static enum legacy_result
cannot_read(char *why, size_t cap)
{
	snprintf(why, cap, "%s", strerror(errno));
	return LEGACY_ESYSTEM;
}

static int
read_all(int fd, char *p, size_t len)
{
	size_t off = 0;
	ssize_t n;

	while (off < len) {
		n = read(fd, p + off, len - off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		off += (size_t)n;
	}
	p[off] = '\0';
	return (int)(off < len ? -1 : 0);
}

static enum legacy_result
load_open(int fd, char **text, size_t *len, char *why, size_t cap)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return cannot_read(why, cap);
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)LEGACY_BYTES_MAX) {
		snprintf(why, cap, _("not a file of at most %u MiB"),
		    LEGACY_BYTES_MAX >> 20);
		return LEGACY_EUNKNOWN;
	}
	*len = (size_t)st.st_size;
	*text = malloc(*len + 1);
	if (*text == NULL)
		return cannot_read(why, cap);
	if (read_all(fd, *text, *len) == 0)
		return LEGACY_OK;
	free(*text);
	*text = NULL;
	snprintf(why, cap, "%s", _("it changed while it was read"));
	return LEGACY_ESYSTEM;
}

enum legacy_result
legacy_load(const char *path, char **text, size_t *len, char *why, size_t cap)
{
	enum legacy_result rc;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	*text = NULL;
	if (fd < 0)
		return cannot_read(why, cap);
	rc = load_open(fd, text, len, why, cap);
	close(fd);
	return rc;
}

/* --- Days ----------------------------------------------------------------- */

int
legacy_begin_day(
    struct legacy *l, const char *text, size_t len, struct aggregate *a)
{
	struct civil day;

	*a = (struct aggregate){ .origin = text_of(l->origin) };
	if (calendar_parse_date(text, len, &day) != 0 ||
	    aggregate_day(text, len, &a->day) != 0) {
		source_odd(&l->s, N_("a day that is no date"));
		return -1;
	}
	a->from_ms = calendar_day_start(day, 0);
	a->to_ms = calendar_day_start(calendar_add_days(day, 1), 0);
	return 0;
}

static bool
says_something(const struct aggregate *a)
{
	return sums_total_tokens(&a->sums) > 0 ||
	       (a->has_cost && a->sums.cost > 0);
}

enum legacy_result
legacy_add_day(struct legacy *l, const struct aggregate *a)
{
	size_t cap = l->cap == 0 ? 64 : 2 * l->cap;
	struct aggregate *days;

	if (!says_something(a))
		return LEGACY_OK;
	if (l->n == l->cap) {
		days = realloc(l->days, cap * sizeof(*days));
		if (days == NULL)
			return cannot_read(l->why, l->why_cap);
		l->days = days;
		l->cap = cap;
	}
	l->days[l->n++] = *a;
	return LEGACY_OK;
}

bool
legacy_money(struct legacy *l, const struct json_node *node, money_sum *sum)
{
	struct event ev = { .cost_pico = 0 };

	source_cost(&l->s, node, &ev);
	*sum += ev.cost_pico;
	return ev.has_cost;
}

static int
compare_days(const void *pa, const void *pb)
{
	const struct aggregate *a = pa, *b = pb;
	int d;

	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	d = text_cmp(a->agent, b->agent);
	if (d == 0)
		d = text_cmp(a->provider, b->provider);
	return d != 0 ? d : text_cmp(a->model, b->model);
}

static enum legacy_result
give_day(struct legacy *l, struct aggregate *a, struct legacy_told *told)
{
	aggregate_settle(a);
	told->days++;
	return l->sink->aggregate(l->sink->arg, a) == 0 ? LEGACY_OK
							: LEGACY_ESTOPPED;
}

/* Projects, keys and the like are told apart by others: one day is one row. */
static enum legacy_result
give_days(struct legacy *l, struct legacy_told *told)
{
	enum legacy_result rc = LEGACY_OK;
	struct aggregate a;
	size_t i, k;

	if (l->n > 1)
		qsort(l->days, l->n, sizeof(*l->days), compare_days);
	for (i = 0; rc == LEGACY_OK && i < l->n; i = k) {
		a = l->days[i];
		for (k = i + 1;
		     k < l->n && compare_days(&l->days[i], &l->days[k]) == 0;
		     k++) {
			a.has_cost = a.has_cost && l->days[k].has_cost;
			if (!sums_add(&a.sums, &l->days[k].sums))
				return legacy_refuse(
				    l, _("sums that cannot be"));
		}
		rc = give_day(l, &a, told);
	}
	return rc;
}

/* --- Events --------------------------------------------------------------- */

static int
give_event(struct source *s, const struct event *ev)
{
	const struct legacy_sink *sink = s->give_arg;

	return sink->event(sink->arg, ev);
}

enum legacy_result
legacy_event(struct legacy *l, const struct event *ev)
{
	return source_event(&l->s, ev) == 0 ? LEGACY_OK : LEGACY_ESTOPPED;
}

const struct json_node *
legacy_any(
    struct legacy *l, const struct json_node *obj, const char *const *names)
{
	const struct json_node *n;

	for (; *names != NULL; names++) {
		n = json_path(&l->s.json, obj, *names);
		if (n != NULL && n->type != JSON_NULL)
			return n;
	}
	return NULL;
}

/* --- Whatever it is ------------------------------------------------------- */

static enum legacy_result
read_document(struct legacy *l)
{
	const struct json_node *root = l->s.json.nodes;
	size_t i;

	for (i = 0; i < FORMATS; i++) {
		if (!formats[i]->is_it(l, root))
			continue;
		l->origin = formats[i]->name;
		return formats[i]->read(l, root);
	}
	return legacy_refuse(l,
	    _("neither ccusage's daily JSON nor a store of a known tracker"));
}

/* One record a line, as loggers write them. A line cut short is the last. */
static enum legacy_result
read_lines(struct legacy *l, const char *text, size_t len)
{
	const char *end = text + len, *eol;
	enum legacy_result rc = LEGACY_OK;

	l->origin = legacy_records.name;
	for (; rc == LEGACY_OK && text < end; text = eol + 1) {
		eol = memchr(text, '\n', (size_t)(end - text));
		eol = eol == NULL ? end : eol;
		l->s.line++;
		if (eol == text)
			continue;
		if (json_parse(&l->s.json, text, (size_t)(eol - text)) != 0)
			source_odd(&l->s, N_("a line that is no JSON"));
		else
			rc = legacy_record(
			    l, l->s.json.nodes, (struct text){ 0 }, false);
		source_forget(&l->s);
	}
	return rc;
}

static bool
is_lines(struct legacy *l, const char *text, size_t len)
{
	const char *eol = memchr(text, '\n', len);

	return eol != NULL && text[0] == '{' &&
	       json_parse(&l->s.json, text, (size_t)(eol - text)) == 0;
}

static enum legacy_result
read_text(struct legacy *l, const char *text, size_t len)
{
	if (json_parse(&l->s.json, text, len) == 0)
		return read_document(l);
	if (is_lines(l, text, len))
		return read_lines(l, text, len);
	json_parse(&l->s.json, text, len);
	return legacy_refuse(l, _("not JSON: %s at byte %zu"),
	    _(l->s.json.error), l->s.json.error_at + 1);
}

static bool
is_database(const char *text, size_t len)
{
	static const char magic[] = "SQLite format 3";

	return len >= sizeof(magic) && memcmp(text, magic, sizeof(magic)) == 0;
}

enum legacy_result
legacy_read(const char *path, const struct legacy_sink *sink,
    struct legacy_told *told, char *why, size_t cap)
{
	struct legacy l = { .sink = sink, .why = why, .why_cap = cap };
	enum legacy_result rc;
	size_t len = 0;
	char *text;

	*told = (struct legacy_told){ .format = "" };
	l.s.agent = &nobody;
	l.s.path = path;
	l.s.give = give_event;
	l.s.give_arg = (void *)sink;
	rc = legacy_load(path, &text, &len, why, cap);
	if (rc == LEGACY_OK)
		rc = is_database(text, len) ? legacy_read_database(&l, path)
					    : read_text(&l, text, len);
	if (rc == LEGACY_OK)
		rc = give_days(&l, told);
	told->format = l.origin != NULL ? l.origin : "";
	told->events = l.s.events;
	told->odd = l.s.odd;
	told->odd_why = l.s.odd_why;
	source_release(&l.s);
	free(l.days);
	free(text);
	return rc;
}
