#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/common/ndjson.h"
#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/price/price.h"

#define MSGID 1

int
price_call(struct setup *s, struct packer *k, struct value *result)
{
	enum client_result r = fetch_call(&s->client, k, MSGID, s->deadline_ms);

	if (r != CLIENT_OK)
		return setup_failed(s, r);
	*result = fetch_value(s->client.reply.result);
	return EXIT_OK;
}

int
price_fetch(
    struct setup *s, const char *model, struct tariffs *list, void **kept)
{
	struct packer k = { 0 };
	struct wire_cursor result;
	struct value v;
	int rc;

	pack_request(&k, MSGID, "prices");
	pack_map(&k, model != NULL);
	if (model != NULL) {
		pack_str(&k, "model");
		pack_str(&k, model);
	}
	rc = price_call(s, &k, &v);
	if (rc != EXIT_OK)
		return rc;
	result = s->client.reply.result;
	*kept = fetch_keep(&result);
	if (*kept != NULL && tariffs_read(list, result) == 0)
		return EXIT_OK;
	complain(PRICE_NAME, "%s", _("collectord's prices make no sense"));
	return EXIT_UNREACHABLE;
}

int
price_rule_of(struct setup *s, struct text provider, struct text model,
    int64_t at_ms, struct value *rule)
{
	struct packer k = { 0 };
	struct value all;
	int rc;

	pack_request(&k, MSGID, "price_explain");
	pack_map(&k, 2u + (provider.len > 0));
	pack_str(&k, "model");
	pack_text(&k, model);
	pack_str(&k, "ts");
	pack_i64(&k, at_ms);
	if (provider.len > 0) {
		pack_str(&k, "provider");
		pack_text(&k, provider);
	}
	rc = price_call(s, &k, &all);
	if (rc == EXIT_OK)
		fetch_member(&all, "rule", rule);
	return rc;
}

int
price_take_pattern(const char *arg, char buf[PRICE_PATTERN_MAX])
{
	size_t i, len = strlen(arg);

	if (len == 0 || len >= PRICE_PATTERN_MAX ||
	    !text_is_clean(text_of(arg)))
		return price_misused(
		    _("\"%.80s\" is not a model or provider/model"), arg);
	for (i = 0; i <= len; i++)
		buf[i] = arg[i] >= 'A' && arg[i] <= 'Z'
			     ? (char)(arg[i] + ('a' - 'A'))
			     : arg[i];
	return EXIT_OK;
}

static bool
is_tier(const char *s)
{
	static const char *const tiers[] = { "standard", "batch", "flex",
		"priority", "fast" };

	for (size_t i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++)
		if (strcmp(tiers[i], s) == 0)
			return true;
	return false;
}

int
price_take_when(const struct price_options *o, struct tariff *t)
{
	if (o->tier != NULL && !is_tier(o->tier))
		return price_misused(
		    _("--tier: %.40s is not standard, batch, flex, priority "
		      "or fast"),
		    o->tier);
	t->tier = text_of(o->tier);
	t->has_from = o->from != NULL;
	if (t->has_from &&
	    (tariff_parse_day(o->from, &t->from_ms) != 0 || t->from_ms < 0))
		return price_misused(
		    _("--from: %.40s is not a date as 2026-05-12"), o->from);
	return EXIT_OK;
}

int
price_take_time(const char *option, const char *s, int64_t *ms)
{
	struct civil day;
	bool is_local;

	if (calendar_parse_date(s, strlen(s), &day) == 0)
		*ms = calendar_day_start(day, 0);
	else if (ndjson_time(s, strlen(s), ms, &is_local) != 0 || *ms < 0)
		return price_misused(
		    _("--%s: %.60s is not a date or a time"), option, s);
	return EXIT_OK;
}

int
price_confirm(const struct price_options *o, const char *question)
{
	char line[16] = "";

	if (o->yes)
		return EXIT_OK;
	if (o->common.json || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return price_misused("%s",
		    _("nothing was changed: --yes is needed where nobody can "
		      "be asked"));
	fflush(stdout);
	fprintf(stderr, "%s [y/N] ", question);
	if (fgets(line, sizeof(line), stdin) != NULL &&
	    (line[0] == 'y' || line[0] == 'Y'))
		return EXIT_OK;
	complain(PRICE_NAME, "%s", _("nothing was changed"));
	return EXIT_NO;
}
