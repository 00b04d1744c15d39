/* Sums from what was billed: tt-report --source. */
#ifndef REPORT_SOURCE_H
#define REPORT_SOURCE_H

#include "clients/report/sourced.h"

/* --source, or the usual; SOURCE_BAD after one line. */
enum source source_wanted(const struct setup *s);
/* The whole of such a report. EXIT_*. */
int source_run(struct setup *s, enum source source, int nargs, char **args);

#endif
