#include <stdio.h>
#include <stdlib.h>

#include "clients/common/output.h"
#include "clients/common/safe_name.h"
#include "clients/common/text_lang.h"
#include "clients/notices/notices.h"
#include "clients/report/digest.h"
#include "proto/notice_text.h"

#define DATE_LENGTH 10
#define WHY_MAX 400

/* A notice being put in words. */
struct words {
	FILE *f;
	struct setup *s;
	const struct notice *n;
	char subject[SAFE_NAME_MAX + 1];
	char period[CALENDAR_TEXT_MAX * 2];
	char spent[FIGURE_MAX], limit[FIGURE_MAX], share[FIGURE_MAX];
	int rc; /* EXIT_* */
};

static void
format_amount(const struct notice *n, money_sum amount, char buf[FIGURE_MAX])
{
	char figure[FIGURE_MAX];

	if (!n->is_tokens) {
		figure_money(amount, buf);
		return;
	}
	figure_grouped(amount > 0 ? (uint64_t)amount : 0, figure);
	snprintf(buf, FIGURE_MAX, _("%s tokens"), figure);
}

/* A session's is its own name; the others are the daemon's. */
static void
format_period(struct words *w)
{
	char name[SAFE_NAME_MAX + 1];
	struct text t = w->n->period;

	if (w->n->to_ms != 0 && t.len < sizeof(w->period))
		snprintf(w->period, sizeof(w->period), "%.*s", (int)t.len,
		    t.len > 0 ? t.p : "");
	else
		snprintf(
		    w->period, sizeof(w->period), "%s", safe_name(t, name));
}

/* "2026-05-12 23:00" */
static void
format_when(int64_t ms, char buf[CALENDAR_TEXT_MAX])
{
	calendar_format_time(ms, buf);
	buf[DATE_LENGTH] = ' ';
	buf[DATE_LENGTH + 6] = '\0';
}

/* "budget/NAME/limit/PERIOD/ARMED/2026-05-12": told again on that day. */
static bool
is_reminder(const struct notice *n, char date[CALENDAR_TEXT_MAX])
{
	struct civil day;
	const char *at;

	if (n->id.len <= DATE_LENGTH)
		return false;
	at = n->id.p + n->id.len - DATE_LENGTH;
	if (at[-1] != '/' || calendar_parse_date(at, DATE_LENGTH, &day) != 0)
		return false;
	calendar_format_date(day, date);
	return true;
}

static void
tell_budget(struct words *w)
{
	char date[CALENDAR_TEXT_MAX];

	if (is_reminder(w->n, date))
		fprintf(w->f,
		    _("Budget %s is still used up on %s: %s of %s are spent "
		      "in %s (%s).\n"),
		    w->subject, date, w->spent, w->limit, w->period, w->share);
	else if (w->n->level == NOTICE_LIMIT)
		fprintf(w->f,
		    _("Budget %s is used up: %s of %s are spent in %s "
		      "(%s).\n"),
		    w->subject, w->spent, w->limit, w->period, w->share);
	else
		fprintf(w->f,
		    _("Budget %s is nearly used up: %s of %s are spent in %s "
		      "(%s).\n"),
		    w->subject, w->spent, w->limit, w->period, w->share);
}

static void
tell_digest(struct words *w)
{
	struct digest d = {
		.kind =
		    w->n->kind == NOTICE_DAILY ? DIGEST_DAILY : DIGEST_WEEKLY,
		.label = w->period,
		.period = { .from_ms = w->n->from_ms, .to_ms = w->n->to_ms },
	};

	w->rc = digest_fetch(&d, w->s);
	if (w->rc == EXIT_OK)
		digest_write(w->f, &d);
	digest_free(&d);
}

static void
tell_quota(struct words *w)
{
	char at[CALENDAR_TEXT_MAX];

	if (w->n->limit > 0)
		fprintf(w->f, _("The quota %s is nearly used up (%s)."),
		    w->subject, w->share);
	else
		fprintf(w->f, _("The quota %s is nearly used up."), w->subject);
	if (w->n->to_ms > 0) {
		format_when(w->n->to_ms, at);
		fprintf(w->f, _(" It begins anew at %s."), at);
	}
	fputc('\n', w->f);
}

