/* Sums from what was billed: tt-report --source. */
#ifndef REPORT_SOURCE_H
#define REPORT_SOURCE_H

#include "clients/report/billed/sourced.h"

/* The configuration's source does not go with what else is asked for. */
#define SOURCE_UNFIT (-1)

/* --source, or what the configuration has; SOURCE_BAD after one line. */
enum source source_wanted(const struct setup *s);
/*
 * The whole of such a report. EXIT_*, or SOURCE_UNFIT with nothing said, where
 * --source is not given; days are those of UTC then.
 */
int source_run(struct setup *s, enum source source, int nargs, char **args);

#endif
