/*
 * A report: sums of calls over consecutive periods, grouped by keys. Client and
 * daemon share these shapes; codec.h moves them.
 */
#ifndef PROTO_REPORT_H
#define PROTO_REPORT_H

#include "proto/limits.h"
#include "proto/sums.h"
#include "proto/text.h"

/* What can be grouped by and filtered on, in wire order. */
enum report_key {
	KEY_MACHINE,
	KEY_AGENT,
	KEY_PROVIDER,
	KEY_MODEL,
	KEY_PROJECT,
	KEY_BRANCH,
	KEY_ACCOUNT,
	KEY_KIND,
	KEY_BILLING,
	KEY_SESSION, /* reads the session tables: slower over long periods */
	KEY_RULE,    /* how calls were priced: "", "reported", "12/0" */
	REPORT_KEYS
};

extern const char *const report_key_names[REPORT_KEYS];

struct report_filter {
	enum report_key key;
	struct text pattern; /* text_matches(); several of one key: any of */
};

struct report_query {
	/*
	 * Ascending UTC ms, each a multiple of 15 minutes; n edges make n - 1
	 * periods [edge, next edge). Owned by the query.
	 */
	int64_t *edges;
	size_t nedges;
	enum report_key by[REPORT_KEYS];
	size_t nby;
	struct report_filter filter[LIMIT_FILTER_PATTERNS];
	size_t nfilter;
	bool want_sessions; /* count distinct sessions a row */
};

struct report_row {
	uint32_t period;              /* index of its first edge */
	struct text key[REPORT_KEYS]; /* nby texts, in the order of `by` */
	struct sums sums;
	uint64_t sessions; /* 0 unless asked for */
};

#endif
