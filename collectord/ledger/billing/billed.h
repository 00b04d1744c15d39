/*
 * What providers say was used and billed: rows by UTC day, under the number of
 * the walk that brought them. A row is seen once the days of a walk point to
 * its number, all of them in one transaction; so half a walk shows nothing, and
 * no transaction has to hold a whole one.
 *
 * Keys of TABLE_BILLED:
 *   'a' name                      -> an account: accounts.h
 *   'd' name 0 feed 0 be32 day    -> be32 number, asked at, what it gives
 *   'r' be32 number be32 day be32 -> a row
 *   'g' be32 number               -> is being written (0), or was given up (1)
 *   'x' be32 number be32 day      -> rows that nothing points to any longer
 *   'b' name 0 feed               -> balances and windows
 */
#ifndef LEDGER_BILLED_H
#define LEDGER_BILLED_H

#include "collectord/ledger/billing/accounts.h"
#include "collectord/ledger/bytes.h"

#define BILL_STEP_ROWS 200
#define BILL_CURRENCY_MAX 8
#define BILL_ROW_BYTES_MAX 4096

enum bill_text {
	BILL_MODEL,
	BILL_LINE_ITEM,
	BILL_PROJECT,
	BILL_API_KEY,
	BILL_TIER,
	BILL_DETAIL,
	BILL_UNIT,
	BILL_TEXTS
};

enum bill_count {
	BILL_INPUT,
	BILL_CACHE_READ,
	BILL_CACHE_WRITE,
	BILL_CACHE_WRITE_1H,
	BILL_OUTPUT,
	BILL_REASONING,
	BILL_WEB_SEARCHES,
	BILL_REQUESTS,
	BILL_COUNTS
};

enum bill_gives {
	BILL_COST = 1,
	BILL_USAGE = 2,
	BILL_BALANCE = 4,
	BILL_WINDOWS = 8
};

struct bill_row {
	uint32_t day; /* UTC, since 1970 */
	struct text text[BILL_TEXTS];
	uint64_t count[BILL_COUNTS];
	bool input_holds_cache, has_amount, has_quantity;
	money_sum amount, elsewhere, quantity;
	struct text currency;
};

/* A row on its way to the store; rows follow each other in a buffer. */
void bill_row_write(struct wbuf *w, const struct bill_row *row);

/* What is to be kept of one question that came to its end. */
struct bill_end {
	struct account *account; /* as it is to be; what was told is set */
	const char *feed;
	uint32_t gives;
	uint32_t generation;        /* 0: no rows */
	bool is_whole;              /* else what was written is given up */
	uint32_t from_day, to_day;  /* that are whole; none where equal */
	int64_t at_ms;              /* when they were asked for */
	const struct packer *state; /* NULL, or {balances, windows} */
};

/* All on the writer's thread, between puts; each is one transaction. */

int ledger_bill_begin(struct ledger *l, uint32_t *generation);
/* Takes BILL_STEP_ROWS rows from *at on. */
int ledger_bill_rows(struct ledger *l, uint32_t generation, struct span rows,
    size_t *at, uint32_t *n);
int ledger_bill_end(struct ledger *l, const struct bill_end *e);
/* At the start: what was being written is given up. */
int ledger_bill_recover(struct ledger *l);
/* Takes away some of what nobody sees. 1: there is more. */
int ledger_bill_sweep(struct ledger *l);
int ledger_account_put(struct ledger *l, struct account *a);
/* Any thread: 1 where days of it are there, 0, or negative for an error. */
int ledger_account_has_data(struct ledger *l, struct text name);
/* Any thread: an array of the names of those that have days, and no account. */
int ledger_pack_remains(struct ledger *l, struct packer *k);
/* Some of an account: 1: there is more. With keeps_data only the account. */
int ledger_account_drop(struct ledger *l, struct text name, bool keeps_data);

/* Some of one feed of it, balances included. 1: there is more. */
int ledger_feed_drop(struct ledger *l, struct text name, struct text feed);

/* Any thread: packs the members balances and windows of an account. */
int ledger_pack_balances(struct ledger *l, struct text name, struct packer *k);

/* --- For reading ---------------------------------------------------------- */

struct bill_day {
	struct text name, feed; /* point into the map */
	uint32_t day, generation, gives;
	int64_t at_ms;
};
/* False: the key is none of a day. */
bool bill_day_read(struct span key, struct span val, struct bill_day *d);
bool bill_row_read(struct span val, struct bill_row *row);
/* Keys of a day, or of all days of a feed: cap at least BILL_KEY_MAX. */
#define BILL_KEY_MAX 256
struct span bill_row_key(
    uint8_t *buf, uint32_t generation, uint32_t day, uint32_t n);
/* Begins the keys of what the feeds of an account say is left. */
struct span bill_state_prefix(uint8_t *buf, struct text name);

#endif
