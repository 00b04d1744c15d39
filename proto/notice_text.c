#include "proto/notice_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/calendar.h"
#include "proto/filling.h"
#include "proto/lang.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define NAME_MAX_BYTES 64
#define COUNT_MAX 32 /* 20 digits and their commas */
#define SHARE_MAX 16

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
			       "weekly-report."),
	[SENTENCE_DAILY_FIGURES] =
	    N_("Report of {period}: {figures} More: tt-report daily-report."),
	[SENTENCE_WEEKLY_FIGURES] =
	    N_("Report of {period}: {figures} More: tt-report weekly-report."),
	[SENTENCE_FIGURES] =
	    N_("calls: {calls}, tokens: {tokens}, cost: {cost} USD{unpriced}. "
	       "Top model: {top}, tokens: {top_tokens}, cost: {top_cost} USD "
	       "({share})."),
	[SENTENCE_FIGURES_UNPRICED] =
	    N_(" (calls without a price: {unpriced_calls})"),
	[SENTENCE_FIGURES_NONE] = N_("no calls."),
	[SENTENCE_QUOTA] = N_("The quota {subject} is nearly used up."),
	[SENTENCE_SOURCE] =
	    N_("Nothing has been heard of {subject} since {day}: is it still "
	       "hooked up?"),
	[SENTENCE_PROVIDER] =
	    N_("The provider {subject} could not be asked since "
	       "{day}.{remedy}"),
	[SENTENCE_PROVIDER_WHY] =
	    N_("The provider {subject} could not be asked since {day}: "
	       "{why}.{remedy}"),
	[SENTENCE_PROVIDER_ASKS] =
	    N_("The provider {subject} could not be asked since {day}: "
	       "{why}{remedy}"),
	[SENTENCE_REMEDY_SYNC] =
	    N_(" tt-provider sync {subject} asks it again."),
	[SENTENCE_REMEDY_KEY] =
	    N_(" tt-provider set {subject} --new-key takes another key."),
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

static bool
begins(struct text t, const char *with)
{
	size_t len = strlen(with);

	return t.len >= len && memcmp(t.p, with, len) == 0;
}

/* A key that was refused is not asked with again. */
enum notice_remedy
notice_remedy(const struct notice *n)
{
	static const struct {
		const char *begin;
		enum notice_remedy remedy;
	} known[] = {
		{ "the key is not accepted", REMEDY_KEY },
		{ "the key may not do this", REMEDY_KEY },
		{ "the key cannot be read from ", REMEDY_NONE },
	};

	for (size_t i = 0; i < LENGTH(known); i++)
		if (begins(n->why, known[i].begin))
			return known[i].remedy;
	return REMEDY_SYNC;
}

bool
notice_asks(const struct notice *n)
{
	return n->why.len > 0 && n->why.p[n->why.len - 1] == '?';
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

	if (n->figures.are_known)
		return n->kind == NOTICE_WEEKLY ? SENTENCE_WEEKLY_FIGURES
						: SENTENCE_DAILY_FIGURES;
	if (n->kind == NOTICE_PROVIDER && n->why.len > 0)
		return notice_asks(n) ? SENTENCE_PROVIDER_ASKS
				      : SENTENCE_PROVIDER_WHY;
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

static const char *
sentence(const char *const *sentences, enum notice_sentence which)
{
	return sentences != NULL ? sentences[which]
				 : _(notice_sentences[which]);
}

/* "1,234,567" */
static struct text
format_count(uint64_t v, char buf[COUNT_MAX])
{
	char digits[COUNT_MAX];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, v), n = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf[n++] = ',';
		buf[n++] = digits[i];
	}
	return (struct text){ buf, (uint32_t)n };
}

/* Less than a cent shows its decimals. */
static struct text
format_cost(money_sum v, char buf[MONEY_TEXT_MAX])
{
	bool is_small = v > 0 && v < MONEY_USD / 100;

	money_format_rounded(v, is_small ? 6 : 2, buf);
	return text_of(buf);
}

