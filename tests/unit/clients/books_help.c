#include "tests/unit/clients/books_help.h"

const int64_t books_days[4] = { DAYS(0), DAYS(1), DAYS(2), DAYS(3) };

static void
pack_bill(struct packer *k, const struct bill *b)
{
	pack_map(k, 8);
	pack_str(k, "day");
	pack_i64(k, DAYS(b->day));
	pack_str(k, "name");
	pack_str(k, b->name);
	pack_str(k, "model");
	pack_str(k, b->model);
	pack_str(k, "currency");
	pack_str(k, b->currency);
	pack_str(k, "amount");
	pack_str(k, b->amount);
	pack_str(k, "input_tokens");
	pack_u64(k, b->input);
	pack_str(k, "output_tokens");
	pack_u64(k, b->output);
	pack_str(k, "requests");
	pack_u64(k, b->input > 0);
}

static void
pack_account(struct packer *k, const struct account *a)
{
	bool cost = strstr(a->gives, "cost") != NULL;
	bool usage = strstr(a->gives, "usage") != NULL;

	pack_map(k, 8);
	pack_str(k, "name");
	pack_str(k, a->name);
	pack_str(k, "feed");
	pack_str(k, a->gives);
	pack_str(k, "provider");
	pack_str(k, a->provider);
	pack_str(k, "shared");
	pack_bool(k, a->is_shared);
	pack_str(k, "gives");
	pack_array(k, (uint32_t)(cost + usage));
	if (cost)
		pack_str(k, "cost");
	if (usage)
		pack_str(k, "usage");
	pack_str(k, "from");
	pack_i64(k, DAYS(a->from));
	pack_str(k, "to");
	pack_i64(k, DAYS(a->to));
	pack_str(k, "at");
	pack_i64(k, a->at_ms);
}

struct wire_cursor
books_pack(struct books *b, const struct bill *bills, size_t n,
    const struct account *accounts, size_t n_accounts)
{
	size_t i;

	packer_clear(&b->packed);
	pack_map(&b->packed, 2);
	pack_str(&b->packed, "rows");
	pack_array(&b->packed, (uint32_t)n);
	for (i = 0; i < n; i++)
		pack_bill(&b->packed, &bills[i]);
	pack_str(&b->packed, "complete");
	pack_array(&b->packed, (uint32_t)n_accounts);
	for (i = 0; i < n_accounts; i++)
		pack_account(&b->packed, &accounts[i]);
	cr_assert(!b->packed.failed);
	return (struct wire_cursor){ (const uint8_t *)b->packed.p,
		(const uint8_t *)b->packed.p + b->packed.len };
}

void
books_take(struct books *b, const struct bill *bills, size_t n,
    const struct account *accounts, size_t n_accounts)
{
	int64_t next;
	int rc;

	billed_free(&b->billed);
	rc = billed_take(
	    &b->billed, books_pack(b, bills, n, accounts, n_accounts), &next);
	cr_assert_eq(rc, 0, "the answer was refused: %d", rc);
	cr_assert_eq(next, 0, "there is more from %lld", (long long)next);
	b->n_seen = 0;
}

struct sums *
books_see(struct books *b, uint32_t day, const char *provider,
    const char *model, const char *cost)
{
	struct report_row *row = &b->seen[b->n_seen++];

	*row = (struct report_row){ .period = day };
	row->key[0] = text_of(provider);
	row->key[1] = text_of(model);
	row->sums.n[SUM_CALLS] = 1;
	row->sums.n[SUM_INPUT] = 1000;
	row->sums.cost = usd(cost);
	return &row->sums;
}

void
books_free(struct books *b)
{
	packer_free(&b->packed);
	billed_free(&b->billed);
}

money_sum
usd(const char *text)
{
	money_sum pico;

	cr_assert_eq(money_parse_sum(text, strlen(text), &pico), 0,
	    "%s is no money", text);
	return pico;
}

const char *
usd_text(money_sum pico)
{
	static char bufs[4][MONEY_TEXT_MAX];
	static int at;
	char *buf = bufs[at++ % 4];

	money_format(pico, buf);
	return buf;
}
