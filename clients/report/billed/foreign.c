#include "clients/report/billed/foreign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/report/billed/bills.h"
#include "clients/report/field.h"

bool
foreign_is(const struct billed_row *row)
{
	return row->has_amount && !billed_is_usd(row);
}

static int
cmp_sum(const struct foreign_sum *sum, const struct billed_row *row)
{
	int c = strcmp(sum->currency, row->currency);

	if (c != 0)
		return c;
	return (sum->account > row->account) - (sum->account < row->account);
}

int
foreign_add(struct foreign *f, const struct billed_row *row)
{
	struct foreign_sum *sums;
	size_t at = 0;

	while (at < f->n && cmp_sum(&f->sums[at], row) < 0)
		at++;
	if (at < f->n && cmp_sum(&f->sums[at], row) == 0) {
		f->sums[at].amount += row->amount;
		return 0;
	}
	sums = realloc(f->sums, (f->n + 1) * sizeof(*sums));
	if (sums == NULL)
		return -1;
	f->sums = sums;
	memmove(&sums[at + 1], &sums[at], (f->n - at) * sizeof(*sums));
	f->n++;
	sums[at].account = row->account;
	sums[at].amount = row->amount;
	memcpy(sums[at].currency, row->currency, sizeof(row->currency));
	return 0;
}

void
foreign_free(struct foreign *f)
{
	free(f->sums);
	*f = (struct foreign){ .n = 0 };
}

size_t
foreign_currency(const struct foreign *f, size_t first, money_sum *amount)
{
	size_t i;

	*amount = 0;
	for (i = first; i < f->n; i++) {
		if (strcmp(f->sums[i].currency, f->sums[first].currency) != 0)
			break;
		*amount += f->sums[i].amount;
	}
	return i;
}

void
foreign_put(
    const struct setup *s, const struct billed *b, const struct foreign *f)
{
	char names[BILLS_NAMES_MAX], text[BILLS_AMOUNT_MAX];
	money_sum amount;
	size_t i, end;

	for (i = 0; i < f->n; i = end) {
		end = foreign_currency(f, i, &amount);
		bills_amount(s, amount, f->sums[i].currency, text);
		names[0] = '\0';
		for (; i < end; i++)
			bills_add_name(b, f->sums[i].account, names);
		printf(_("not in dollars: %s by %s\n"), text, names);
	}
}

static void
json_currency(const struct billed *b, const struct foreign *f, size_t first,
    size_t end, money_sum amount)
{
	size_t i;

	fputs("{\"currency\":", stdout);
	json_put_str(stdout, f->sums[first].currency);
	fputs(",\"amount\":", stdout);
	field_put_money(stdout, amount);
	fputs(",\"accounts\":[", stdout);
	for (i = first; i < end; i++) {
		if (i > first)
			putchar(',');
		json_put_text(stdout, b->accounts[f->sums[i].account].name);
	}
	fputs("]}", stdout);
}

void
foreign_json(const struct billed *b, const struct foreign *f)
{
	money_sum amount;
	size_t i, end;

	fputs("\"other_currencies\":[", stdout);
	for (i = 0; i < f->n; i = end) {
		end = foreign_currency(f, i, &amount);
		if (i > 0)
			putchar(',');
		json_currency(b, f, i, end, amount);
	}
	putchar(']');
}
