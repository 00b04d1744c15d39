#include "collectord/ledger/billing/balances.h"

#include <stdio.h>
#include <string.h>

#include "collectord/ledger/billing/billed.h"
#include "collectord/ledger/notes.h"
#include "collectord/ledger/alerts/notices.h"
#include "proto/error.h"
#include "proto/limits.h"
#include "proto/notice_text.h"

#define SUBJECT_MAX 64 /* of which notice_name shows a name */

/* What can be spent of a currency; more of them than are told nobody has. */
struct left {
	char currency[ACCOUNT_CURRENCY_MAX];
	money_sum amount;
};
struct lefts {
	struct left of[ACCOUNT_TOLD_MAX];
	uint32_t n;
};

/* --- What is left --------------------------------------------------------- */

static struct left *
find_left(struct lefts *all, struct text currency)
{
	for (uint32_t i = 0; i < all->n; i++)
		if (text_is(currency, all->of[i].currency))
			return &all->of[i];
	return NULL;
}

/* The limit of a key may be nearer than the end of what was paid. */
static void
note_left(struct lefts *all, struct text currency, money_sum amount)
{
	struct left *l = find_left(all, currency);

	if (l == NULL && (all->n >= ACCOUNT_TOLD_MAX || currency.len == 0 ||
			     currency.len >= ACCOUNT_CURRENCY_MAX))
		return;
	if (l == NULL) {
		l = &all->of[all->n++];
		snprintf(l->currency, sizeof(l->currency), "%.*s",
		    (int)currency.len, currency.p);
		l->amount = amount;
	}
	if (amount < l->amount)
		l->amount = amount;
}

static struct text
member_text(struct wire_cursor map, const char *name)
{
	struct value v;

	return unpack_member(map, name, &v) && v.type == VALUE_TEXT
		   ? v.text
		   : (struct text){ 0 };
}

/* One of {what, currency, amount}. */
static void
take_balance(const struct value *row, struct lefts *all)
{
	struct text what = member_text(row->at, "what");
	struct text amount = member_text(row->at, "amount");
	money_sum pico;

	if ((text_is(what, "left") || text_is(what, "limit_left")) &&
	    money_parse_sum(amount.p, amount.len, &pico) == 0)
		note_left(all, member_text(row->at, "currency"), pico);
}

static bool
find_list(struct span state, const char *name, struct value *list)
{
	struct wire_cursor map = { state.p,
		(const uint8_t *)state.p + state.len };

	return unpack_member(map, name, list) && list->type == VALUE_ARRAY;
}

static void
take_state(struct span state, struct lefts *all)
{
	struct value list, row;

	if (!find_list(state, "balances", &list))
		return;
	for (uint32_t i = 0; i < list.n && unpack_value(&list.rest, &row) == 0;
	     i++)
		if (row.type == VALUE_MAP)
			take_balance(&row, all);
}

