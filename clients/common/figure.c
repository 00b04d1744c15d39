#include "clients/common/figure.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "clients/common/text_lang.h"

#define SECOND_MS 1000
#define MINUTE_MS (60ll * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/* Copies digits with a comma before every third from the end. */
static void
put_grouped(const char *digits, size_t len, char *out)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
}

void
figure_grouped(uint64_t n, char buf[FIGURE_MAX])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);

	put_grouped(digits, (size_t)len, buf);
}

/* n / unit, rounded half up; unit is even and n far from the top. */
static uint64_t
divide_rounded(uint64_t n, uint64_t unit)
{
	return n / unit + (n % unit >= unit / 2);
}

void
figure_compact(uint64_t n, char buf[FIGURE_MAX])
{
	static const char letters[] = "KMBTPE";
	uint64_t unit = 1000, tenths;
	const char *letter = letters;

	if (n < 1000) {
		snprintf(buf, FIGURE_MAX, "%" PRIu64, n);
		return;
	}
	while (letter[1] != '\0' && divide_rounded(n, unit) >= 1000) {
		unit *= 1000;
		letter++;
	}
	tenths = divide_rounded(n, unit / 10);
	if (tenths < 100)
		snprintf(buf, FIGURE_MAX, "%" PRIu64 ".%" PRIu64 "%c",
		    tenths / 10, tenths % 10, *letter);
	else
		snprintf(buf, FIGURE_MAX, "%" PRIu64 "%c",
		    divide_rounded(n, unit), *letter);
}

/* How many decimals show four significant digits of less than a dollar. */
static int
money_decimals(money_sum pico)
{
	money_sum least = MONEY_USD / 10;
	int decimals = 4;

	if (pico >= MONEY_USD)
		return 2;
	while (decimals < 12 && pico < least) {
		least /= 10;
		decimals++;
	}
	return decimals;
}

/* "0.4200" to "0.42"; two decimals always stay. */
static void
trim_zeros(char *text)
{
	char *end = text + strlen(text), *least = strchr(text, '.') + 3;

	while (end > least && end[-1] == '0')
		*--end = '\0';
}

static int
decimals_of(money_sum size, enum figure_decimals decimals)
{
	if (decimals == FIGURE_EXACT)
		return 12;
	if (decimals == FIGURE_CENTS || size == 0)
		return 2;
	return money_decimals(size);
}

void
figure_money_as(
    money_sum pico, enum figure_decimals decimals, char buf[FIGURE_MAX])
{
	money_sum size = pico < 0 ? -pico : pico;
	char text[MONEY_TEXT_MAX], whole[FIGURE_MAX];
	bool is_zero;
	size_t len;

	money_format_rounded(size, decimals_of(size, decimals), text);
	trim_zeros(text);
	is_zero = strspn(text, "0.") == strlen(text);
	len = strcspn(text, ".");
	put_grouped(text, len, whole);
	snprintf(buf, FIGURE_MAX, "%s$%.52s%.14s",
	    pico < 0 && !is_zero ? "-" : "", whole, text + len);
}

void
figure_money(money_sum pico, char buf[FIGURE_MAX])
{
	figure_money_as(pico, FIGURE_BY_SIZE, buf);
}

void
figure_cost(const struct sums *s, char buf[FIGURE_MAX])
{
	figure_cost_as(s, FIGURE_BY_SIZE, buf);
}

bool
figure_is_unpriced(const struct sums *s)
{
	if (s->cost != 0)
		return false;
	if (s->n[SUM_CALLS] == 0)
		return s->n[SUM_UNPRICED_TOKENS] > 0;
	return s->n[SUM_UNPRICED_CALLS] >= s->n[SUM_CALLS];
}

void
figure_cost_as(
    const struct sums *s, enum figure_decimals decimals, char buf[FIGURE_MAX])
{
	bool partly = s->n[SUM_UNPRICED_CALLS] > 0 ||
		      (s->n[SUM_CALLS] == 0 && s->n[SUM_UNPRICED_TOKENS] > 0);
	char text[FIGURE_MAX];

	if (figure_is_unpriced(s)) {
		snprintf(buf, FIGURE_MAX, "-");
		return;
	}
	figure_money_as(s->cost, decimals, text);
	snprintf(buf, FIGURE_MAX, "%.70s%s", text, partly ? "+" : "");
}

