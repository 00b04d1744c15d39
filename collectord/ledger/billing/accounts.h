/*
 * Accounts of provider services, as the store keeps them: what the user set,
 * and how asking them went. A key is never here, only its mask.
 */
#ifndef LEDGER_ACCOUNTS_H
#define LEDGER_ACCOUNTS_H

#include "collectord/ledger/ledger.h"
#include "collectord/ledger/store.h"

#define ACCOUNT_NAME_MAX 128
#define ACCOUNT_URL_MAX 1024
#define ACCOUNT_REGION_MAX 32
#define ACCOUNT_MASK_MAX 32
#define ACCOUNT_ERROR_MAX 240
#define ACCOUNT_FEEDS_MAX 16
#define ACCOUNT_FEED_NAME_MAX 48
#define ACCOUNT_CURRENCY_MAX 8
#define ACCOUNT_TOLD_MAX 16 /* currencies */

/* Times are 0 where there is none. */
struct account_feed {
	char name[ACCOUNT_FEED_NAME_MAX];
	int64_t success_ms;
	int64_t error_ms;
	char error[ACCOUNT_ERROR_MAX]; /* "": the last time went well */
	int64_t failing_ms;            /* since when; 0: it does not */
	int64_t next_ms;
	int64_t limited_ms;     /* the service wants no question before */
	int64_t from_ms, to_ms; /* the days that were asked for and came */
	uint32_t n_limited;     /* in a row */
	bool is_denied;         /* until the key changes */
	bool has_history;       /* nothing before from_ms is to be asked for */
	bool is_absent;         /* the last answer: no such thing */
};

/* A balance below it is low. */
struct account_low {
	bool is_set;
	money_sum amount;
	char currency[ACCOUNT_CURRENCY_MAX]; /* "": any, each by itself */
};

/* A currency that was told of as low, and below what. */
struct account_told {
	char currency[ACCOUNT_CURRENCY_MAX];
	money_sum below;
};

struct account {
	char name[ACCOUNT_NAME_MAX]; /* "openai", "openai/work" */
	char region[ACCOUNT_REGION_MAX];
	char base_url[ACCOUNT_URL_MAX]; /* "": the region's */
	char origin[ACCOUNT_URL_MAX];   /* what the key is bound to */
	char mask[ACCOUNT_MASK_MAX];    /* of the key */
	bool is_enabled, is_shared, is_bad_key;
	bool brackets_arrays; /* how the service wants lists */
	struct account_low low;
	/* Kept by balances_tell, whatever the caller has there. */
	uint32_t n_told;
	struct account_told told[ACCOUNT_TOLD_MAX];
	int64_t told_ms; /* the start of the failure that a notice tells of */
	uint32_t n_feeds;
	struct account_feed feed[ACCOUNT_FEEDS_MAX];
};

/* "openai" of "openai/work". */
struct text account_provider(struct text name);
/* Since when one of its feeds fails; 0: none does. */
int64_t account_failing_ms(const struct account *a);

/* In a transaction. STORE_NOTFOUND, or negative for an error. */
int account_get(struct store_txn *txn, struct text name, struct account *a);
/*
 * Also makes a notice, once, of what has failed for a day: then a->told_ms is
 * set.
 */
int account_put(struct store_txn *txn, int64_t now_ms, struct account *a);
int account_delete(struct store_txn *txn, struct text name);

/* Any thread. What fn answers but 0 ends it and is returned. */
int ledger_each_account(
    struct ledger *l, int (*fn)(void *arg, const struct account *a), void *arg);

#endif
