/*
 * The figures of a row under the names they have in every JSON and CSV, in
 * their order there.
 */
#ifndef REPORT_FIELD_H
#define REPORT_FIELD_H

#include <stdio.h>

#include "proto/report.h"

#define FIELDS 16

const char *field_name(size_t i);
/*
 * Prints the i-th figure of a row exactly; `unknown` where it cannot be known:
 * the cost of calls none of which has a price.
 */
void field_put(
    FILE *f, size_t i, const struct report_row *row, const char *unknown);
/* ,"name":"text", null where it is empty. */
void field_put_text(FILE *f, const char *name, struct text t);
/* Exact decimal dollars. */
void field_put_money(FILE *f, money_sum pico);
/* No call of them has a price. */
bool field_is_unpriced(const struct sums *s);
/* ,"calls":12,"sessions":2 and so on; the first comma only if asked for. */
void field_put_json(FILE *f, const struct report_row *row, bool comma);

#endif
