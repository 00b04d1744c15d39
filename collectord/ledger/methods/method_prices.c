#include "collectord/ledger/methods/methods_impl.h"
#include "collectord/ledger/price/pack_price.h"
#include "collectord/ledger/methods/params.h"
#include "collectord/ledger/price/price_table.h"
#include "collectord/ledger/price/prices.h"
#include "collectord/ledger/reader.h"

#define DAY_MS 86400000ll

/* A book of one's own, since the writer's may change meanwhile. */
static int
load_book(struct ledger *l, struct price_book **book)
{
	*book = price_book_new();
	return *book == NULL ? -ERR_STORE : ledger_load_prices(l, *book);
}

static void
pack_since(struct packer *k, int32_t day)
{
	pack_str(k, "from");
	if (day == PRICE_ALWAYS)
		pack_nil(k);
	else
		pack_i64(k, day * DAY_MS);
}

/* As the table's models are matched: with or without the provider in front. */
static bool
names_model(struct text name, struct text pattern)
{
	const char *slash = memchr(name.p, '/', name.len);

	if (pattern.len == 0 || text_matches(name, pattern))
		return true;
	if (slash == NULL)
		return false;
	name.len -= (uint32_t)(slash + 1 - name.p);
	name.p = slash + 1;
	return text_matches(name, pattern);
}

static uint32_t
pack_overrides(
    struct packer *k, const struct price_book *book, struct text pattern)
{
	const struct price_overrides *list = price_book_overrides(book);
	const struct price_override *o;
	uint32_t n = 0;

	for (o = list->item; o < list->item + list->n; o++) {
		if (!names_model(o->pattern, pattern))
			continue;
		n++;
		pack_map(k, 6);
		pack_str(k, "origin");
		pack_str(k, o->is_configured ? "config" : "set");
		pack_str(k, "pattern");
		pack_text(k, o->pattern);
		pack_str(k, "tier");
		pack_text(k, o->tier);
		pack_since(k, o->since_day);
		pack_str(k, "rates");
		pack_rates(k, &o->rates);
		pack_str(k, "above");
		pack_steps(k, o->steps, o->n_steps);
	}
	return n;
}

static uint32_t
pack_listed(
    struct packer *k, const struct price_book *book, struct text pattern)
{
	struct price_listed row;
	size_t i;
	uint32_t n = 0;

	for (i = 0; i < price_book_rows(book); i++) {
		price_book_row(book, i, &row);
		if (pattern.len > 0 && !text_matches(row.model, pattern))
			continue;
		n++;
		pack_map(k, 6);
		pack_str(k, "provider");
		pack_text(k, row.vendor);
		pack_str(k, "model");
		pack_text(k, row.model);
		pack_since(k, row.since_day);
		pack_str(k, "rates");
		pack_rates(k, row.rates);
		pack_str(k, "above");
		pack_steps(k, row.steps, row.n_steps);
		pack_str(k, "aliases");
		pack_str(k, row.aliases);
	}
	return n;
}

int
method_prices(struct ledger_call *c)
{
	struct packer overrides = { 0 }, table = { 0 };
	struct price_book *book;
	struct text pattern;
	uint32_t n;
	int rc;

	if (!param_text(c, "model", &pattern))
		return METHOD_FAILED;
	rc = load_book(c->ledger, &book);
	if (rc == 0) {
		pack_map(c->result, 3);
		pack_str(c->result, "as_of");
		pack_str(c->result, price_table_as_of);
		n = pack_overrides(&overrides, book, pattern);
		pack_str(c->result, "overrides");
		pack_array(c->result, n);
		pack_packed(c->result, &overrides);
		n = pack_listed(&table, book, pattern);
		pack_str(c->result, "table");
		pack_array(c->result, n);
		pack_packed(c->result, &table);
	}
	packer_free(&overrides);
	packer_free(&table);
	price_book_free(book);
	return rc == 0 ? METHOD_DONE : method_store_error(c, rc);
}

static bool
read_call(
    struct ledger_call *c, struct price_call *call, struct price_counts *n)
{
	uint64_t ts;

