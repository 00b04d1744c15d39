/*
 * Any bytes as the answer of a service, and as a definition of one. The first
 * byte chooses which feed is asked; beyond those it is a definition.
 * What is given to the sink is fit to be stored, a refused page gives nothing.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "collectord/jobs/providers/custom.h"
#include "proto/limits.h"

#define DAY_MS 86400000ll
#define FROM_MS 1772323200000ll
#define AMOUNT_MAX ((money_sum)MONEY_USD * 2000000000000ll)

static void
hold(bool fact)
{
	if (!fact)
		abort();
}

static void
check_text(struct text t)
{
	hold(t.len <= LIMIT_TEXT && text_is_clean(t));
}

static void
check_amount(money_sum amount)
{
	hold(amount <= AMOUNT_MAX && amount >= -AMOUNT_MAX);
}

static void
check_currency(const char *currency)
{
	hold(strnlen(currency, PROVIDER_CURRENCY_MAX) >= 3);
	hold(strnlen(currency, PROVIDER_CURRENCY_MAX) < PROVIDER_CURRENCY_MAX);
}

static int
on_billed(void *arg, const struct billed_row *row)
{
	++*(uint32_t *)arg;
	hold(row->from_ms >= FROM_MS && row->from_ms < row->to_ms);
	hold(row->from_ms / DAY_MS == (row->to_ms - 1) / DAY_MS);
	for (int i = 0; i < BILLED_TEXTS; i++)
		check_text(row->text[i]);
	for (int i = 0; i < BILLED_COUNTS; i++)
		hold(row->count[i] <= 2000000000000000ull);
	hold(row->count[BILLED_CACHE_WRITE_1H] <=
	     row->count[BILLED_CACHE_WRITE]);
	hold(row->count[BILLED_REASONING] <= row->count[BILLED_OUTPUT]);
	check_amount(row->amount);
	check_amount(row->elsewhere);
	check_amount(row->quantity);
	if (row->has_amount)
		check_currency(row->currency);
	return 0;
}

static int
on_balance(void *arg, const struct balance_row *row)
{
	++*(uint32_t *)arg;
	check_amount(row->amount);
	check_currency(row->currency);
	hold(row->what < BALANCE_KINDS);
	return 0;
}

static int
on_window(void *arg, const struct window_row *row)
{
	++*(uint32_t *)arg;
	check_text(row->name);
	check_text(row->span);
	hold(strnlen(row->used_percent, MONEY_TEXT_MAX) < MONEY_TEXT_MAX);
	hold(row->from_ms >= 0 && row->resets_ms >= 0);
	return 0;
}

static void
check_request(struct provider_query *q, const struct provider_answer *a)
{
	struct provider_request r;

	q->cursor = text_of(a->cursor);
	hold(!a->has_more || q->cursor.len > 0);
	if (provider_ask(q, &r) != 0)
		return;
	hold(strpbrk(r.url, " \t\r\n\"<>") == NULL);
	hold(strstr(r.url, PROVIDER_KEY) == NULL);
}

static void
check_feed(const struct provider *p, const struct provider_feed *f,
    const char *body, size_t len)
{
	const struct provider_account account = { 0 };
	struct provider_query q = { p, f, &account, FROM_MS,
		FROM_MS + 31 * DAY_MS, { 0 } };
	uint32_t n = 0;
	struct provider_sink sink = { on_billed, on_balance, on_window, &n };
	struct provider_answer a;
	char line[64];

	provider_read(&q, 200, body, len, &sink, &a);
	hold(n == a.n_rows);
	hold((a.outcome == PROVIDER_OK) == (a.why == NULL));
	if (a.outcome == PROVIDER_OK)
		check_request(&q, &a);
	else
		hold(n == 0 && !a.has_more && a.at <= len);
	provider_describe(&q, &a, line, sizeof(line));
}

static void
check_custom(const struct custom *c, const char *body, size_t len)
{
	for (uint32_t i = 0; i < c->provider.n_feeds; i++)
		check_feed(&c->provider, &c->feeds[i], body, len);
}

/* A definition and an answer to it, a line with "---" between them. */
static void
check_definition(const char *text, size_t size)
{
	const char *cut = memmem(text, size, "---\n", 4);
	size_t len = cut == NULL ? size : (size_t)(cut - text);
	struct custom c;
	char why[100] = "";
	int line = custom_parse(&c, text, len, why, sizeof(why));

	hold(line >= 0 && (line == 0) == (why[0] == '\0'));
	if (line == 0 && cut != NULL)
		check_custom(&c, cut + 4, size - len - 4);
	custom_release(&c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *body = (const char *)data + 1;
	uint32_t which;

	if (size == 0)
		return 0;
	which = (uint32_t)(data[0] - 'A');
	for (size_t i = 0; providers[i] != NULL; i++) {
		const struct provider *p = providers[i];

		if (which < p->n_feeds) {
			check_feed(p, &p->feeds[which], body, size - 1);
			if (p->feeds[which].fallback != NULL)
				check_feed(p, p->feeds[which].fallback, body,
				    size - 1);
			return 0;
		}
		which -= p->n_feeds;
	}
	check_definition(body, size - 1);
	return 0;
}