/* Of the cost, or of the tokens where there is none. */
static struct text
format_share(const struct notice_figures *f, char buf[SHARE_MAX])
{
	bool has_cost = f->cost > 0;
	money_sum all = has_cost ? f->cost : (money_sum)f->tokens;
	money_sum part = has_cost ? f->top_cost : (money_sum)f->top_tokens;
	money_sum permille;

	for (; all > INT64_MAX; all /= 1000)
		part /= 1000;
	permille = all > 0 ? (part * 1000 + all / 2) / all : 0;
	if (permille < 0 || permille > 1000)
		permille = permille < 0 ? 0 : 1000;
	snprintf(buf, SHARE_MAX, "%d.%d%%", (int)(permille / 10),
	    (int)(permille % 10));
	return text_of(buf);
}

static size_t
format_unpriced(const struct notice_figures *f, const char *const *sentences,
    char buf[NOTICE_TEXT_MAX])
{
	char calls[COUNT_MAX];
	const struct filling filling = { "unpriced_calls",
		format_count(f->unpriced_calls, calls) };

	if (f->unpriced_calls == 0)
		return 0;
	return fill_sentence(sentence(sentences, SENTENCE_FIGURES_UNPRICED),
	    &filling, 1, buf, NOTICE_TEXT_MAX);
}

static struct text
format_figures(const struct notice_figures *f, const char *const *sentences,
    char buf[NOTICE_TEXT_MAX])
{
	char calls[COUNT_MAX], tokens[COUNT_MAX], top_tokens[COUNT_MAX];
	char cost[MONEY_TEXT_MAX], top_cost[MONEY_TEXT_MAX], share[SHARE_MAX];
	char unpriced[NOTICE_TEXT_MAX];
	size_t unpriced_len = format_unpriced(f, sentences, unpriced);
	const struct filling fillings[] = {
		{ "calls", format_count(f->calls, calls) },
		{ "tokens", format_count(f->tokens, tokens) },
		{ "cost", format_cost(f->cost, cost) },
		{ "unpriced", { unpriced, (uint32_t)unpriced_len } },
		{ "top", notice_name(f->top) },
		{ "top_tokens", format_count(f->top_tokens, top_tokens) },
		{ "top_cost", format_cost(f->top_cost, top_cost) },
		{ "share", format_share(f, share) },
	};
	size_t len = fill_sentence(
	    sentence(sentences,
		f->calls > 0 ? SENTENCE_FIGURES : SENTENCE_FIGURES_NONE),
	    fillings, LENGTH(fillings), buf, NOTICE_TEXT_MAX);

	return (struct text){ buf, (uint32_t)len };
}

static struct text
format_remedy(const struct notice *n, const char *const *sentences,
    char buf[NOTICE_TEXT_MAX])
{
	static const enum notice_sentence of[] = {
		[REMEDY_SYNC] = SENTENCE_REMEDY_SYNC,
		[REMEDY_KEY] = SENTENCE_REMEDY_KEY,
	};
	const struct filling filling = { "subject", notice_name(n->subject) };
	enum notice_remedy remedy = notice_remedy(n);
	size_t len;

	if (n->kind != NOTICE_PROVIDER || remedy == REMEDY_NONE)
		return TEXT("");
	len = fill_sentence(
	    sentence(sentences, of[remedy]), &filling, 1, buf, NOTICE_TEXT_MAX);
	return (struct text){ buf, (uint32_t)len };
}

size_t
notice_text(const struct notice *n, const char *const *sentences,
    char buf[NOTICE_TEXT_MAX])
{
	char figures[NOTICE_TEXT_MAX], remedy[NOTICE_TEXT_MAX];
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
		{ "why", n->why },
		{ "remedy", format_remedy(n, sentences, remedy) },
		{ "figures", format_figures(&n->figures, sentences, figures) },
	};

	return fill_sentence(sentence(sentences, which), fillings,
	    LENGTH(fillings), buf, NOTICE_TEXT_MAX);
}
