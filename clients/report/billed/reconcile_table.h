/* The rows of a reconciliation as people read them. */
#ifndef REPORT_RECONCILE_TABLE_H
#define REPORT_RECONCILE_TABLE_H

#include "clients/report/billed/reconciled.h"
#include "clients/report/setup.h"

/*
 * The table, and below it what the marks of causes stand for where it is too
 * narrow for their texts. Nothing of a name is cut. EXIT_OK or EXIT_SYSTEM.
 */
int reconcile_table(const struct setup *s, const struct reconciled *all);
/*
 * How much of a name fits into that many columns, one character at least: as
 * far as a "-", "/" or the like if there is one in the second half.
 */
uint32_t reconcile_piece(struct text name, size_t columns);

#endif
