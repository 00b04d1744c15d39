#include "clients/report/billed/reconcile_table.h"

#include <stdio.h>
#include <string.h>

#include "clients/common/figure.h"
#include "clients/common/output.h"
#include "clients/report/billed/bills.h"
#include "clients/report/field.h"
#include "clients/report/billed/utc.h"
#include "proto/lang.h"

/* Pieces of a name that are shorter are no help. */
#define PIECE_MIN 8

/* The first of these that fits; then names of models go on in the next line. */
enum detail {
	DETAIL_FULL,
	DETAIL_MARKS, /* causes are letters, told below */
	DETAIL_SHORT, /* days without the year */
	DETAIL_LEAST  /* no provider where all are of one */
};

static const char *const cause_texts[RECONCILE_CAUSES] = {
	[CAUSE_NONE] = "",
	[CAUSE_INCOMPLETE] = N_("the day is not known whole yet"),
	[CAUSE_NOT_ASKED] = N_("before the days that are asked for"),
	[CAUSE_NOT_FINAL] = N_("not final yet"),
	[CAUSE_CURRENCY] = N_("not in dollars"),
	[CAUSE_SHARED] = N_("a shared account: others use it too"),
	[CAUSE_UNPRICED] = N_("calls without a price"),
	[CAUSE_OTHER_MACHINE] = N_("another machine or person on the same key"),
	[CAUSE_UNHOOKED_KEY] = N_("an unhooked key: nothing was seen"),
	[CAUSE_OTHER_ACCOUNT] = N_("another key or account was used"),
	[CAUSE_CACHE_TIER] = N_("the cache's tier"),
	[CAUSE_BATCH] = N_("batch prices"),
	[CAUSE_CREDITS] = N_("credits or a refund"),
	[CAUSE_PLAN] = N_("a plan"),
	[CAUSE_ELSEWHERE] = N_("billed elsewhere, by a key of your own"),
	[CAUSE_FEES] = N_("fees that are not by token"),
	[CAUSE_PRICE] = N_("other prices, credits or rebates"),
};

struct drawing {
	const struct setup *s;
	const struct reconciled *all;
	enum detail detail;
	size_t room;         /* for a model; 0: as wide as it is */
	size_t widest_model; /* 0: no row is of a model */
	bool is_one_provider, is_one_year;
	char marks[RECONCILE_CAUSES]; /* '\0': no row has it */
	bool has_causes, has_elsewhere;
	struct table *t;
};

/* --- What the rows have --------------------------------------------------- */

static struct text
model_of(const struct reconcile_row *row)
{
	if (row->model.len > 0)
		return row->model;
	return text_of(row->is_by_model ? _("(none)") : _("all"));
}

static bool
is_same_year(int64_t a_ms, int64_t b_ms)
{
	char a[CALENDAR_TEXT_MAX], b[CALENDAR_TEXT_MAX];

	utc_format_day(a_ms, a);
	utc_format_day(b_ms, b);
	return memcmp(a, b, 4) == 0;
}

static void
look_at_models(struct drawing *d)
{
	const struct reconcile_row *row = d->all->rows;
	bool by_model = false;
	struct text model;
	size_t i, width;

	for (i = 0; i < d->all->n; i++, row++) {
		by_model |= row->is_by_model;
		model = model_of(row);
		width = lang_width(model.p, model.len);
		if (width > d->widest_model)
			d->widest_model = width;
	}
	if (!by_model)
		d->widest_model = 0;
}

static void
look(struct drawing *d)
{
	const struct reconcile_row *rows = d->all->rows;
	char next = 'a';
	size_t i;

	d->is_one_provider = d->is_one_year = true;
	for (i = 0; i < d->all->n; i++) {
		d->is_one_provider &=
		    text_eq(rows[0].provider, rows[i].provider);
		d->marks[rows[i].cause] = '?';
		d->has_elsewhere |= rows[i].elsewhere != 0;
	}
	d->marks[CAUSE_NONE] = '\0';
	for (i = 0; i < RECONCILE_CAUSES; i++)
		if (d->marks[i] != '\0')
			d->marks[i] = next++;
	d->has_causes = next > 'a';
	if (d->all->n > 0)
		d->is_one_year =
		    is_same_year(rows[0].day_ms, rows[d->all->n - 1].day_ms);
	look_at_models(d);
}

/* --- Cells ---------------------------------------------------------------- */

static bool
shows_provider(const struct drawing *d)
{
	return d->detail < DETAIL_LEAST || !d->is_one_provider;
}

/* "+$0.20": the sign is what people look for. */
static void
signed_money(const struct drawing *d, money_sum pico, char buf[FIGURE_MAX + 1])
{
	buf[0] = '+';
	figure_money_as(pico, setup_decimals(d->s), buf + 1);
	if (pico <= 0)
		memmove(buf, buf + 1, strlen(buf));
}

static void
put_heads(const struct drawing *d)
{
	bool is_full = d->detail == DETAIL_FULL;

	table_column(d->t, _("day"), 0);
	if (shows_provider(d))
		table_column(d->t, _("provider"), 0);
	if (d->widest_model > 0)
		table_column(d->t, _("model"), 0);
	table_column(d->t, _("seen"), TABLE_RIGHT);
	table_column(d->t, _("billed"), TABLE_RIGHT);
	table_column(d->t, d->detail < DETAIL_SHORT ? _("difference") : "+/-",
	    TABLE_RIGHT);
	if (d->has_elsewhere)
		table_column(d->t, _("elsewhere"), TABLE_RIGHT);
	if (d->has_causes)
		table_column(
		    d->t, is_full ? _("suspected cause") : _("cause"), 0);
}

