#include "collectord/peers/provider.h"
#include "collectord/peers/provider_params.h"
#include "collectord/peers/reply.h"
#include "collectord/peers/server.h"
#include "collectord/peers/services.h"

static void
pack_time(struct packer *k, const char *name, int64_t ms)
{
	pack_str(k, name);
	pack_i64(k, ms);
}

static void
pack_feed(struct packer *k, const struct account_feed *f, uint32_t gives)
{
	bool has_error = f->error[0] != '\0';

	pack_map(k, 5u + has_error);
	pack_str(k, "name");
	pack_str(k, f->name);
	services_pack_gives(k, gives);
	pack_time(k, "last_success", f->success_ms);
	pack_time(k, "complete_from", f->from_ms);
	pack_time(k, "complete_to", f->to_ms);
	if (has_error) {
		pack_str(k, "error");
		pack_str(k, f->error);
	}
}

static void
pack_feeds(struct packer *k, const struct sync_account *acc)
{
	pack_str(k, "feeds");
	pack_array(k, acc->a.n_feeds);
	for (uint32_t i = 0; i < acc->a.n_feeds; i++)
		pack_feed(k, &acc->a.feed[i],
		    i < acc->provider->n_feeds ? acc->provider->feeds[i].gives
					       : 0);
}

/* The newest of each; of errors those that are not over. */
struct summary {
	int64_t success_ms, error_ms, next_ms;
	const char *error;
};

static void
sum_up(const struct sync_account *acc, struct summary *sum)
{
	const struct account *a = &acc->a;
	const struct account_feed *f;

	*sum = (struct summary){ .error = "" };
	for (uint32_t i = 0; i < a->n_feeds; i++) {
		f = &a->feed[i];
		if (f->success_ms > sum->success_ms)
			sum->success_ms = f->success_ms;
		if (f->error[0] != '\0' && f->error_ms >= sum->error_ms) {
			sum->error_ms = f->error_ms;
			sum->error = f->error;
		}
		if (!f->is_denied &&
		    (sum->next_ms == 0 || f->next_ms < sum->next_ms))
			sum->next_ms = f->next_ms;
	}
	if (sum->next_ms < sync_limited_ms(acc))
		sum->next_ms = sync_limited_ms(acc);
	if (acc->trouble[0] != '\0') {
		sum->error = acc->trouble;
		sum->error_ms = acc->trouble_ms;
	}
	if (a->is_bad_key || !a->is_enabled || acc->provider == &sync_undefined)
		sum->next_ms = 0;
}

static void
pack_texts(struct packer *k, const struct account *a)
{
	struct text provider = account_provider(text_of(a->name));

	pack_str(k, "name");
	pack_str(k, a->name);
	pack_str(k, "provider");
	pack_text(k, provider);
	pack_str(k, "account");
	pack_str(k, a->name + provider.len + (a->name[provider.len] == '/'));
	pack_str(k, "key");
	pack_str(k, a->mask);
	if (a->region[0] != '\0') {
		pack_str(k, "region");
		pack_str(k, a->region);
	}
	if (a->base_url[0] != '\0') {
		pack_str(k, "base_url");
		pack_str(k, a->base_url);
	}
	if (a->low.is_set) {
		pack_str(k, "low_balance");
		pack_money(k, a->low.amount);
	}
	if (a->low.is_set && a->low.currency[0] != '\0') {
		pack_str(k, "low_balance_currency");
		pack_str(k, a->low.currency);
	}
}

static int
pack_account(struct packer *k, struct server *s, const struct sync_account *acc)
{
	const struct account *a = &acc->a;
	struct summary sum;

	sum_up(acc, &sum);
	pack_map(k, 13u + (a->region[0] != '\0') + (a->base_url[0] != '\0') +
			a->low.is_set +
			(a->low.is_set && a->low.currency[0] != '\0') +
			(sum.error[0] != '\0'));
	pack_texts(k, a);
	pack_str(k, "enabled");
	pack_bool(k, a->is_enabled);
	pack_str(k, "shared");
	pack_bool(k, a->is_shared);
	pack_str(k, "state");
	pack_str(k, sync_state(acc));
	pack_time(k, "last_success", sum.success_ms);
	if (sum.error[0] != '\0') {
		pack_str(k, "last_error");
		pack_str(k, sum.error);
	}
	pack_time(k, "last_error_at", sum.error_ms);
	pack_time(k, "next", sum.next_ms);
	pack_feeds(k, acc);
	return ledger_pack_balances(s->ledger, text_of(a->name), k);
}

int
provider_list(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	struct server *s = c->server;
	char name[ACCOUNT_NAME_MAX];
	struct sync_account *acc;
	uint32_t n = 0;
	int rc = 0;

	if (provider_take_text(rq, "name", name, sizeof(name), err) != 0)
		return REPLY_ERROR;
	if (name[0] != '\0' && sync_find(&s->sync, name) == NULL)
		return error_set(
		    err, ERR_NOT_FOUND, "name", "there is no such account");
	for (acc = s->sync.first; acc != NULL; acc = acc->next)
		n += !acc->is_leaving &&
		     (name[0] == '\0' || strcmp(acc->a.name, name) == 0);
	pack_map(k, name[0] == '\0' ? 2 : 1);
	pack_str(k, "providers");
	pack_array(k, n);
	for (acc = s->sync.first; rc == 0 && acc != NULL; acc = acc->next)
		if (!acc->is_leaving &&
		    (name[0] == '\0' || strcmp(acc->a.name, name) == 0))
			rc = pack_account(k, s, acc);
	if (rc == 0 && name[0] == '\0') {
		pack_str(k, "remains");
		rc = ledger_pack_remains(s->ledger, k);
	}
	if (rc != 0)
		return error_set(err, ERR_STORE, NULL,
		    "the store cannot be read; the log says why");
	return REPLY_NOW;
}
