#include <inttypes.h>
#include <stdio.h>

#include "clients/budget/budget.h"
#include "clients/common/output.h"
#include "clients/common/safe_name.h"

void
budget_figure(bool is_tokens, money_sum amount, char buf[FIGURE_MAX])
{
	if (!is_tokens) {
		figure_money(amount, buf);
		return;
	}
	buf[0] = '-';
	figure_grouped((uint64_t)(amount < 0 ? -amount : amount),
	    amount < 0 ? buf + 1 : buf);
}

void
budget_amount(bool is_tokens, money_sum amount, char buf[FIGURE_MAX])
{
	char figure[FIGURE_MAX];

	budget_figure(is_tokens, amount, figure);
	snprintf(buf, FIGURE_MAX, is_tokens ? _("%s tokens") : "%s", figure);
}

static void
json_amount(const char *name, bool is_tokens, money_sum amount)
{
	char buf[MONEY_TEXT_MAX];

	if (is_tokens) {
		printf(",\"%s_tokens\":%" PRId64, name, (int64_t)amount);
	} else {
		money_format(amount, buf);
		printf(",\"%s_usd\":%s", name, buf);
	}
}

static void
json_label(struct text label)
{
	fputs(",\"period\":", stdout);
	if (label.len > 0)
		json_put_text(stdout, label);
	else
		fputs("null", stdout);
}

void
budget_json(const struct budget_state *s)
{
	bool is_tokens = s->budget.is_tokens;

	fputs("\"name\":", stdout);
	json_put_text(stdout, s->budget.name);
	printf(",\"level\":\"%s\"", budget_level_names[s->level]);
	json_amount("spent", is_tokens, s->spent);
	json_amount("limit", is_tokens, s->budget.limit);
	json_label(s->label);
	printf(",\"every\":\"%s\",\"unpriced_tokens\":%" PRIu64
	       ",\"unpriced_calls\":%" PRIu64,
	    budget_period_names[s->budget.period], s->unpriced_tokens,
	    s->unpriced_calls);
}

void
budget_json_settings(const struct budget *b)
{
	bool first = true;

	printf(",\"warn_percent\":%u,\"metered\":%s,\"remind\":%s,\"filter\":{",
	    b->warn, b->is_metered ? "true" : "false",
	    b->reminds ? "true" : "false");
	for (int i = 0; i < BUDGET_FILTERS; i++) {
		if (b->filter[i].len == 0)
			continue;
		printf("%s\"%s\":", first ? "" : ",", budget_filter_names[i]);
		json_put_text(stdout, b->filter[i]);
		first = false;
	}
	putchar('}');
}

void
budget_json_span(const struct budget_state *s)
{
	char from[CALENDAR_TEXT_MAX], to[CALENDAR_TEXT_MAX];

	if (s->to_ms == 0) {
		fputs(",\"from\":null,\"to\":null", stdout);
		return;
	}
	calendar_format_time(s->from_ms, from);
	calendar_format_time(s->to_ms, to);
	printf(",\"from\":\"%s\",\"to\":\"%s\"", from, to);
}

/* Money only: tokens count whether they have a price or not. */
static void
put_unpriced(FILE *f, const struct budget_state *s)
{
	char tokens[FIGURE_MAX], calls[FIGURE_MAX];

	if (s->budget.is_tokens || s->unpriced_calls == 0)
		return;
	figure_grouped(s->unpriced_tokens, tokens);
	figure_grouped(s->unpriced_calls, calls);
	fprintf(f,
	    P_("; %s tokens of %s call have no price and are not in it",
		"; %s tokens of %s calls have no price and are not in it",
		s->unpriced_calls),
	    tokens, calls);
}

/* Sessions are named by whoever tells of them; other labels are ours. */
static void
format_label(const struct budget_state *s, char *buf, size_t cap)
{
	char name[SAFE_NAME_MAX + 1];

	if (s->label.len == 0)
		snprintf(buf, cap, "-");
	else if (s->budget.period == BUDGET_SESSION)
		snprintf(buf, cap, "%s", safe_name(s->label, name));
	else
		snprintf(buf, cap, "%.*s", (int)s->label.len, s->label.p);
}

void
budget_line(FILE *f, const struct budget_state *s)
{
	const struct budget *b = &s->budget;
	char spent[FIGURE_MAX], limit[FIGURE_MAX], share[FIGURE_MAX];
	char label[SAFE_NAME_MAX + 1];

	budget_amount(b->is_tokens, s->spent, spent);
	budget_amount(b->is_tokens, b->limit, limit);
	figure_share(s->spent, b->limit, share);
	format_label(s, label, sizeof(label));
	fprintf(f, _("%.*s: %s of %s are spent in %s (%s)"), (int)b->name.len,
	    b->name.p, spent, limit, label, share);
	put_unpriced(f, s);
}

void
budget_filters(const struct budget *b, char *buf, size_t cap)
{
	char pattern[LIMIT_TEXT + 1];
	size_t len = 0;

	snprintf(buf, cap, "-");
	for (int i = 0; i < BUDGET_FILTERS && len < cap; i++) {
		if (b->filter[i].len == 0)
			continue;
		table_clean(b->filter[i], pattern, sizeof(pattern));
		len += (size_t)snprintf(buf + len, cap - len, "%s%s %s",
		    len > 0 ? ", " : "", _(budget_filter_names[i]), pattern);
	}
}
