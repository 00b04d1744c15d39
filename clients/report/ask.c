#include "clients/report/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"

static int
refuse_key(
    const char *name, size_t len, const char *what, char *why, size_t cap)
{
	snprintf(
	    why, cap, "--by: %.*s %s", (int)(len < 40 ? len : 40), name, what);
	return -1;
}

/* The time key or the report key of that name; PERIOD_STEPS, REPORT_KEYS. */
static void
find_key(struct text name, enum period_step *step, enum report_key *key)
{
	int i;

	*step = PERIOD_STEPS;
	*key = REPORT_KEYS;
	for (i = STEP_HOUR; i < PERIOD_STEPS; i++)
		if (text_is(name, period_step_names[i]))
			*step = (enum period_step)i;
	/* Rules are the views' own way to prices. */
	for (i = 0; i < REPORT_KEYS; i++)
		if (i != KEY_RULE && text_is(name, report_key_names[i]))
			*key = (enum report_key)i;
}

static bool
has_key(const struct report_query *q, enum report_key key)
{
	size_t i;

	for (i = 0; i < q->nby; i++)
		if (q->by[i] == key)
			return true;
	return false;
}

void
ask_add_time(struct ask *a, enum period_step step)
{
	a->by[a->nby++] = (struct ask_key){ true, 0 };
	a->step = step;
}

void
ask_add_key(struct ask *a, enum report_key key)
{
	a->by[a->nby++] = (struct ask_key){ false, a->query.nby };
	a->query.by[a->query.nby++] = key;
}

static int
add_named(struct ask *a, const char *name, size_t len, char *why, size_t cap)
{
	enum period_step step;
	enum report_key key;

	find_key((struct text){ name, (uint32_t)len }, &step, &key);
	if (step != PERIOD_STEPS && a->step != STEP_NONE)
		return refuse_key(name, len,
		    _("is one time key too many (hour, day, week or month)"),
		    why, cap);
	if (key != REPORT_KEYS && has_key(&a->query, key))
		return refuse_key(name, len, _("is given twice"), why, cap);
	if (step != PERIOD_STEPS)
		ask_add_time(a, step);
	else if (key != REPORT_KEYS)
		ask_add_key(a, key);
	else
		return refuse_key(name, len,
		    _("is not a key (day, week, month, hour, model, provider, "
		      "agent, project, machine, session, branch, account, "
		      "kind, billing, none)"),
		    why, cap);
	return 0;
}

/* "day,model" */
static int
add_list(struct ask *a, const char *list, char *why, size_t cap)
{
	size_t len;

	for (;;) {
		len = strcspn(list, ",");
		if (add_named(a, list, len, why, cap) != 0)
			return -1;
		if (list[len] == '\0')
			return 0;
		list += len + 1;
	}
}

static int
find_keys(struct ask *a, const struct option_list *by, char *why, size_t cap)
{
	size_t i;

	if (by->n == 1 && strcmp(by->items[0], "none") == 0)
		return 0;
	for (i = 0; i < by->n; i++)
		if (add_list(a, by->items[i], why, cap) != 0)
			return -1;
	if (by->n > 0)
		return 0;
	if (a->period.step == STEP_NONE)
		ask_add_key(a, KEY_MODEL);
	else
		ask_add_time(a, a->period.step);
	return 0;
}

int
ask_filters(struct report_query *q, const struct report_options *o, char *why,
    size_t cap)
{
	size_t i, k;

	for (k = 0; k < REPORT_KEYS; k++)
		for (i = 0; i < o->filter[k].n; i++) {
			if (q->nfilter == LIMIT_FILTER_PATTERNS) {
				snprintf(why, cap, _("more than %u filters"),
				    LIMIT_FILTER_PATTERNS);
				return -1;
			}
			q->filter[q->nfilter++] =
			    (struct report_filter){ (enum report_key)k,
				    text_of(o->filter[k].items[i]) };
		}
	return 0;
}

static int
find_period(struct ask *a, const struct setup *s, int nargs, char **args,
    const char *period, char *why, size_t cap)
{
	const struct report_options *o = s->opts;

	if (nargs > 1) {
		snprintf(why, cap, _("one period only: what is \"%.60s\"?"),
		    args[1]);
		return -1;
	}
	if ((nargs == 1) + (o->date != NULL) +
		(o->from != NULL || o->to != NULL) >
	    1) {
		snprintf(
		    why, cap, _("give a period, or --from and --to: not both"));
		return -1;
	}
	if (nargs == 1 || o->date != NULL)
		period = nargs == 1 ? args[0] : o->date;
	if (o->from != NULL || o->to != NULL)
		return period_between(
		    o->from, o->to, &s->rules, s->now_ms, &a->period, why, cap);
	return period_parse(period, &s->rules, s->now_ms, &a->period, why, cap);
}

int
ask_begin(struct ask *a, const struct setup *s, int nargs, char **args,
    const char *period)
{
	char why[256];

	memset(a, 0, sizeof(*a));
	a->rules = &s->rules;
	if (find_period(a, s, nargs, args, period, why, sizeof(why)) == 0 &&
	    ask_filters(&a->query, s->opts, why, sizeof(why)) == 0)
		return EXIT_OK;
	return setup_refuse(s, why);
}

int
ask_init(struct ask *a, const struct setup *s, int nargs, char **args)
{
	const struct report_options *o = s->opts;
	char why[256];

	int rc = ask_begin(a, s, nargs, args, "today");

	if (rc == EXIT_OK && find_keys(a, &o->by, why, sizeof(why)) != 0)
		rc = setup_refuse(s, why);
	if (rc != EXIT_OK)
		return rc;
	a->query.want_sessions = o->json || o->csv || o->tsv || o->sessions ||
				 has_key(&a->query, KEY_SESSION);
	return EXIT_OK;
}

