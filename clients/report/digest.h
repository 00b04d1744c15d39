/*
 * What a day, a week or a range of them came to, in a few lines: what
 * tt-notices tells when one is due and tt-report on demand. Names are printed
 * by safe_name, since the text enters agents' contexts.
 */
#ifndef REPORT_DIGEST_H
#define REPORT_DIGEST_H

#include "clients/report/fetch.h"
#include "clients/report/setup.h"

#define DIGEST_TOP 5

enum digest_kind { DIGEST_DAILY, DIGEST_WEEKLY };

struct digest {
	enum digest_kind kind;
	const char *label; /* "2026-05-12", "2026-W20", "A..B"; borrowed */
	struct period period;
	struct report_row total;
	bool has_before;
	struct report_row before;     /* as much of the period before */
	struct answer agents, models; /* the largest first */
};

/* Asks for it: kind, label and period are set. EXIT_*, trouble told;
 * digest_free in any case. */
int digest_fetch(struct digest *d, struct setup *s);
void digest_free(struct digest *d);
/* Lines of text, the last one's end included. */
void digest_write(FILE *f, const struct digest *d);
/* One JSON object. */
void digest_put_json(const struct digest *d);

#endif
