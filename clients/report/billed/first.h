/*
 * Where an open period begins for views that show what was billed: at the first
 * bill, if that was before the first call.
 */
#ifndef REPORT_FIRST_H
#define REPORT_FIRST_H

#include "clients/report/ask.h"

/* As ask_edges. */
int first_edges(struct ask *a, struct setup *s);

#endif
