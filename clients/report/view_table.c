#include <stdio.h>
#include <string.h>

#include "clients/common/figure.h"
#include "clients/common/text_lang.h"
#include "clients/report/billed/sourced.h"
#include "clients/report/view.h"

/* How much is shown: the first of these that fits. */
enum detail { DETAIL_GROUPED, DETAIL_COMPACT, DETAIL_NO_CACHE, DETAIL_LEAST };

/* A calendar of a month or two shows its quiet days. */
#define GAPS_PERIODS_MAX 62

enum column_kind {
	COLUMN_SUM,
	COLUMN_SESSIONS,
	COLUMN_TOTAL,
	COLUMN_COST,
	COLUMN_PLAN
};
enum column_when { ALWAYS, IF_FULL, IF_SESSIONS, IF_PLAN };

static const struct column {
	const char *name;
	enum column_kind kind;
	enum sum sum;
	enum column_when when;
	enum detail last; /* the least detail that still has it */
} columns[] = {
	{ N_("calls"), COLUMN_SUM, SUM_CALLS, ALWAYS, DETAIL_LEAST },
	{ N_("failed"), COLUMN_SUM, SUM_FAILED, IF_FULL, DETAIL_NO_CACHE },
	{ N_("sessions"), COLUMN_SESSIONS, 0, IF_SESSIONS, DETAIL_NO_CACHE },
	{ N_("input"), COLUMN_SUM, SUM_INPUT, ALWAYS, DETAIL_NO_CACHE },
	{ N_("output"), COLUMN_SUM, SUM_OUTPUT, ALWAYS, DETAIL_NO_CACHE },
	{ N_("reasoning"), COLUMN_SUM, SUM_REASONING, IF_FULL,
	    DETAIL_NO_CACHE },
	{ N_("cache read"), COLUMN_SUM, SUM_CACHE_READ, ALWAYS,
	    DETAIL_COMPACT },
	{ N_("cache write"), COLUMN_SUM, SUM_CACHE_WRITE, ALWAYS,
	    DETAIL_COMPACT },
	{ N_("other"), COLUMN_SUM, SUM_OTHER, IF_FULL, DETAIL_NO_CACHE },
	{ N_("total"), COLUMN_TOTAL, 0, ALWAYS, DETAIL_LEAST },
	{ N_("cost"), COLUMN_COST, 0, ALWAYS, DETAIL_LEAST },
	{ N_("plan"), COLUMN_PLAN, 0, IF_PLAN, DETAIL_LEAST },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

struct drawing {
	const struct setup *s;
	const struct ask *a;
	const struct answer *answer;
	const struct unseen *unseen;
	enum detail detail;
	struct table *t;
};

static bool
shows(const struct drawing *d, const struct column *c)
{
	if (c->when == IF_FULL && !d->s->opts->full)
		return false;
	if (c->when == IF_PLAN && d->answer->total.sums.plan_cost == 0)
		return false;
	if (c->when == IF_SESSIONS && !d->a->query.want_sessions)
		return false;
	return d->detail <= c->last;
}

/* Without keys there is nothing to tell, unless there are two lines of it. */
static size_t
labels(const struct drawing *d)
{
	if (d->a->nby > 0)
		return d->a->nby;
	return d->answer->has_imported || d->unseen->is_known;
}

static void
put_heads(const struct drawing *d)
{
	size_t i;

	if (d->a->nby == 0 && labels(d) > 0)
		table_column(d->t, "", 0);
	for (i = 0; i < d->a->nby; i++)
		table_column(d->t, _(ask_key_name(d->a, i)),
		    d->a->by[i].is_time ? 0 : TABLE_TRUNC);
	for (i = 0; i < COLUMNS; i++)
		if (shows(d, &columns[i]))
			table_column(d->t, _(columns[i].name), TABLE_RIGHT);
}

static void
put_count(const struct drawing *d, uint64_t n)
{
	char buf[FIGURE_MAX];

	if (d->detail == DETAIL_GROUPED)
		figure_grouped(n, buf);
	else
		figure_compact(n, buf);
	table_str(d->t, buf);
}

/*
 * Other tools tell tokens of calls that they did not count, and some services
 * only what it cost.
 */
static bool
is_uncounted(const struct column *c, const struct sums *s)
{
	if (c->kind != COLUMN_SUM && c->kind != COLUMN_TOTAL)
		return false;
	if (source_is_uncounted(s))
		return true;
	return c->kind == COLUMN_SUM && c->sum == SUM_CALLS &&
	       s->n[SUM_CALLS] == 0 && sums_total_tokens(s) > 0;
}

static void
put_figure(const struct drawing *d, const struct column *c,
    const struct report_row *row)
{
	char buf[FIGURE_MAX];

	if (is_uncounted(c, &row->sums)) {
		table_str(d->t, "-");
		return;
	}
	switch (c->kind) {
	case COLUMN_SUM:
		put_count(d, row->sums.n[c->sum]);
		break;
	case COLUMN_SESSIONS:
		put_count(d, row->sessions);
		break;
	case COLUMN_TOTAL:
		put_count(d, sums_total_tokens(&row->sums));
		break;
	case COLUMN_COST:
		figure_cost_as(&row->sums, setup_decimals(d->s), buf);
		table_str(d->t, buf);
		break;
	case COLUMN_PLAN:
		figure_money_as(row->sums.plan_cost, setup_decimals(d->s), buf);
		table_str(d->t, buf);
		break;
	}
}

/* row NULL: nothing happened. */
static void
put_figures(const struct drawing *d, const struct report_row *row)
{
	size_t i;

	for (i = 0; i < COLUMNS; i++) {
		if (!shows(d, &columns[i]))
			continue;
		if (row == NULL)
			table_str(d->t, "-");
		else
			put_figure(d, &columns[i], row);
	}
}

/* "2026-11-16T13:00:00+01:00" to "2026-11-16 13:00 +01:00" */
static void
shorten_hour(char label[PERIOD_LABEL_MAX])
{
	char zone[PERIOD_LABEL_MAX];

	if (strlen(label) < 20)
		return;
	memcpy(zone, label + 19, strlen(label + 19) + 1);
	label[10] = ' ';
	snprintf(label + 16, PERIOD_LABEL_MAX - 16, " %.20s", zone);
}

static void
put_row(const struct drawing *d, const struct report_row *row)
{
	char buf[PERIOD_LABEL_MAX];
	struct text key;
	size_t i;

	for (i = 0; i < d->a->nby; i++) {
		key = ask_key_text(d->a, i, row, buf);
		if (d->a->by[i].is_time && d->a->step == STEP_HOUR) {
			shorten_hour(buf);
			key = text_of(buf);
		}
		table_text(d->t, key.len > 0 ? key : text_of(_("(none)")));
	}
	if (d->a->nby == 0 && labels(d) > 0)
		table_str(d->t, _("calls"));
	put_figures(d, row);
}

static void
put_gap(const struct drawing *d, uint32_t period)
{
	struct report_row row = { .period = period };
	char buf[PERIOD_LABEL_MAX];

	ask_key_text(d->a, 0, &row, buf);
	if (d->a->step == STEP_HOUR)
		shorten_hour(buf);
	table_str(d->t, buf);
	put_figures(d, NULL);
}

/* People look for the days without; machines do without. */
static bool
shows_gaps(const struct ask *a)
{
	return a->nby == 1 && a->step != STEP_NONE &&
	       a->query.nedges - 1 <= GAPS_PERIODS_MAX;
}

/* Gaps up to, and not with, that period; never into the future. */
static void
put_gaps(const struct drawing *d, uint32_t *next, uint32_t until)
{
	if (!shows_gaps(d->a))
		return;
	for (; *next < until; ++*next)
		if (d->a->query.edges[*next] <= d->s->now_ms)
			put_gap(d, *next);
}

static void
put_labelled(
    const struct drawing *d, const char *label, const struct report_row *row)
{
	size_t i;

	for (i = 0; i < labels(d); i++)
		table_str(d->t, i == 0 ? label : "");
	put_figures(d, row);
}

/* People look for the whole in the last line; JSON keeps the two apart. */
static struct report_row
whole(const struct answer *answer)
{
	struct report_row row = answer->total;
	const struct sums *more = &answer->imported.sums;

	if (!answer->has_imported || !sums_add(&row.sums, more))
		return answer->total;
	/* Its cost is not the whole one, as with calls without a price. */
	if (more->n[SUM_UNPRICED_TOKENS] > 0)
		row.sums.n[SUM_UNPRICED_CALLS] += row.sums.n[SUM_CALLS] > 0;
	return row;
}

/* Of what was not seen here only the cost is known. */
static void
put_unseen(const struct drawing *d)
{
	char buf[FIGURE_MAX];
	size_t i;

	for (i = 0; i < labels(d); i++)
		table_str(d->t, i == 0 ? _("unseen") : "");
	unseen_amount(d->s, d->unseen, buf);
	for (i = 0; i < COLUMNS; i++)
		if (shows(d, &columns[i]))
			table_str(
			    d->t, columns[i].kind == COLUMN_COST ? buf : "-");
}

static void
put_total(const struct drawing *d)
{
	struct report_row row = whole(d->answer);

	if (d->answer->has_imported)
		put_labelled(d, _("imported"), &d->answer->imported);
	put_labelled(d, _("total"), &row);
	if (d->unseen->is_known)
		put_unseen(d);
}

static struct table *
draw(struct drawing *d)
{
	uint32_t next = 0;
	size_t i;

	d->t = table_new();
	put_heads(d);
	for (i = 0; i < d->answer->n; i++) {
		put_gaps(d, &next, d->answer->rows[i].period);
		put_row(d, &d->answer->rows[i]);
		next = d->answer->rows[i].period + 1;
	}
	put_gaps(d, &next, (uint32_t)(d->a->query.nedges - 1));
	put_total(d);
	return d->t;
}

int
view_table(const struct setup *s, const struct ask *a,
    const struct answer *answer, const struct unseen *unseen)
{
	struct drawing d = {
		.s = s, .a = a, .answer = answer, .unseen = unseen
	};
	size_t width = setup_width(s);
	int rc;

	ask_put_caption(a);
	draw(&d);
	while (
	    width > 0 && table_width(d.t) > width && d.detail < DETAIL_LEAST) {
		table_free(d.t);
		d.detail++;
		draw(&d);
	}
	rc = setup_print(s, d.t);
	if (rc == EXIT_OK && unseen->is_known)
		unseen_put_note(s, unseen);
	return rc;
}
