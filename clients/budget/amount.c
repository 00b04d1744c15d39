#include <string.h>

#include "clients/budget/budget.h"

/* The power of ten that a last letter stands for; *len goes without it. */
static int
take_unit(const char *s, size_t *len)
{
	static const struct {
		const char *letters;
		int places;
	} units[] = { { "kK", 3 }, { "mM", 6 }, { "gGbB", 9 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (*len > 1 && strchr(units[i].letters, s[*len - 1]) != NULL) {
			--*len;
			return units[i].places;
		}
	return 0;
}

static int
parse_tokens(const char *s, money_sum *amount)
{
	struct money_decimal d;
	size_t len = strlen(s);
	int places = take_unit(s, &len);

	if (money_parse_decimal(s, len, places, &d) != 0 || !d.exact ||
	    d.magnitude > BUDGET_TOKENS_MAX)
		return -1;
	*amount = d.negative ? -(money_sum)d.magnitude : (money_sum)d.magnitude;
	return 0;
}

int
budget_parse_amount(const char *s, bool is_tokens, money_sum *amount)
{
	struct money_decimal d;

	if (is_tokens)
		return parse_tokens(s, amount);
	if (*s == '$')
		s++;
	if (money_parse_decimal(s, strlen(s), 12, &d) != 0 || !d.exact ||
	    d.magnitude > (money_magnitude)BUDGET_USD_MAX * MONEY_USD)
		return -1;
	*amount = d.negative ? -(money_sum)d.magnitude : (money_sum)d.magnitude;
	return 0;
}
