#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "collectord/ledger/impl.h"
#include "collectord/ledger/migrate.h"
#include "collectord/ledger/price/prices.h"
#include "proto/error.h"

static struct span
span_of_str(const char *s)
{
	return (struct span){ s, strlen(s) };
}

static int
meta_u64(struct store_txn *txn, const char *name, uint64_t *v)
{
	struct span val;
	struct rbuf r;
	int rc = store_get(txn, TABLE_META, span_of_str(name), &val);

	if (rc != 0)
		return rc;
	rbuf_init(&r, val);
	*v = read_be64(&r);
	return r.failed ? -ERR_STORE : 0;
}

static int
meta_put_u64(struct store_txn *txn, const char *name, uint64_t v)
{
	uint8_t bytes[8];
	struct wbuf w;

	wbuf_init(&w, bytes, sizeof(bytes));
	write_be64(&w, v);
	return store_put(txn, TABLE_META, span_of_str(name), wbuf_span(&w));
}

/* A random id for this machine: names change, identities must not. */
static int
make_machine(struct store_txn *txn)
{
	uint8_t bytes[12];
	char text[2 * sizeof(bytes) + 1];
	size_t i;

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -ERR_STORE;
	for (i = 0; i < sizeof(bytes); i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return store_put(
	    txn, TABLE_META, span_of_str("machine"), span_of_str(text));
}

static int
make_key(struct store_txn *txn)
{
	struct digest_key key;
	int rc;

	if (getrandom(&key, sizeof(key), 0) != sizeof(key))
		return -ERR_STORE;
	rc = meta_put_u64(txn, "digest_key_0", key.k0);
	if (rc == 0)
		rc = meta_put_u64(txn, "digest_key_1", key.k1);
	return rc;
}

static int
make_meta(struct ledger *l)
{
	struct store_txn *txn;
	int rc;

	rc = store_begin(l->store, true, &txn);
	if (rc != 0)
		return rc;
	rc = make_machine(txn);
	if (rc == 0)
		rc = make_key(txn);
	if (rc == 0)
		rc = meta_put_u64(txn, "created_us", (uint64_t)l->now_us());
	/* Last, and in the same transaction: a store is whole or not there. */
	if (rc == 0)
		rc = meta_put_u64(txn, "schema", LEDGER_SCHEMA);
	if (rc == 0)
		return store_commit(txn);
	store_abort(txn);
	return rc;
}

/* 0, STORE_NOTFOUND for a fresh store, or an error. */
static int
read_schema(struct ledger *l, uint64_t *schema)
{
	struct store_txn *txn;
	int rc;

	rc = store_begin(l->store, false, &txn);
	if (rc != 0)
		return rc;
	rc = meta_u64(txn, "schema", schema);
	store_abort(txn);
	return rc;
}

static int
load_meta(struct ledger *l, const char *configured)
{
	struct store_txn *txn;
	struct span machine;
	int rc;

	rc = store_begin(l->store, false, &txn);
	if (rc != 0)
		return rc;
	rc = meta_u64(txn, "digest_key_0", &l->writer.key.k0);
	if (rc == 0)
		rc = meta_u64(txn, "digest_key_1", &l->writer.key.k1);
	if (rc == 0)
		rc = store_get(
		    txn, TABLE_META, span_of_str("machine"), &machine);
	if (rc == 0)
		snprintf(l->machine, sizeof(l->machine), "%.*s",
		    (int)machine.len, (const char *)machine.p);
	if (rc == 0 && configured[0] != '\0')
		snprintf(l->machine, sizeof(l->machine), "%s", configured);
	store_abort(txn);
	return rc == STORE_NOTFOUND ? -ERR_STORE : rc;
}

/* Makes a fresh store whole, or refuses one from the future. */
static int
open_schema(
    struct ledger *l, const char *dir, uint64_t *schema, char *why, size_t cap)
{
	int rc = read_schema(l, schema);

	if (rc == STORE_NOTFOUND) {
		*schema = LEDGER_SCHEMA;
		rc = make_meta(l);
	} else if (rc == 0 && *schema > LEDGER_SCHEMA) {
		snprintf(why, cap,
		    "%s/data.mdb: schema %llu is newer than this collectord "
		    "knows (%d); please upgrade it",
		    dir, (unsigned long long)*schema, LEDGER_SCHEMA);
		return -ERR_STORE;
	}
	if (rc == 0)
		rc = store_open_tables(l->store);
	return rc;
}

static int
copy_configured(struct ledger *l, const struct ledger_options *opt)
{
	int rc = 0;

	for (size_t i = 0; i < opt->n_prices && rc == 0; i++)
		rc = price_overrides_add(&l->configured, &opt->prices[i]);
	return rc == 0 ? 0 : -ERR_STORE;
}

int
ledger_load_prices(struct ledger *l, struct price_book *book)
{
	struct price_override o;

	for (size_t i = 0; i < l->configured.n; i++) {
		o = l->configured.item[i];
		o.is_configured = true;
		if (price_book_add(book, &o) != 0)
			return -ERR_STORE;
	}
	return prices_load(l->store, book);
}

static int
put_schema(struct store_txn *txn)
{
	return meta_put_u64(txn, "schema", LEDGER_SCHEMA);
}

/* From 2 on a store needs no more to be today's: its rows are as they were. */
static int
raise_schema(struct ledger *l)
{
	struct store_txn *txn;
	int rc = store_begin(l->store, true, &txn);

	if (rc != 0)
		return rc;
	rc = put_schema(txn);
	if (rc == 0)
		rc = store_commit(txn);
	else
		store_abort(txn);
	/* On a full disk reads stay up; the next start tries again. */
	return rc == -ERR_STORE_FULL ? 0 : rc;
}

static void
take_calendar(struct ledger *l, const struct ledger_options *opt)
{
	struct budget_calendar *cal = &l->writer.watch.cal;

	*cal = opt->calendar;
	cal->week_start = cal->week_start == 0 ? 1 : cal->week_start;
	cal->month_start = cal->month_start == 0 ? 1 : cal->month_start;
	l->tells_daily = opt->tells_daily;
	l->tells_weekly = opt->tells_weekly;
	l->daily_hour = opt->daily_hour;
	l->silent_days = opt->silent_days;
}

/* Only where it has to: most starts write nothing. */
static int
settle_budgets(struct ledger *l)
{
	struct writer *w = &l->writer;
	struct store_txn *txn;
	bool is_other;
	int rc = store_begin(l->store, false, &txn);

	if (rc != 0)
		return rc;
	is_other = watch_has_other_calendar(&w->watch, txn);
	store_abort(txn);
	if (!is_other)
		return 0;
	rc = writer_begin(w, l->now_us());
	if (rc == 0)
		rc = watch_take_calendar(&w->watch, w->txn, w->now_us / 1000);
	if (rc == 0)
		rc = writer_commit(w);
	else
		writer_abort(w);
	/* On a full disk reads stay up; the next start tries again. */
	return rc == -ERR_STORE_FULL ? 0 : rc;
}

static int
open_writer(struct ledger *l, const struct ledger_options *opt, uint64_t schema,
    char *why, size_t cap)
{
	int rc;

	l->writer.store = l->store;
	l->writer.machine = text_of(l->machine);
	snprintf(
	    l->plan, sizeof(l->plan), "%s", opt->plan == NULL ? "" : opt->plan);
	l->writer.plan = text_of(l->plan);
	l->writer.prefers_reported = opt->prefers_reported;
	take_calendar(l, opt);
	rc = writer_init(&l->writer);
	if (rc == 0)
		rc = copy_configured(l, opt);
	/* Before it migrates, which prices what had no price yet. */
	if (rc == 0)
		rc = ledger_load_prices(l, l->writer.book);
	if (rc == 0 && schema == 1)
		rc = migrate_from_1(&l->writer, opt->dir, put_schema, why, cap);
	else if (rc == 0 && schema < LEDGER_SCHEMA)
		rc = raise_schema(l);
	if (rc == 0)
		rc = settle_budgets(l);
	atomic_store(&l->revision, l->writer.last_revision);
	atomic_store(&l->last_notice, l->writer.last_notice);
	atomic_store(&l->loads, l->writer.recent.loads);
	return rc;
}

int
ledger_open(struct ledger **out, const struct ledger_options *opt, char *why,
    size_t cap)
{
	struct ledger *l = calloc(1, sizeof(*l));
	uint64_t schema;
	int rc;

	*out = NULL;
	snprintf(why, cap, "%s/data.mdb: cannot be opened", opt->dir);
	if (l == NULL)
		return ERR_STORE;
	l->now_us = opt->now_us;
	holds_init(&l->holds);
	recent_sessions_init(&l->recent_sessions);
	rc = store_open(&l->store, opt->dir, why, cap);
	if (rc == 0)
		rc = open_schema(l, opt->dir, &schema, why, cap);
	if (rc == 0)
		rc = load_meta(l, opt->machine);
	if (rc == 0)
		rc = open_writer(l, opt, schema, why, cap);
	if (rc != 0) {
		ledger_close(l);
		return -rc;
	}
	*out = l;
	return 0;
}

void
ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	writer_release(&l->writer);
	price_overrides_release(&l->configured);
	store_close(l->store);
	recent_sessions_close(&l->recent_sessions);
	holds_close(&l->holds);
	free(l);
}