/* Feeds bring them one by one, and each is kept until it is asked again. */
static int
gather(struct store_txn *txn, struct text name, struct lefts *all)
{
	uint8_t key[BILL_KEY_MAX];
	struct span prefix = bill_state_prefix(key, name), k, v;
	struct store_cursor *c;
	int rc = store_cursor_open(txn, TABLE_BILLED, &c);

	if (rc != 0)
		return rc;
	rc = store_seek(c, prefix, &k, &v);
	for (; rc == 0 && k.len >= prefix.len &&
	       memcmp(k.p, prefix.p, prefix.len) == 0;
	     rc = store_next(c, &k, &v))
		take_state(v, all);
	store_cursor_close(c);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

/* --- Low balances --------------------------------------------------------- */

static const struct account_told *
find_told(const struct account *a, const char *currency)
{
	for (uint32_t i = 0; i < a->n_told; i++)
		if (strcmp(a->told[i].currency, currency) == 0)
			return &a->told[i];
	return NULL;
}

static bool
is_watched(const struct account_low *low, const char *currency)
{
	return low->is_set && (low->currency[0] == '\0' ||
				  strcmp(low->currency, currency) == 0);
}

static void
add_told(struct account *a, const char *currency, money_sum below)
{
	struct account_told *t;

	if (a->n_told >= ACCOUNT_TOLD_MAX)
		return;
	t = &a->told[a->n_told++];
	snprintf(t->currency, sizeof(t->currency), "%.7s", currency);
	t->below = below;
}

/*
 * Its number makes the id one that never was, though the same balance falls
 * again: that it is told once is seen to by a->told.
 */
static int
make_low(struct store_txn *txn, int64_t now_ms, const struct account *a,
    const struct left *l)
{
	char id[ACCOUNT_NAME_MAX + ACCOUNT_CURRENCY_MAX + 40];
	struct notice n = { .kind = NOTICE_BALANCE,
		.level = NOTICE_WARN,
		.subject = text_of(a->name),
		.period = text_of(l->currency),
		.spent = l->amount,
		.limit = a->low.amount };
	uint64_t last;
	int rc = notice_last(txn, &last);

	if (rc != 0)
		return rc;
	snprintf(id, sizeof(id), "balance/%s/%s/%llu", a->name, l->currency,
	    (unsigned long long)last + 1);
	n.id = text_of(id);
	rc = notice_make(txn, now_ms, &n);
	return rc < 0 ? rc : 0;
}

static int
judge(struct store_txn *txn, int64_t now_ms, const struct account *before,
    struct account *a, const struct left *l)
{
	const struct account_told *told = find_told(before, l->currency);
	int rc = 0;

	if (!is_watched(&a->low, l->currency) || l->amount >= a->low.amount)
		return 0;
	if (told == NULL || told->below != a->low.amount)
		rc = make_low(txn, now_ms, a, l);
	if (rc == 0)
		add_told(a, l->currency, a->low.amount);
	return rc;
}

static int
judge_all(struct store_txn *txn, int64_t now_ms, const struct account *before,
    struct account *a)
{
	struct lefts all = { .n = 0 };
	const struct account_told *t;
	int rc = gather(txn, text_of(a->name), &all);

	for (uint32_t i = 0; rc == 0 && i < all.n; i++)
		rc = judge(txn, now_ms, before, a, &all.of[i]);
	/* What is not heard of any more has not risen. */
	for (uint32_t i = 0; rc == 0 && i < before->n_told; i++) {
		t = &before->told[i];
		if (is_watched(&a->low, t->currency) &&
		    find_left(&all, text_of(t->currency)) == NULL)
			add_told(a, t->currency, t->below);
	}
	return rc;
}

/* --- Thresholds that are no more ------------------------------------------ */

static bool
is_same_low(const struct account_low *a, const struct account_low *b)
{
	return a->is_set == b->is_set &&
	       (!a->is_set || (a->amount == b->amount &&
				  strcmp(a->currency, b->currency) == 0));
}

/* Numbers of pending notices of thresholds that an account does not have. */
struct outdated {
	const struct account *a;
	uint64_t number[ACCOUNT_TOLD_MAX];
	uint32_t n;
};

static int
note_outdated(void *arg, const struct notice *n)
{
	struct outdated *o = arg;
	const struct account_low *low = &o->a->low;
	char currency[ACCOUNT_CURRENCY_MAX];

	if (n->kind != NOTICE_BALANCE || !text_is(n->subject, o->a->name))
		return 0;
	snprintf(currency, sizeof(currency), "%.*s", (int)n->period.len,
	    n->period.len > 0 ? n->period.p : "");
	if (is_watched(low, currency) && n->limit == low->amount)
		return 0;
	o->number[o->n++] = n->number;
	return o->n == ACCOUNT_TOLD_MAX ? STORE_NOTFOUND : 0;
}

/* Nobody is to be told of them any more; that they were made stays known. */
static int
withdraw(struct store_txn *txn, const struct account *a)
{
	struct outdated o;
	int rc;

	do {
		o = (struct outdated){ .a = a };
		rc = notices_each(txn, false, note_outdated, &o);
		for (uint32_t i = 0; rc == 0 && i < o.n; i++)
			rc = notice_set_delivered(txn, o.number[i]);
	} while (rc == 0 && o.n == ACCOUNT_TOLD_MAX);
	return rc;
}

int
balances_tell(struct store_txn *txn, int64_t now_ms, struct account *a)
{
	struct account before;
	int rc = account_get(txn, text_of(a->name), &before);

	a->n_told = 0;
	if (rc == STORE_NOTFOUND)
		before = (struct account){ .n_told = 0 };
	if (rc < 0)
		return rc;
	rc = is_same_low(&before.low, &a->low) ? 0 : withdraw(txn, a);
	if (rc == 0 && a->low.is_set)
		rc = judge_all(txn, now_ms, &before, a);
	return rc;
}

/* --- Windows -------------------------------------------------------------- */

/* "minimax/MiniMax-M2/week": of services' names only what notices show. */
static void
put_subject(char buf[SUBJECT_MAX + 1], const struct account *a,
    struct text name, struct text span)
{
	size_t at = strlen(a->name);

	snprintf(buf, SUBJECT_MAX + 1, "%s%s%.*s%s%.*s", a->name,
	    name.len > 0 ? "/" : "", (int)name.len, name.p,
	    span.len > 0 ? "/" : "", (int)span.len, span.p);
	for (; at < SUBJECT_MAX && buf[at] != '\0'; at++)
		if (text_is(notice_name((struct text){ &buf[at], 1 }), "?"))
			buf[at] = '-';
}

static int
tell_window(struct store_txn *txn, int64_t now_ms, const struct account *a,
    const struct value *row)
{
	char subject[SUBJECT_MAX + 1];
	struct window_note n = { .used_percent =
				     member_text(row->at, "used_percent") };
	struct value v;

	if (unpack_member(row->at, "resets", &v) && v.type == VALUE_U64 &&
	    v.u64 <= INT64_MAX)
		n.resets_ms = (int64_t)v.u64;
	put_subject(subject, a, member_text(row->at, "name"),
	    member_text(row->at, "span"));
	n.name = text_of(subject);
	return notes_tell_window(txn, now_ms, &n);
}

int
windows_tell(struct store_txn *txn, int64_t now_ms, const struct account *a,
    struct span state)
{
	struct value list, row;
	int rc = 0;

	if (!find_list(state, "windows", &list))
		return 0;
	for (uint32_t i = 0; rc == 0 && i < list.n; i++) {
		if (unpack_value(&list.rest, &row) != 0)
			return -ERR_STORE;
		if (row.type == VALUE_MAP)
			rc = tell_window(txn, now_ms, a, &row);
	}
	return rc;
}
