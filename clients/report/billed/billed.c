#include "clients/report/billed/billed.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/lang.h"

/* Beside those of fetch.c. */
#define MSGID_REPORT 1
#define MSGID_BILLED 4
/* A page has some days at least, so that this is years. */
#define PAGES_MAX 10000

static const char *const count_names[BILLED_COUNTS] = { "input_tokens",
	"cache_read_tokens", "cache_write_tokens", "output_tokens",
	"requests" };

void
billed_free(struct billed *b)
{
	while (b->n_pages > 0)
		free(b->pages[--b->n_pages]);
	free(b->pages);
	free(b->rows);
	free(b->accounts);
	free(b->runs);
	*b = (struct billed){ .rows = NULL };
}

void
billed_pack(struct packer *k, uint32_t msgid, int64_t from_ms, int64_t to_ms)
{
	pack_request(k, msgid, "billed");
	pack_map(k, 2);
	pack_str(k, "from");
	pack_i64(k, from_ms);
	pack_str(k, "to");
	pack_i64(k, to_ms);
}

/* The reply's bytes live in the client's buffer only until the next one. */
static int
keep_page(struct billed *b, struct wire_cursor *result)
{
	void **pages = realloc(b->pages, (b->n_pages + 1) * sizeof(*b->pages));
	void *kept;

	if (pages == NULL)
		return -2;
	b->pages = pages;
	kept = fetch_keep(result);
	if (kept == NULL)
		return -2;
	b->pages[b->n_pages++] = kept;
	return 0;
}

/* n is what a scanned message holds, so it bounds itself. */
static int
make_room(struct billed *b, size_t n)
{
	size_t cap = b->cap * 2 > b->n + n ? b->cap * 2 : b->n + n;
	struct billed_row *rows;

	if (n <= b->cap - b->n)
		return 0;
	rows = realloc(b->rows, cap * sizeof(*rows));
	if (rows == NULL)
		return -2;
	b->rows = rows;
	b->cap = cap;
	return 0;
}

/* The account of that name, a new one where there is none; -2: no memory. */
static int
find_account(struct billed *b, struct text name, size_t *at)
{
	struct billed_account *accounts;

	for (*at = 0; *at < b->n_accounts; ++*at)
		if (text_eq(b->accounts[*at].name, name))
			return 0;
	accounts =
	    realloc(b->accounts, (b->n_accounts + 1) * sizeof(*accounts));
	if (accounts == NULL)
		return -2;
	b->accounts = accounts;
	accounts[b->n_accounts++] = (struct billed_account){
		.name = name,
		.provider = billed_provider(name),
	};
	return 0;
}

static int
read_amount(const struct value *map, struct billed_row *row)
{
	struct text amount = fetch_text(map, "amount");
	struct text currency = fetch_text(map, "currency");

	if (currency.len == 0)
		currency = TEXT("USD");
	snprintf(row->currency, sizeof(row->currency), "%.*s",
	    (int)(currency.len < 8 ? currency.len : 8), currency.p);
	row->has_amount = amount.len > 0;
	if (!row->has_amount)
		return 0;
	return money_parse_sum(amount.p, amount.len, &row->amount) == 0 ? 0
									: -1;
}

static int
read_row(struct billed *b, const struct value *map, struct billed_row *row)
{
	int rc = find_account(b, fetch_text(map, "name"), &row->account);
	size_t i;

	if (rc != 0)
		return rc;
	row->day_ms = (int64_t)fetch_u64(map, "day");
	row->model = fetch_text(map, "model");
	if (map->type != VALUE_MAP || row->day_ms % BILLED_DAY_MS != 0)
		return -1;
	for (i = 0; i < BILLED_COUNTS; i++)
		row->n[i] = fetch_u64(map, count_names[i]);
	row->elsewhere = fetch_money(map, "elsewhere");
	row->unit = fetch_text(map, "unit");
	row->quantity = fetch_money(map, "quantity");
	row->batch_tokens = fetch_u64(map, "batch_tokens");
	row->batch_amount = fetch_money(map, "batch_amount");
	rc = read_amount(map, row);
	/* A day that is not over is in no run yet, but tells as much. */
	b->accounts[row->account].gives_cost |= row->has_amount;
	b->accounts[row->account].gives_usage |= !row->has_amount;
	return rc;
}

static int
read_rows(struct billed *b, const struct value *all)
{
	struct value list, map;
	int rc;

	if (!fetch_member(all, "rows", &list) || list.type != VALUE_ARRAY)
		return -1;
	rc = make_room(b, list.n);
	while (rc == 0 && fetch_next(&list, &map)) {
		b->rows[b->n] = (struct billed_row){ .amount = 0 };
		rc = read_row(b, &map, &b->rows[b->n++]);
	}
	return rc;
}

