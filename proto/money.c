#include "proto/money.h"

#define PICO_PLACES 12
#define SUM_MAX (((money_magnitude)1 << 127) - 1)

/* Decimal text taken apart: its digits, with or without a point among them. */
struct digits {
	const char *p, *end;
	int64_t whole; /* how many stand before the point, exponent applied */
};

static const char *
skip_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/*
 * Saturates: no text is long enough for digits to bring an exponent of 10^17
 * back into range.
 */
static int
scan_exponent(const char *p, const char *end, int64_t *exponent)
{
	const int64_t max = 100000000000000000;
	const char *first, *stop;
	bool negative;
	int64_t v = 0;

	if (*p != 'e' && *p != 'E')
		return MONEY_ESYNTAX;
	p++;
	negative = p < end && *p == '-';
	if (p < end && (*p == '-' || *p == '+'))
		p++;
	first = p;
	stop = skip_digits(first, end);
	for (; p < stop; p++)
		v = v >= max ? max : v * 10 + (*p - '0');
	*exponent = negative ? -v : v;
	return stop == first || stop < end ? MONEY_ESYNTAX : 0;
}

static int
scan_digits(const char *p, const char *end, struct digits *g)
{
	const char *fraction;
	int64_t exponent = 0;

	g->p = p;
	p = skip_digits(p, end);
	if (p == g->p || (*g->p == '0' && p - g->p > 1))
		return MONEY_ESYNTAX;
	g->whole = p - g->p;
	if (p < end && *p == '.') {
		fraction = ++p;
		p = skip_digits(p, end);
		if (p == fraction)
			return MONEY_ESYNTAX;
	}
	g->end = p;
	if (p < end && scan_exponent(p, end, &exponent) != 0)
		return MONEY_ESYNTAX;
	g->whole += exponent;
	return 0;
}

static bool
append_digit(money_magnitude *m, int digit)
{
	if (*m > SUM_MAX / 10)
		return false;
	*m = *m * 10 + (unsigned)digit;
	return true;
}

/* The first `whole` digits make the number, the next one rounds it. */
static int
scale(const struct digits *g, struct money_decimal *d)
{
	int64_t left = g->whole;
	bool up = false;
	const char *p;

	for (p = g->p; p < g->end; p++) {
		if (*p == '.')
			continue;
		if (left > 0 && !append_digit(&d->magnitude, *p - '0'))
			return MONEY_ERANGE;
		if (left <= 0 && *p != '0')
			d->exact = false;
		if (left == 0)
			up = *p >= '5';
		left--;
	}
	for (; left > 0 && d->magnitude != 0; left--)
		if (!append_digit(&d->magnitude, 0))
			return MONEY_ERANGE;
	d->magnitude += up;
	return 0;
}

int
money_parse_decimal(
    const char *s, size_t len, int places, struct money_decimal *d)
{
	struct digits g;

	*d = (struct money_decimal){ .exact = true };
	if (len == 0)
		return MONEY_ESYNTAX;
	d->negative = *s == '-';
	if (scan_digits(s + d->negative, s + len, &g) != 0)
		return MONEY_ESYNTAX;
	g.whole += places;
	return scale(&g, d);
}

int
money_parse_sum(const char *s, size_t len, money_sum *pico)
{
	struct money_decimal d;
	int rc = money_parse_decimal(s, len, PICO_PLACES, &d);

	if (rc != 0)
		return rc;
	if (d.magnitude > SUM_MAX + d.negative)
		return MONEY_ERANGE;
	/* Negated while unsigned: the lowest sum has no positive twin. */
	*pico = (money_sum)(d.negative ? -d.magnitude : d.magnitude);
	return 0;
}

int
money_parse(const char *s, size_t len, int64_t *pico)
{
	money_sum sum;
	int rc = money_parse_sum(s, len, &sum);

	if (rc != 0)
		return rc;
	if (sum < INT64_MIN || sum > INT64_MAX)
		return MONEY_ERANGE;
	*pico = (int64_t)sum;
	return 0;
}

static money_magnitude
magnitude_of(money_sum pico)
{
	return pico < 0 ? -(money_magnitude)pico : (money_magnitude)pico;
}

/* Prints m / 10^decimals. */
static size_t
print(bool negative, money_magnitude m, int decimals, char buf[MONEY_TEXT_MAX])
{
	char backwards[MONEY_TEXT_MAX];
	size_t n = 0, len = 0;
	int i;

	if (negative && m != 0)
		buf[len++] = '-';
	for (i = 0; i <= decimals || m != 0; i++, m /= 10) {
		if (i == decimals && i > 0)
			backwards[n++] = '.';
		backwards[n++] = (char)('0' + (int)(m % 10));
	}
	while (n > 0)
		buf[len++] = backwards[--n];
	buf[len] = '\0';
	return len;
}

size_t
money_format(money_sum pico, char buf[MONEY_TEXT_MAX])
{
	money_magnitude m = magnitude_of(pico);
	int decimals = PICO_PLACES;

	while (decimals > 0 && m % 10 == 0) {
		m /= 10;
		decimals--;
	}
	return print(pico < 0, m, decimals, buf);
}

size_t
money_format_rounded(money_sum pico, int decimals, char buf[MONEY_TEXT_MAX])
{
	money_magnitude m = magnitude_of(pico);
	int64_t unit = 1;
	int i;

	decimals = decimals < 0 ? 0 : decimals;
	decimals = decimals > PICO_PLACES ? PICO_PLACES : decimals;
	for (i = decimals; i < PICO_PLACES; i++)
		unit *= 10;
	m = (m + (money_magnitude)(unit / 2)) / (money_magnitude)unit;
	return print(pico < 0, m, decimals, buf);
}

bool
money_mul(int64_t a, uint64_t b, int64_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}