/* Bounds an open period by the store's first and last call, or since_ms. */
static int
close_period(struct ask *a, struct setup *s, int64_t since_ms)
{
	int64_t first_ms;
	enum client_result r;
	struct value store;
	int rc = setup_connect(s);

	if (rc != EXIT_OK)
		return rc;
	r = fetch_status(&s->client, s->deadline_ms);
	if (r != CLIENT_OK)
		return setup_failed(s, r);
	if (!unpack_member(s->client.reply.result, "store", &store))
		store = (struct value){ .type = VALUE_NIL };
	first_ms = (int64_t)fetch_u64(&store, "first_ts");
	if (first_ms == 0 || (since_ms != 0 && since_ms < first_ms))
		first_ms = since_ms;
	period_bound(&a->period, a->rules, first_ms,
	    (int64_t)fetch_u64(&store, "last_ts"), s->now_ms);
	return EXIT_OK;
}

int
ask_edges(struct ask *a, struct setup *s)
{
	return ask_edges_since(a, s, 0);
}

int
ask_edges_since(struct ask *a, struct setup *s, int64_t first_ms)
{
	char why[PERIOD_WHY_MAX];
	int rc = EXIT_OK;

	if (a->period.from_is_open || a->period.to_is_open)
		rc = close_period(a, s, first_ms);
	if (rc == EXIT_OK &&
	    period_edges(&a->period, a->step, a->rules, &a->query.edges,
		&a->query.nedges, why, sizeof(why)) != 0)
		rc = setup_refuse(s, why);
	return rc;
}

int
ask_answer(struct ask *a, struct setup *s, struct answer *answer)
{
	enum client_result r;
	int rc = ask_edges(a, s);

	memset(answer, 0, sizeof(*answer));
	if (rc == EXIT_OK)
		rc = setup_connect(s);
	if (rc != EXIT_OK)
		return rc;
	r = fetch_report(&s->client, &a->query, s->deadline_ms, answer);
	return r == CLIENT_OK ? EXIT_OK : setup_failed(s, r);
}

void
ask_free(struct ask *a)
{
	free(a->query.edges);
	a->query.edges = NULL;
}

const char *
ask_key_name(const struct ask *a, size_t i)
{
	if (a->by[i].is_time)
		return period_step_names[a->step];
	return report_key_names[a->query.by[a->by[i].at]];
}

struct text
ask_key_text(const struct ask *a, size_t i, const struct report_row *row,
    char buf[PERIOD_LABEL_MAX])
{
	if (!a->by[i].is_time)
		return row->key[a->by[i].at];
	buf[0] = '\0';
	if (row->period + 1 < a->query.nedges)
		period_label(
		    a->query.edges[row->period], a->step, a->rules, buf);
	return text_of(buf);
}

static int
compare_rows(const void *pa, const void *pb, void *arg)
{
	const struct report_row *x = pa, *y = pb;
	const struct ask *a = arg;
	size_t i;
	int c;

	for (i = 0; i < a->nby; i++) {
		if (a->by[i].is_time)
			c = (x->period > y->period) - (x->period < y->period);
		else
			c = text_cmp(x->key[a->by[i].at], y->key[a->by[i].at]);
		if (c != 0)
			return c;
	}
	return 0;
}

void
ask_sort(const struct ask *a, struct answer *answer)
{
	if (a->step == STEP_NONE || a->by[0].is_time || answer->n < 2)
		return; /* the daemon's order */
	qsort_r(answer->rows, answer->n, sizeof(*answer->rows), compare_rows,
	    (void *)a);
}

/* Whether it is days from first to last; those then. */
static bool
is_days(const struct ask *a, struct civil *first, struct civil *last)
{
	int64_t from = a->query.edges[0];
	int64_t to = a->query.edges[a->query.nedges - 1];
	int day_start = a->rules->day_start;

	*first = calendar_day_of(from, day_start);
	*last = calendar_day_of(to - 1, day_start);
	return calendar_day_start(*first, day_start) == from &&
	       calendar_cmp(calendar_day_of(to, day_start), *last) != 0 &&
	       calendar_day_start(calendar_add_days(*last, 1), day_start) == to;
}

void
ask_put_caption(const struct ask *a)
{
	char x[CALENDAR_TEXT_MAX], y[CALENDAR_TEXT_MAX];
	struct civil first, last;

	if (is_days(a, &first, &last)) {
		calendar_format_date(first, x);
		calendar_format_date(last, y);
	} else {
		calendar_format_time(a->query.edges[0], x);
		calendar_format_time(a->query.edges[a->query.nedges - 1], y);
	}
	if (strcmp(x, y) == 0)
		printf("%s, %s", x, calendar_zone());
	else
		printf(_("%s to %s, %s"), x, y, calendar_zone());
	if (a->rules->day_start != 0)
		printf(_(", days from %02d:00"), a->rules->day_start);
	putchar('\n');
}

void
ask_put_period(const struct ask *a)
{
	char from[CALENDAR_TEXT_MAX], to[CALENDAR_TEXT_MAX];

	calendar_format_time(a->query.edges[0], from);
	calendar_format_time(a->query.edges[a->query.nedges - 1], to);
	printf("\"period\":{\"from\":\"%s\",\"to\":\"%s\",\"tz\":", from, to);
	json_put_str(stdout, calendar_zone());
	putchar('}');
}