static bool
is_of_feed(const struct billed_run *a, const struct billed_run *b)
{
	return a->account == b->account && a->gives_cost == b->gives_cost &&
	       text_eq(a->feed, b->feed);
}

/* Feeds are counted at the first run of each. */
static void
count_feed(struct billed *b, const struct billed_run *run)
{
	struct billed_account *a = &b->accounts[run->account];
	const struct billed_run *other;

	for (other = b->runs; other < run; other++)
		if (is_of_feed(other, run))
			return;
	if (run->gives_cost)
		a->cost_feeds++;
	else
		a->other_feeds++;
}

static int
read_run(struct billed *b, const struct value *map)
{
	struct billed_run *run = &b->runs[b->n_runs++];
	struct billed_account *a;
	struct value gives, what;
	int rc = find_account(b, fetch_text(map, "name"), &run->account);

	if (rc != 0)
		return rc;
	run->feed = fetch_text(map, "feed");
	run->gives_cost = false;
	run->from_ms = (int64_t)fetch_u64(map, "from");
	run->to_ms = (int64_t)fetch_u64(map, "to");
	run->at_ms = (int64_t)fetch_u64(map, "at");
	run->first_ms = (int64_t)fetch_u64(map, "first");
	a = &b->accounts[run->account];
	a->is_shared |= fetch_bool(map, "shared");
	fetch_member(map, "gives", &gives);
	while (fetch_next(&gives, &what)) {
		run->gives_cost |= text_is(what.text, "cost");
		a->gives_usage |= text_is(what.text, "usage");
	}
	a->gives_cost |= run->gives_cost;
	count_feed(b, run);
	return 0;
}

static int
read_runs(struct billed *b, const struct value *all)
{
	struct billed_run *runs;
	struct value list, map;
	int rc = 0;

	if (!fetch_member(all, "complete", &list) || list.type != VALUE_ARRAY)
		return -1;
	runs = realloc(b->runs, (b->n_runs + list.n + 1u) * sizeof(*b->runs));
	if (runs == NULL)
		return -2;
	b->runs = runs;
	while (rc == 0 && fetch_next(&list, &map))
		rc = read_run(b, &map);
	return rc;
}

int
billed_take(struct billed *b, struct wire_cursor result, int64_t *next_ms)
{
	struct value all;
	int rc = keep_page(b, &result);

	*next_ms = 0;
	if (rc != 0)
		return rc;
	all = fetch_value(result);
	if (all.type != VALUE_MAP)
		return -1;
	rc = read_rows(b, &all);
	if (rc == 0)
		rc = read_runs(b, &all);
	*next_ms = (int64_t)fetch_u64(&all, "next");
	return rc;
}

enum client_result
billed_take_page(struct billed *b, struct client *c, int64_t *next_ms)
{
	int rc = billed_take(b, c->reply.result, next_ms);

	if (rc == 0 && b->n_pages < PAGES_MAX)
		return CLIENT_OK;
	if (rc == -2) {
		snprintf(c->why, sizeof(c->why), "%s",
		    _("no memory for the answer"));
		return CLIENT_ESYSTEM;
	}
	snprintf(c->why, sizeof(c->why), "%s",
	    _("collectord's bills make no sense"));
	return CLIENT_EPEER;
}

enum client_result
billed_wait(struct billed *b, struct client *c, uint32_t msgid, int64_t to_ms,
    int64_t deadline_ms)
{
	enum client_result r = client_wait(c, msgid, deadline_ms);
	struct packer k = { 0 };
	int64_t next_ms, last_ms = 0;

	*b = (struct billed){ .to_ms = to_ms };
	if (r == CLIENT_EREFUSED && c->reply.error.code == ERR_UNKNOWN_METHOD)
		return CLIENT_OK;
	while (r == CLIENT_OK) {
		r = billed_take_page(b, c, &next_ms);
		/* A day that does not come later would be asked for for ever.
		 */
		if (r != CLIENT_OK || next_ms <= last_ms || next_ms >= to_ms)
			break;
		last_ms = next_ms;
		billed_pack(&k, msgid, next_ms, to_ms);
		r = fetch_call(c, &k, msgid, deadline_ms);
	}
	return r;
}