struct text
ledger_machine(const struct ledger *l)
{
	return text_of(l->machine);
}

int
ledger_commit(struct ledger *l)
{
	int rc = writer_commit(&l->writer);

	if (rc == 0) {
		atomic_store(&l->last_notice, l->writer.last_notice);
		atomic_store(&l->revision, l->writer.last_revision);
		atomic_store(&l->loads, l->writer.recent.loads);
	}
	return rc;
}

int
ledger_put(
    struct ledger *l, struct put *const *puts, size_t n, char *why, size_t cap)
{
	struct writer *w = &l->writer;
	size_t i;
	int rc;

	rc = writer_begin(w, l->now_us());
	if (rc == 0) {
		for (i = 0; rc == 0 && i < n; i++)
			rc = writer_put(w, puts[i]);
		if (rc == 0)
			rc = ledger_commit(l);
		else
			writer_abort(w);
	}
	if (rc == 0)
		return 0;
	snprintf(why, cap, "%s",
	    rc == -ERR_STORE_FULL ? "the disk or the store's map is full"
				  : "the store could not be written");
	return -rc;
}

uint64_t
ledger_revision(const struct ledger *l)
{
	return atomic_load(&l->revision);
}

void
ledger_release_owner(struct ledger *l, uint64_t owner)
{
	holds_drop_all_of(&l->holds, owner);
}