static void
format_since(const struct notice *n, char buf[CALENDAR_TEXT_MAX])
{
	if (n->from_ms > 0)
		format_when(n->from_ms, buf);
	else
		snprintf(buf, CALENDAR_TEXT_MAX, "?");
}

static void
tell_source(struct words *w)
{
	char since[CALENDAR_TEXT_MAX];

	format_since(w->n, since);
	fprintf(w->f,
	    _("%s: nothing has been heard of it since %s, while others tell. "
	      "Is its hook or import still there? (`tt-report status`)\n"),
	    w->subject, since);
}

static void
tell_remedy(struct words *w)
{
	enum notice_remedy remedy = notice_remedy(w->n);

	if (remedy == REMEDY_SYNC)
		fprintf(w->f, _(" `tt-provider sync %s` asks it again."),
		    w->subject);
	else if (remedy == REMEDY_KEY)
		fprintf(w->f,
		    _(" `tt-provider set %s --new-key` takes another key."),
		    w->subject);
}

static void
tell_provider(struct words *w)
{
	char since[CALENDAR_TEXT_MAX], clean[WHY_MAX], said[WHY_MAX];

	format_since(w->n, since);
	if (w->n->why.len > 0) {
		table_clean(w->n->why, clean, sizeof(clean));
		fprintf(w->f,
		    notice_asks(w->n)
			? _("The provider %s could not be asked since %s what "
			    "was used: %s")
			: _("The provider %s could not be asked since %s what "
			    "was used: %s."),
		    w->subject, since, lang_said(clean, said, sizeof(said)));
	} else {
		fprintf(w->f,
		    _("The provider %s could not be asked since %s what was "
		      "used."),
		    w->subject, since);
	}
	tell_remedy(w);
	fputc('\n', w->f);
}

static void
tell_price(struct words *w)
{
	fprintf(w->f,
	    _("The model %s has no price: its calls are in no cost. `tt-price "
	      "set` gives it one.\n"),
	    w->subject);
}

/* Exactly: it may be less by little. */
static void
tell_balance(struct words *w)
{
	char left[MONEY_TEXT_MAX], least[MONEY_TEXT_MAX];

	money_format(w->n->spent, left);
	money_format(w->n->limit, least);
	fprintf(w->f, _("Account %s: %s %s is left, less than %s %s.\n"),
	    w->subject, left, w->period, least, w->period);
}

static void (*const tell[NOTICE_KINDS])(struct words *w) = {
	[NOTICE_BUDGET] = tell_budget,
	[NOTICE_DAILY] = tell_digest,
	[NOTICE_WEEKLY] = tell_digest,
	[NOTICE_QUOTA] = tell_quota,
	[NOTICE_SOURCE] = tell_source,
	[NOTICE_PROVIDER] = tell_provider,
	[NOTICE_PRICE] = tell_price,
	[NOTICE_BALANCE] = tell_balance,
};

/* The words, to free; NULL without memory or where *rc says why. */
static char *
compose(struct setup *s, const struct notice *n, int *rc)
{
	struct words w = { .s = s, .n = n };
	char *text = NULL;
	size_t len;

	w.f = open_memstream(&text, &len);
	if (w.f == NULL)
		return NULL;
	safe_name(n->subject, w.subject);
	format_period(&w);
	format_amount(n, n->spent, w.spent);
	format_amount(n, n->limit, w.limit);
	figure_share(n->spent, n->limit, w.share);
	tell[n->kind](&w);
	*rc = w.rc;
	if (fclose(w.f) == 0 && w.rc == EXIT_OK) {
		/* Whoever prints it ends the last line. */
		if (len > 0 && text[len - 1] == '\n')
			text[len - 1] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

int
notices_compose(struct setup *s, struct notices *list)
{
	int rc = EXIT_OK;

	for (size_t i = 0; i < list->n; i++) {
		list->text[i] = compose(s, &list->item[i], &rc);
		if (list->text[i] != NULL)
			continue;
		if (rc == EXIT_OK)
			complain(s->program, "%s", _("no memory for the list"));
		return rc == EXIT_OK ? EXIT_SYSTEM : rc;
	}
	return EXIT_OK;
}
