/*
 * An answer on stdout, as a table, as JSON, or as CSV and TSV, with what was
 * billed beyond it where that is known. EXIT_*.
 */
#ifndef REPORT_VIEW_H
#define REPORT_VIEW_H

#include "clients/report/ask.h"
#include "clients/report/billed/unseen.h"

int view_table(const struct setup *s, const struct ask *a,
    const struct answer *answer, const struct unseen *unseen);
void view_json(const struct ask *a, const struct answer *answer,
    const struct unseen *unseen);
void view_csv(const struct ask *a, const struct answer *answer, char separator);

#endif