	if (!param_text(c, "provider", &call->provider) ||
	    !param_text(c, "model", &call->model) ||
	    !param_text(c, "tier", &call->tier) ||
	    !param_text(c, "geo", &call->geo) ||
	    !param_u64(c, "ts", (uint64_t)c->ledger->now_us() / 1000, &ts) ||
	    !param_u64(c, "input", 0, &n->input) ||
	    !param_u64(c, "output", 0, &n->output) ||
	    !param_u64(c, "cache_read", 0, &n->cache_read) ||
	    !param_u64(c, "cache_write", 0, &n->cache_write) ||
	    !param_u64(c, "cache_write_1h", 0, &n->cache_write_1h) ||
	    !param_u64(c, "web_searches", 0, &n->web_searches))
		return false;
	call->ts_ms = ts > INT64_MAX ? INT64_MAX : (int64_t)ts;
	if (call->model.len == 0)
		return error_set(
			   &c->error, ERR_MISSING, "model", "whose price") == 0;
	if (n->cache_write_1h > n->cache_write)
		return error_set(&c->error, ERR_INCONSISTENT, "cache_write_1h",
			   "more than cache_write") == 0;
	return true;
}

static void
pack_explained(struct packer *k, const struct price_rule *rule,
    const struct price_lines *lines, int rc, int64_t cost)
{
	pack_map(k, 5);
	pack_str(k, "priced");
	pack_bool(k, rc == PRICE_OK);
	pack_str(k, "rule");
	pack_rule(k, rule);
	pack_str(k, "above");
	if (lines->is_long)
		pack_u64(k, lines->above);
	else
		pack_nil(k);
	pack_str(k, "lines");
	pack_lines(k, lines);
	pack_str(k, "cost");
	if (rc == PRICE_OK)
		pack_money(k, cost);
	else
		pack_nil(k);
}

int
method_price_explain(struct ledger_call *c)
{
	struct price_call call = { 0 };
	struct price_counts counts = { 0 };
	struct price_lines lines = { 0 };
	struct price_rule rule;
	struct price_book *book;
	int64_t cost = 0;
	int rc;

	if (!read_call(c, &call, &counts))
		return METHOD_FAILED;
	rc = load_book(c->ledger, &book);
	if (rc == 0) {
		if (price_match(book, &call, &rule) == PRICE_OK) {
			int ok = price_apply(&rule, &counts, &cost, &lines);

			pack_explained(c->result, &rule, &lines, ok, cost);
		} else {
			pack_map(c->result, 1);
			pack_str(c->result, "priced");
			pack_bool(c->result, false);
		}
	}
	price_book_free(book);
	return rc == 0 ? METHOD_DONE : method_store_error(c, rc);
}

/* The writer prices by what is stored now. */
static int
reload(struct ledger *l)
{
	price_book_clear(l->writer.book);
	price_memo_forget(l->writer.memo);
	return ledger_load_prices(l, l->writer.book);
}

static int
change_price(struct ledger_call *c,
    int (*change)(struct store_txn *txn, const struct price_override *o),
    const struct price_override *o)
{
	struct writer *w = &c->ledger->writer;
	int rc = writer_begin(w, c->ledger->now_us());

	if (rc != 0)
		return method_store_error(c, rc);
	rc = change(w->txn, o);
	if (rc == 0)
		rc = writer_commit(w);
	else
		writer_abort(w);
	if (rc == 0)
		rc = reload(c->ledger);
	if (rc != 0)
		return method_store_error(c, rc);
	pack_map(c->result, 0);
	return METHOD_DONE;
}

int
method_price_set(struct ledger_call *c)
{
	struct price_overrides trial = { 0 };
	struct price_override o;
	int rc;

	if (unpack_override(c->params, &o, &c->error) != 0)
		return METHOD_FAILED;
	/* Only what the book would take is stored. */
	rc = price_overrides_add(&trial, &o);
	price_overrides_release(&trial);
	if (rc != 0)
		return method_fail(c, ERR_BAD_PARAMS, "rates",
		    "input and output are needed, and steps that ascend");
	return change_price(c, prices_put, &o);
}

/* Does the writer know a price of exactly this pattern, tier and day? */
static bool
is_in_force(const struct ledger *l, const struct price_override *o)
{
	const struct price_override *found =
	    price_overrides_find(price_book_overrides(l->writer.book),
		o->pattern, o->tier, o->since_day);

	return found != NULL && found->since_day == o->since_day;
}

int
method_price_unset(struct ledger_call *c)
{
	struct price_override o;
	int rc;

	if (unpack_override(c->params, &o, &c->error) != 0)
		return METHOD_FAILED;
	rc = change_price(c, prices_delete, &o);
	if (rc == METHOD_FAILED && c->error.code == ERR_NOT_FOUND &&
	    is_in_force(c->ledger, &o))
		return method_fail(c, ERR_NOT_FOUND, "pattern",
		    "the configuration's file says this price");
	return rc;
}
