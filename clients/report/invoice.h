/*
 * The rows of a report by provider, model and rule, and what each is charged:
 * what a bill and the whole of a session show.
 */
#ifndef REPORT_INVOICE_H
#define REPORT_INVOICE_H

#include "clients/report/charge.h"
#include "clients/report/fetch.h"
#include "clients/report/setup.h"

/* The keys that its rows have, in this order. */
enum { INVOICE_PROVIDER, INVOICE_MODEL, INVOICE_RULE, INVOICE_KEYS };

struct invoice_row {
	const struct report_row *row;
	struct charge_price price;
	struct charge charge;
};

struct invoice {
	struct invoice_row *rows; /* owned */
	size_t n;
	const struct answer *answer; /* borrowed */
	money_sum amount;            /* of the rows that have one */
	size_t wrong;                /* rows that the ledger has otherwise */
};

/* 0, or -1 without memory. Rows keep the answer's order. */
int invoice_make(struct invoice *v, const struct answer *answer);
void invoice_free(struct invoice *v);

/* "rows":[…],"total":{…},"amount_usd":… */
void invoice_put_json(const struct invoice *v);
/* A table, and what has no price. EXIT_*. */
int invoice_print(const struct invoice *v, const struct setup *s);
/* Tells each row that does not add up on stderr. EXIT_OK, or EXIT_NO. */
int invoice_judge(const struct invoice *v, const struct setup *s);
/* "anthropic/claude-sonnet-4-5" to out; names may lack. */
#define INVOICE_NAME_MAX (2 * LIMIT_TEXT + 16)
void invoice_name(const struct report_row *row, char out[INVOICE_NAME_MAX]);

#endif
