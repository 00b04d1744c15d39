#include "proto/notice_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "proto/calendar.h"
#include "proto/filling.h"
#include "proto/lang.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define NAME_MAX_BYTES 64

const char *const notice_sentences[NOTICE_SENTENCES] = {
	[SENTENCE_BUDGET_WARN] =
	    N_("Budget {subject}: {spent} of {limit} USD are spent ({period}); "
	       "its warning is reached."),
	[SENTENCE_BUDGET_LIMIT] =
	    N_("Budget {subject}: {spent} of {limit} USD are spent ({period}); "
	       "it is used up."),
	[SENTENCE_BUDGET_WARN_TOKENS] =
	    N_("Budget {subject}: {spent} of {limit} tokens are used "
	       "({period}); its warning is reached."),
	[SENTENCE_BUDGET_LIMIT_TOKENS] =
	    N_("Budget {subject}: {spent} of {limit} tokens are used "
	       "({period}); it is used up."),
	[SENTENCE_DAILY] =
	    N_("The report of {period} is ready: tt-report daily-report."),
	[SENTENCE_WEEKLY] = N_("The report of {period} is ready: tt-report "
			       "week."),
	[SENTENCE_QUOTA] = N_("The quota {subject} is nearly used up."),
	[SENTENCE_SOURCE] =
	    N_("Nothing has been heard of {subject} since {day}: is it still "
	       "hooked up?"),
	[SENTENCE_PROVIDER] =
	    N_("The provider {subject} could not be asked for a day."),
	[SENTENCE_PRICE] =
	    N_("The model {subject} has no price: what it costs is not "
	       "counted until tt-price set tells it."),
	[SENTENCE_BALANCE] =
	    N_("Account {subject}: {spent} {period} is left, less than "
	       "{limit} {period}."),
};

static bool
is_plain(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("._:/@-", c) != NULL);
}

static struct text
filter(struct text name, char also)
{
	if (name.len < 1 || name.len > NAME_MAX_BYTES)
		return TEXT("?");
	for (uint32_t i = 0; i < name.len; i++)
		if (!is_plain(name.p[i]) && name.p[i] != also)
			return TEXT("?");
	return name;
}

struct text
notice_name(struct text name)
{
	return filter(name, '.');
}

static enum notice_sentence
choose(const struct notice *n)
{
	static const enum notice_sentence of_kind[NOTICE_KINDS] = {
		[NOTICE_BUDGET] = SENTENCE_BUDGET_WARN,
		[NOTICE_DAILY] = SENTENCE_DAILY,
		[NOTICE_WEEKLY] = SENTENCE_WEEKLY,
		[NOTICE_QUOTA] = SENTENCE_QUOTA,
		[NOTICE_SOURCE] = SENTENCE_SOURCE,
		[NOTICE_PROVIDER] = SENTENCE_PROVIDER,
		[NOTICE_PRICE] = SENTENCE_PRICE,
		[NOTICE_BALANCE] = SENTENCE_BALANCE,
	};
	bool is_limit = n->level == NOTICE_LIMIT;

	if (n->kind != NOTICE_BUDGET)
		return of_kind[n->kind];
	if (n->is_tokens)
		return is_limit ? SENTENCE_BUDGET_LIMIT_TOKENS
				: SENTENCE_BUDGET_WARN_TOKENS;
	return is_limit ? SENTENCE_BUDGET_LIMIT : SENTENCE_BUDGET_WARN;
}

/*
 * Two decimals, or more where a small amount would vanish; a balance exactly,
 * for it may be less than its threshold by little.
 */
static struct text
format_amount(const struct notice *n, money_sum v, char buf[MONEY_TEXT_MAX])
{
	if (n->is_tokens)
		snprintf(buf, MONEY_TEXT_MAX, "%" PRIu64, (uint64_t)v);
	else if (n->kind == NOTICE_BALANCE)
		money_format(v, buf);
	else
		money_format_rounded(v, n->limit >= MONEY_USD ? 2 : 6, buf);
	return text_of(buf);
}

static struct text
format_day(int64_t ms, char buf[CALENDAR_TEXT_MAX])
{
	calendar_format_date(calendar_day_of(ms, 0), buf);
	return text_of(buf);
}

size_t
notice_text(const struct notice *n, const char *const *sentences,
    char buf[NOTICE_TEXT_MAX])
{
	char spent[MONEY_TEXT_MAX], limit[MONEY_TEXT_MAX];
	char day[CALENDAR_TEXT_MAX];
	enum notice_sentence which = choose(n);
	const struct filling fillings[] = {
		{ "subject", notice_name(n->subject) },
		/* A zone's offset may stand in it. */
		{ "period", filter(n->period, '+') },
		{ "spent", format_amount(n, n->spent, spent) },
		{ "limit", format_amount(n, n->limit, limit) },
		{ "day", format_day(n->from_ms, day) },
	};

	return fill_sentence(
	    sentences != NULL ? sentences[which] : _(notice_sentences[which]),
	    fillings, LENGTH(fillings), buf, NOTICE_TEXT_MAX);
}
