/* What a period's calls come to, for its digest. */
#ifndef LEDGER_FIGURES_H
#define LEDGER_FIGURES_H

#include "collectord/ledger/ledger.h"
#include "proto/notice.h"

/*
 * Of the calls that are committed; edges are starts of local days. The top
 * model's name is copied to top. 0 or a store error.
 */
int figures_of(struct ledger *l, int64_t from_ms, int64_t to_ms,
    char top[LIMIT_TEXT + 1], struct notice_figures *f);

#endif