static void
put_cause(const struct drawing *d, enum reconcile_cause cause)
{
	const char mark[] = { d->marks[cause], '\0' };

	if (!d->has_causes)
		return;
	if (d->detail > DETAIL_FULL)
		table_str(d->t, mark);
	else
		table_str(
		    d->t, cause != CAUSE_NONE ? _(cause_texts[cause]) : "");
}

static void
put_elsewhere(const struct drawing *d, const char *amount)
{
	if (d->has_elsewhere)
		table_str(d->t, amount);
}

static void
put_figures(const struct drawing *d, const struct reconcile_row *row)
{
	char buf[BILLS_AMOUNT_MAX];

	figure_money_as(row->seen_cost, setup_decimals(d->s), buf);
	table_str(d->t, field_is_unpriced(&row->seen) ? "-" : buf);
	bills_amount(d->s, row->amount, row->currency, buf);
	table_str(d->t, row->has_amount ? buf : "-");
	signed_money(d, row->difference, buf);
	table_str(d->t, row->has_difference ? buf : "-");
	bills_amount(d->s, row->elsewhere, row->currency, buf);
	put_elsewhere(d, row->elsewhere != 0 ? buf : "");
	put_cause(d, row->cause);
}

static void
put_day(const struct drawing *d, int64_t day_ms)
{
	char day[CALENDAR_TEXT_MAX];
	bool is_short = d->detail >= DETAIL_SHORT && d->is_one_year;

	utc_format_day(day_ms, day);
	table_str(d->t, is_short ? day + strlen("2026-") : day);
}

static bool
is_break(char c)
{
	return c != '\0' && strchr("-/:@_", c) != NULL;
}

/* Does a character begin there, or the name end? */
static bool
is_edge(struct text name, uint32_t at)
{
	return at >= name.len || ((unsigned char)name.p[at] & 0xc0) != 0x80;
}

uint32_t
reconcile_piece(struct text name, size_t columns)
{
	uint32_t i, len = 0, good = 0;

	for (i = 1; i <= name.len; i++) {
		if (!is_edge(name, i))
			continue;
		if (len > 0 && lang_width(name.p, i) > columns)
			break;
		len = i;
		if (is_break(name.p[i - 1]))
			good = i;
	}
	return len < name.len && good * 2 > len ? good : len;
}

/* The rest of a name, in lines that have nothing else. */
static void
put_rest(const struct drawing *d, struct text rest)
{
	uint32_t len;
	size_t i, after = 3u + d->has_elsewhere + d->has_causes;

	while (rest.len > 0) {
		len = reconcile_piece(rest, d->room);
		for (i = 0; i < (shows_provider(d) ? 2 : 1); i++)
			table_str(d->t, "");
		table_text(d->t, (struct text){ rest.p, len });
		for (i = 0; i < after; i++)
			table_str(d->t, "");
		rest.p += len;
		rest.len -= len;
	}
}

static void
put_row(const struct drawing *d, const struct reconcile_row *row)
{
	struct text model = model_of(row), provider = row->provider;
	uint32_t len = model.len;

	if (d->room > 0)
		len = reconcile_piece(model, d->room);
	put_day(d, row->day_ms);
	if (shows_provider(d))
		table_text(
		    d->t, provider.len > 0 ? provider : text_of(_("(none)")));
	if (d->widest_model > 0)
		table_text(d->t, (struct text){ model.p, len });
	put_figures(d, row);
	if (d->widest_model > 0)
		put_rest(d, (struct text){ model.p + len, model.len - len });
}

/* Where no row has a difference nothing has been added up. */
static void
put_total(const struct drawing *d)
{
	bool any = d->all->open < d->all->n;
	char buf[FIGURE_MAX + 1];

	table_str(d->t, _("total"));
	if (shows_provider(d))
		table_str(d->t, "");
	if (d->widest_model > 0)
		table_str(d->t, "");
	figure_money_as(d->all->seen, setup_decimals(d->s), buf);
	table_str(d->t, any ? buf : "-");
	figure_money_as(d->all->billed, setup_decimals(d->s), buf);
	table_str(d->t, any ? buf : "-");
	signed_money(d, d->all->difference, buf);
	table_str(d->t, any ? buf : "-");
	figure_money_as(d->all->elsewhere, setup_decimals(d->s), buf);
	put_elsewhere(d, any ? buf : "-");
	put_cause(d, CAUSE_NONE);
}

/* --- The table ------------------------------------------------------------ */

static void
draw(struct drawing *d)
{
	size_t i;

	table_free(d->t);
	d->t = table_new();
	put_heads(d);
	for (i = 0; i < d->all->n; i++)
		put_row(d, &d->all->rows[i]);
	put_total(d);
}

/* Names of models get what the rest leaves. */
static void
fold_models(struct drawing *d, size_t width)
{
	size_t excess = table_width(d->t) - width;

	d->room = d->widest_model > excess + PIECE_MIN
		      ? d->widest_model - excess
		      : PIECE_MIN;
	draw(d);
}

static void
put_marks(const struct drawing *d)
{
	int i;

	for (i = 0; i < RECONCILE_CAUSES; i++)
		if (d->marks[i] != '\0')
			printf("%c  %s\n", d->marks[i], _(cause_texts[i]));
}

int
reconcile_table(const struct setup *s, const struct reconciled *all)
{
	struct drawing d = { .s = s, .all = all };
	size_t width = setup_width(s);
	int rc;

	look(&d);
	draw(&d);
	while (
	    width > 0 && table_width(d.t) > width && d.detail < DETAIL_LEAST) {
		d.detail++;
		draw(&d);
	}
	if (width > 0 && table_width(d.t) > width && d.widest_model > 0)
		fold_models(&d, width);
	rc = setup_print(s, d.t);
	if (rc == EXIT_OK && d.detail > DETAIL_FULL)
		put_marks(&d);
	return rc;
}
