#include <stdio.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/provider/provider.h"

#define CURRENCY_MIN 3

/* The letters that it ends in; "1e3" ends in none. */
static size_t
count_letters(const char *s, size_t len)
{
	size_t n = 0;
	char c;

	for (; n < len; n++) {
		c = s[len - n - 1];
		if ((c < 'A' || c > 'Z') && (c < 'a' || c > 'z'))
			break;
	}
	return n;
}

/* "10CNY" and "10 CNY". */
static bool
parse(const char *s, struct provider_low *low)
{
	size_t len = strlen(s), n = count_letters(s, len);

	if (n != 0 && (n < CURRENCY_MIN || n >= sizeof(low->currency)))
		return false;
	for (size_t i = 0; i < n; i++)
		low->currency[i] = (char)(s[len - n + i] & ~0x20);
	len -= n;
	while (n > 0 && len > 0 && s[len - 1] == ' ')
		len--;
	return money_parse_sum(s, len, &low->amount) == 0 && low->amount >= 0;
}

int
provider_take_low(const struct provider_options *o, struct provider_low *low)
{
	*low = (struct provider_low){ .is_given = o->low_balance != NULL };
	if (!low->is_given)
		return EXIT_OK;
	low->is_none = strcmp(o->low_balance, "none") == 0;
	if (low->is_none || parse(o->low_balance, low))
		return EXIT_OK;
	return provider_misused(_("--low-balance: %.40s is not an amount, as "
				  "10 or 10CNY, or none"),
	    o->low_balance);
}

/* Without feeds its definition cannot be read: nobody knows. */
int
provider_check_low(const struct provider_low *low, const struct value *owner)
{
	struct value list, feed;
	bool is_fine;
	char name[200];

	fetch_member(owner, "feeds", &list);
	is_fine = !low->is_given || low->is_none || list.n == 0;
	while (fetch_next(&list, &feed))
		is_fine = is_fine || provider_gives(&feed, "balance");
	if (is_fine)
		return EXIT_OK;
	table_clean(fetch_text(owner, "name"), name, sizeof(name));
	complain(PROVIDER_NAME,
	    _("--low-balance: %s tells no balance that could be low"), name);
	return EXIT_REFUSED;
}

uint32_t
provider_low_members(const struct provider_low *low)
{
	return (uint32_t)low->is_given + (low->currency[0] != '\0');
}

void
provider_pack_low(struct packer *k, const struct provider_low *low)
{
	if (!low->is_given)
		return;
	pack_str(k, "low_balance");
	if (low->is_none)
		pack_nil(k);
	else
		pack_money(k, low->amount);
	if (low->currency[0] == '\0')
		return;
	pack_str(k, "low_balance_currency");
	pack_str(k, low->currency);
}

void
provider_json_low(const struct value *account)
{
	provider_json_money(account, "low_balance");
	putchar(',');
	provider_json_text(account, "low_balance_currency");
}

bool
provider_low_watches(const struct value *account, const struct value *balance)
{
	struct text what = fetch_text(balance, "what");
	struct text of = fetch_text(account, "low_balance_currency");

	return fetch_text(account, "low_balance").len > 0 &&
	       (text_is(what, "left") || text_is(what, "limit_left")) &&
	       (of.len == 0 || text_eq(of, fetch_text(balance, "currency")));
}

bool
provider_is_low(const struct value *account, const struct value *balance)
{
	return provider_low_watches(account, balance) &&
	       fetch_money(balance, "amount") <
		   fetch_money(account, "low_balance");
}
