#include "collectord/jobs/sync/sync_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectord/jobs/http_memory.h"

#define DAY_MS 86400000ll
#define STATES_MAX 1000
/* Such memory is given back when the rows in it are written. */
#define LARGE (4u << 20)

_Static_assert(
    (int)BILL_TEXTS == (int)BILLED_TEXTS && (int)BILL_UNIT == (int)BILLED_UNIT,
    "texts are those of providers");
_Static_assert((int)BILL_COUNTS == (int)BILLED_COUNTS &&
		   (int)BILL_OUTPUT == (int)BILLED_OUTPUT,
    "counts are those of providers");

/* More of them than money has: what is billed in each stands in a reply. */
static bool
note_currency(struct sync_rows *r, const char *currency)
{
	for (uint32_t i = 0; i < r->n_currencies; i++)
		if (strcmp(r->currencies[i], currency) == 0)
			return true;
	if (r->n_currencies == ROWS_CURRENCIES_MAX)
		return false;
	snprintf(r->currencies[r->n_currencies++], PROVIDER_CURRENCY_MAX, "%s",
	    currency);
	return true;
}

static int
take_billed(void *arg, const struct billed_row *row)
{
	struct sync_rows *r = arg;
	struct bill_row bill = { .day = (uint32_t)(row->from_ms / DAY_MS),
		.input_holds_cache = row->input_holds_cache,
		.has_amount = row->has_amount,
		.has_quantity = row->has_quantity,
		.amount = row->amount,
		.elsewhere = row->elsewhere,
		.quantity = row->quantity,
		.currency = text_of(row->currency) };
	struct wbuf b;

	if (r->n + r->n_page >= ROWS_MAX || !note_currency(r, row->currency))
		return -1;
	memcpy(bill.text, row->text, sizeof(bill.text));
	memcpy(bill.count, row->count, sizeof(bill.count));
	if (!http_memory_reserve(
		(void **)&r->packed, &r->cap, r->len + BILL_ROW_BYTES_MAX + 8))
		return -1;
	wbuf_init(&b, r->packed + r->len, r->cap - r->len);
	bill_row_write(&b, &bill);
	r->len += b.len;
	r->n_page++;
	return b.failed ? -1 : 0;
}

static const char *const balance_names[BALANCE_KINDS] = {
	[BALANCE_LEFT] = "left",
	[BALANCE_GRANTED] = "granted",
	[BALANCE_TOPPED_UP] = "topped_up",
	[BALANCE_BOUGHT] = "bought",
	[BALANCE_USED] = "used",
	[BALANCE_USED_DAY] = "used_day",
	[BALANCE_USED_WEEK] = "used_week",
	[BALANCE_USED_MONTH] = "used_month",
	[BALANCE_LIMIT_LEFT] = "limit_left",
};

static int
take_balance(void *arg, const struct balance_row *row)
{
	struct sync_rows *r = arg;
	struct packer *k = &r->balances;

	if (r->n_balances++ >= STATES_MAX)
		return -1;
	r->n_page++;
	pack_map(k, 4);
	pack_str(k, "feed");
	pack_str(k, r->feed);
	pack_str(k, "what");
	pack_str(k, balance_names[row->what]);
	pack_str(k, "currency");
	pack_str(k, row->currency);
	pack_str(k, "amount");
	pack_money(k, row->amount);
	return k->failed ? -1 : 0;
}

static int
take_window(void *arg, const struct window_row *row)
{
	struct sync_rows *r = arg;
	struct packer *k = &r->windows;

	if (r->n_windows++ >= STATES_MAX)
		return -1;
	r->n_page++;
	pack_map(k, 4 + row->is_approximate);
	pack_str(k, "name");
	pack_text(k, row->name);
	pack_str(k, "span");
	pack_text(k, row->span);
	pack_str(k, "used_percent");
	pack_str(k, row->used_percent);
	pack_str(k, "resets");
	pack_i64(k, row->resets_ms);
	if (row->is_approximate) {
		pack_str(k, "approximate");
		pack_bool(k, true);
	}
	return k->failed ? -1 : 0;
}

struct provider_sink
sync_rows_sink(struct sync_rows *r)
{
	return (
	    struct provider_sink){ take_billed, take_balance, take_window, r };
}

void
sync_rows_begin(struct sync_rows *r, const char *feed)
{
	r->feed = feed;
	r->n = r->n_written = r->n_currencies = 0;
	r->n_balances = r->n_windows = 0;
	packer_clear(&r->balances);
	packer_clear(&r->windows);
	sync_rows_drop_page(r);
}

void
sync_rows_drop_page(struct sync_rows *r)
{
	r->n_page = 0;
	r->len = r->at = 0;
}

static void
give_back(struct sync_rows *r)
{
	free(r->packed);
	r->packed = NULL;
	r->cap = 0;
}

void
sync_rows_keep_page(struct sync_rows *r)
{
	r->n += r->n_page;
	sync_rows_drop_page(r);
	if (r->cap > LARGE)
		give_back(r);
}

void
sync_rows_pack_state(const struct sync_rows *r, struct packer *k)
{
	packer_clear(k);
	pack_map(k, 2);
	pack_str(k, "balances");
	pack_array(k, r->n_balances);
	if (r->n_balances > 0)
		pack_packed(k, &r->balances);
	pack_str(k, "windows");
	pack_array(k, r->n_windows);
	if (r->n_windows > 0)
		pack_packed(k, &r->windows);
}

void
sync_rows_release(struct sync_rows *r)
{
	give_back(r);
	packer_free(&r->balances);
	packer_free(&r->windows);
}