void
figure_cost_plan(const struct sums *s, enum figure_decimals decimals,
    char buf[FIGURE_COST_MAX])
{
	char cost[FIGURE_MAX], plan[FIGURE_MAX];

	figure_cost_as(s, decimals, cost);
	snprintf(buf, FIGURE_COST_MAX, "%s", cost);
	if (s->plan_cost == 0)
		return;
	figure_money_as(s->plan_cost, decimals, plan);
	snprintf(buf, FIGURE_COST_MAX, _("%s (plan %s)"), cost, plan);
}

void
figure_share(money_sum part, money_sum whole, char buf[FIGURE_MAX])
{
	money_magnitude size = (money_magnitude)(part < 0 ? -part : part);
	uint64_t tenths;

	if (whole <= 0 || size > (money_magnitude)1 << 114) {
		snprintf(buf, FIGURE_MAX, "-");
		return;
	}
	size = (size * 2000 + (money_magnitude)whole) /
	       (2 * (money_magnitude)whole);
	tenths = size > INT64_MAX ? INT64_MAX : (uint64_t)size;
	snprintf(buf, FIGURE_MAX, "%s%" PRIu64 ".%" PRIu64 "%%",
	    part < 0 && tenths > 0 ? "-" : "", tenths / 10, tenths % 10);
}

void
figure_change(money_sum now, money_sum before, char buf[FIGURE_MAX])
{
	char text[FIGURE_MAX];

	figure_share(now - before, before, text);
	snprintf(buf, FIGURE_MAX, "%s%.60s",
	    now > before && before > 0 ? "+" : "", text);
}

void
figure_rate(int64_t pico, char buf[FIGURE_MAX])
{
	char text[MONEY_TEXT_MAX];

	money_format_rounded((money_sum)pico * 1000000, 12, text);
	trim_zeros(text);
	snprintf(buf, FIGURE_MAX, "%s", text);
}

void
figure_bytes(uint64_t n, char buf[FIGURE_MAX])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB",
		"PiB" };
	uint64_t unit = 1024, tenths;
	size_t i = 0;

	if (n < 1024) {
		snprintf(buf, FIGURE_MAX, "%" PRIu64 " B", n);
		return;
	}
	while (i + 1 < sizeof(units) / sizeof(units[0]) && n / unit >= 1024) {
		unit *= 1024;
		i++;
	}
	tenths = n / unit * 10 + n % unit * 10 / unit;
	if (tenths < 100)
		snprintf(buf, FIGURE_MAX, "%" PRIu64 ".%" PRIu64 " %s",
		    tenths / 10, tenths % 10, units[i]);
	else
		snprintf(buf, FIGURE_MAX, "%" PRIu64 " %s", n / unit, units[i]);
}

void
figure_duration(int64_t ms, char buf[FIGURE_MAX])
{
	int64_t days = ms / DAY_MS;

	if (ms < 0)
		ms = 0;
	if (ms >= DAY_MS)
		snprintf(buf, FIGURE_MAX,
		    P_("%" PRId64 " day", "%" PRId64 " days",
			(unsigned long)days),
		    days);
	else if (ms >= HOUR_MS)
		snprintf(buf, FIGURE_MAX, _("%d h"), (int)(ms / HOUR_MS));
	else if (ms >= MINUTE_MS)
		snprintf(buf, FIGURE_MAX, _("%d min"), (int)(ms / MINUTE_MS));
	else
		snprintf(buf, FIGURE_MAX, _("%d s"), (int)(ms / SECOND_MS));
}

void
figure_span(int64_t ms, char buf[FIGURE_MAX])
{
	ms = ms < 0 ? 0 : ms;
	if (ms < MINUTE_MS)
		snprintf(buf, FIGURE_MAX, _("%ds"), (int)(ms / SECOND_MS));
	else if (ms < HOUR_MS)
		snprintf(buf, FIGURE_MAX, _("%dm"), (int)(ms / MINUTE_MS));
	else if (ms < DAY_MS)
		snprintf(buf, FIGURE_MAX, _("%dh %02dm"), (int)(ms / HOUR_MS),
		    (int)(ms % HOUR_MS / MINUTE_MS));
	else
		snprintf(buf, FIGURE_MAX, _("%dd %dh"), (int)(ms / DAY_MS),
		    (int)(ms % DAY_MS / HOUR_MS));
}

void
figure_ago(int64_t ms, char buf[FIGURE_MAX])
{
	char text[FIGURE_MAX];

	if (ms < SECOND_MS) {
		snprintf(buf, FIGURE_MAX, "%s", _("just now"));
		return;
	}
	figure_duration(ms, text);
	snprintf(buf, FIGURE_MAX, _("%.60s ago"), text);
}
