/*
 * Where no service follows the agents' logs, a report reads what is new in them
 * first, if the configuration says so.
 */
#ifndef REPORT_WARM_H
#define REPORT_WARM_H

#define WARM_MS 500

/*
 * Runs the tt-import beside us and waits for its end, at most WARM_MS; what
 * takes longer goes on behind the report. Whatever fails leaves the report as
 * it is.
 */
void warm_import(void);

#endif