enum client_result
billed_fetch_beside(struct billed *b, struct client *c,
    const struct report_query *q, int64_t from_ms, int64_t to_ms,
    int64_t deadline_ms, struct answer *seen)
{
	struct packer k = { 0 };
	enum client_result r;

	*b = (struct billed){ .rows = NULL };
	*seen = (struct answer){ .rows = NULL };
	pack_report(&k, MSGID_REPORT, q);
	billed_pack(&k, MSGID_BILLED, from_ms, to_ms);
	client_keep(c, MSGID_BILLED);
	r = client_send(c, &k, deadline_ms);
	packer_free(&k);
	if (r == CLIENT_OK)
		r = fetch_answer(c, MSGID_REPORT, q->nby, deadline_ms, seen);
	if (r == CLIENT_OK)
		r = billed_wait(b, c, MSGID_BILLED, to_ms, deadline_ms);
	if (r == CLIENT_OK)
		return CLIENT_OK;
	answer_free(seen);
	billed_free(b);
	return r;
}

static bool
is_wanted(const struct option_list *patterns, struct text provider)
{
	size_t i;

	for (i = 0; i < patterns->n; i++)
		if (text_matches(provider, text_of(patterns->items[i])))
			return true;
	return patterns->n == 0;
}

/* Who is not wanted stays in his place and gives nothing. */
void
billed_keep_only(struct billed *b, const struct option_list *patterns)
{
	struct billed_account *a;
	size_t i, n = 0;

	for (i = 0; i < b->n; i++)
		if (is_wanted(
			patterns, b->accounts[b->rows[i].account].provider))
			b->rows[n++] = b->rows[i];
	b->n = n;
	for (a = b->accounts; a < b->accounts + b->n_accounts; a++)
		if (!is_wanted(patterns, a->provider))
			a->gives_cost = a->gives_usage = false;
}

struct text
billed_provider(struct text name)
{
	const char *slash = name.len > 0 ? memchr(name.p, '/', name.len) : NULL;

	if (slash != NULL)
		name.len = (uint32_t)(slash - name.p);
	return name;
}

bool
billed_is_usd(const struct billed_row *row)
{
	return strcmp(row->currency, "USD") == 0;
}

bool
billed_has_days(const struct billed_account *a)
{
	return a->gives_cost || a->gives_usage;
}

/* Of what counts for its account: costs, where it gives them. */
static bool
counts(const struct billed *b, const struct billed_run *run, size_t account)
{
	return run->account == account &&
	       run->gives_cost == b->accounts[account].gives_cost;
}

int64_t
billed_asked_ms(const struct billed *b, size_t account, int64_t day_ms)
{
	const struct billed_account *a = &b->accounts[account];
	const struct billed_run *run;
	size_t feeds = 0;
	int64_t at_ms = 0;

	for (run = b->runs; run < b->runs + b->n_runs; run++) {
		if (!counts(b, run, account) || day_ms < run->from_ms ||
		    day_ms >= run->to_ms)
			continue;
		if (feeds == 0 || run->at_ms < at_ms)
			at_ms = run->at_ms;
		feeds++;
	}
	return feeds >= (a->gives_cost ? a->cost_feeds : a->other_feeds) ? at_ms
									 : 0;
}

/* A day is whole where all feeds know it, so that the last one counts. */
int64_t
billed_first_ms(const struct billed *b, size_t account)
{
	const struct billed_run *run;
	int64_t first_ms = 0;

	for (run = b->runs; run < b->runs + b->n_runs; run++)
		if (counts(b, run, account) && run->first_ms > first_ms)
			first_ms = run->first_ms;
	return first_ms;
}

/* Around all days that the account told of; false: there are none. */
static bool
find_ends(const struct billed *b, size_t account, struct billed_run *ends)
{
	const struct billed_run *run;

	*ends = (struct billed_run){ .account = account };
	for (run = b->runs; run < b->runs + b->n_runs; run++) {
		if (!counts(b, run, account) || run->from_ms >= run->to_ms)
			continue;
		if (ends->to_ms == 0 || run->from_ms < ends->from_ms)
			ends->from_ms = run->from_ms;
		if (run->to_ms > ends->to_ms)
			ends->to_ms = run->to_ms;
		if (run->at_ms > ends->at_ms)
			ends->at_ms = run->at_ms;
	}
	return ends->to_ms > 0;
}

bool
billed_last_days(
    const struct billed *b, size_t account, struct billed_run *last)
{
	int64_t from_ms;

	if (!find_ends(b, account, last))
		return false;
	from_ms = last->from_ms;
	while (last->to_ms > from_ms &&
	       billed_asked_ms(b, account, last->to_ms - BILLED_DAY_MS) == 0)
		last->to_ms -= BILLED_DAY_MS;
	last->from_ms = last->to_ms;
	while (last->from_ms > from_ms &&
	       billed_asked_ms(b, account, last->from_ms - BILLED_DAY_MS) != 0)
		last->from_ms -= BILLED_DAY_MS;
	return last->from_ms < last->to_ms;
}
