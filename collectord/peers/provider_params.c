#include "collectord/peers/provider_params.h"

#include <stdio.h>
#include <string.h>

#include "collectord/jobs/providers/reader.h"
#include "proto/limits.h"

#define NAME_PART_MAX 60

int
provider_take_text(const struct request *rq, const char *key, char *buf,
    size_t cap, struct error *err)
{
	struct value v;

	buf[0] = '\0';
	if (!unpack_member(rq->params, key, &v) || v.type == VALUE_NIL)
		return 0;
	if (v.type != VALUE_TEXT)
		return error_set(
		    err, ERR_BAD_TYPE, key, "%s is not a text", key);
	if (v.text.len >= cap || !text_is_clean(v.text))
		return error_set(err, ERR_BAD_TEXT, key,
		    "%s is too long, or no clean text", key);
	if (v.text.len > 0)
		memcpy(buf, v.text.p, v.text.len);
	buf[v.text.len] = '\0';
	return 0;
}

int
provider_take_bool(const struct request *rq, const char *key, bool *is_there,
    bool *out, struct error *err)
{
	struct value v;

	*is_there = unpack_member(rq->params, key, &v) && v.type != VALUE_NIL;
	if (!*is_there)
		return 0;
	if (v.type != VALUE_BOOL)
		return error_set(err, ERR_BAD_TYPE, key, "not true or false");
	*out = v.b;
	return 0;
}

/* False: no amount that a balance can be below. */
static bool
read_low_amount(const struct value *v, money_sum *amount)
{
	if (v->type == VALUE_U64 && v->u64 <= LIMIT_TOKENS) {
		*amount = (money_sum)v->u64 * MONEY_USD;
		return true;
	}
	return v->type == VALUE_TEXT &&
	       money_parse_sum(v->text.p, v->text.len, amount) == 0 &&
	       *amount >= 0;
}

static int
take_low_currency(
    const struct request *rq, struct account_low *low, struct error *err)
{
	static const char key[] = "low_balance_currency";
	char name[ACCOUNT_CURRENCY_MAX];

	if (provider_take_text(rq, key, name, sizeof(name), err) != 0)
		return -1;
	if (name[0] == '\0')
		return 0;
	if (!low->is_set)
		return error_set(err, ERR_MISSING, "low_balance",
		    "below how much of the currency");
	if (reader_put_currency(text_of(name), low->currency) != 0)
		return error_set(
		    err, ERR_BAD_TEXT, key, "not a currency, as CNY");
	return 0;
}

/* nil takes a threshold away. */
static int
take_low_balance(
    const struct request *rq, struct sync_change *ch, struct error *err)
{
	struct account_low *low = &ch->account.low;
	struct value v;

	ch->has_low_balance = unpack_member(rq->params, "low_balance", &v);
	if (ch->has_low_balance && v.type != VALUE_NIL) {
		if (!read_low_amount(&v, &low->amount))
			return error_set(err, ERR_BAD_TYPE, "low_balance",
			    "not an amount of money");
		low->is_set = true;
	}
	return take_low_currency(rq, low, err);
}

static bool
gives_balance(const struct provider *p)
{
	for (uint32_t i = 0; i < p->n_feeds; i++)
		if ((p->feeds[i].gives & FEED_BALANCE) != 0)
			return true;
	return false;
}

/* Of a provider whose definition cannot be read that is not known. */
int
provider_check_low(
    struct sync *s, const struct sync_change *ch, struct error *err)
{
	struct text t = account_provider(text_of(ch->account.name));
	char name[ACCOUNT_NAME_MAX], why[PLACES_PATH_MAX + ERROR_MESSAGE_MAX];
	const struct provider *p;
	bool is_fine;

	if (!ch->account.low.is_set)
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)t.len, t.p);
	p = definitions_take(&s->definitions, name, why, sizeof(why));
	is_fine = p == NULL || gives_balance(p);
	definitions_drop(&s->definitions, p);
	if (is_fine)
		return 0;
	return error_set(err, ERR_BAD_PARAMS, "low_balance",
	    "the provider tells no balance that could be low");
}

/* Borrowed; the caller wipes it where it stands in the message. */
int
provider_take_key(const struct request *rq, struct text *key, struct error *err)
{
	struct value v;

	*key = (struct text){ 0 };
	if (!unpack_member(rq->params, "key", &v) || v.type == VALUE_NIL)
		return 0;
	if (v.type != VALUE_TEXT)
		return error_set(err, ERR_BAD_TYPE, "key", "not a text");
	*key = v.text;
	return 0;
}

static bool
is_part(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return n > 0 && n < NAME_PART_MAX && s[n] == '\0' && s[0] != '.';
}

static int
take_name(const struct request *rq, struct account *a, struct error *err)
{
	char provider[NAME_PART_MAX], account[NAME_PART_MAX];

	if (provider_take_text(
		rq, "provider", provider, sizeof(provider), err) != 0 ||
	    provider_take_text(rq, "account", account, sizeof(account), err) !=
		0)
		return -1;
	if (!is_part(provider))
		return error_set(
		    err, ERR_MISSING, "provider", "which provider");
	if (account[0] != '\0' && !is_part(account))
		return error_set(err, ERR_BAD_TEXT, "account",
		    "the name of an account has letters, digits and . _ - "
		    "only");
	snprintf(a->name, sizeof(a->name), "%s%s%s", provider,
	    account[0] == '\0' ? "" : "/", account);
	return 0;
}

/* Paths and queries are put behind it. */
static int
take_base_url(const struct request *rq, struct account *a, struct error *err)
{
	if (provider_take_text(
		rq, "base_url", a->base_url, sizeof(a->base_url), err) != 0)
		return -1;
	if (strpbrk(a->base_url, "?#") == NULL)
		return 0;
	return error_set(err, ERR_BAD_PARAMS, "base_url",
	    "paths are put behind it: no ? and no #");
}

int
provider_read_add(
    const struct request *rq, struct sync_change *ch, struct error *err)
{
	struct account *a = &ch->account;
	bool is_there;

	ch->verifies = a->is_enabled = true;
	if (take_name(rq, a, err) != 0 ||
	    provider_take_text(
		rq, "region", a->region, sizeof(a->region), err) != 0 ||
	    take_base_url(rq, a, err) != 0 ||
	    provider_take_bool(
		rq, "shared", &ch->has_shared, &a->is_shared, err) != 0 ||
	    provider_take_bool(rq, "verify", &is_there, &ch->verifies, err) !=
		0 ||
	    take_low_balance(rq, ch, err) != 0)
		return -1;
	if (ch->key.len == 0)
		return error_set(err, ERR_MISSING, "key", "which key");
	return 0;
}

int
provider_read_set(
    const struct request *rq, struct sync_change *ch, struct error *err)
{
	struct account *a = &ch->account;
	bool is_there;

	ch->verifies = true;
	if (provider_take_text(rq, "name", a->name, sizeof(a->name), err) !=
		0 ||
	    provider_take_bool(
		rq, "enabled", &ch->has_enabled, &a->is_enabled, err) != 0 ||
	    provider_take_bool(
		rq, "shared", &ch->has_shared, &a->is_shared, err) != 0 ||
	    provider_take_bool(rq, "verify", &is_there, &ch->verifies, err) !=
		0)
		return -1;
	return take_low_balance(rq, ch, err);
}
