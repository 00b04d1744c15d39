/*
 * Takes in what clients wrote to the spool directory while the daemon was not
 * there: files NAME.tt of whole `put` requests, one at a time, in name order,
 * removed after the commit. What is refused of a file sends it to bad/.
 */
#ifndef JOBS_SPOOL_H
#define JOBS_SPOOL_H

#include <uv.h>

#include "collectord/peers/batch.h"

struct spool {
	const char *dir; /* borrowed for life */
	struct batch *batch;
	struct batch_source source;
	uv_fs_event_t watch;
	uv_timer_t retry;
	/* One pass over the directory; none: names is NULL. */
	char **names;
	size_t nnames, at;
	bool is_asked; /* something changed since it began */
	bool has_left; /* files that the ledger could not take now */
	bool is_stopping;
	bool is_blind; /* no notice of changes: looks once a minute */
	/* The file under way, names[at]. */
	int fd; /* -1: none */
	bool is_bad;
	bool is_waiting; /* for a put of it */
	int rc;          /* of that put */
	size_t nputs;
	char *in;
	size_t in_len, in_cap;

	uint64_t taken, bad; /* files */
	int64_t told_ms;
};

/* 0 or a negative uv error. */
int spool_init(
    struct spool *sp, uv_loop_t *loop, struct batch *batch, const char *dir);
/* Takes in what is there, or does so once the pass under way ends. */
void spool_scan(struct spool *sp);
/* Begins nothing more. A put under way still comes back. */
void spool_stop(struct spool *sp);
/* Frees what a pass left. Handles are the loop's to close. */
void spool_release(struct spool *sp);

#endif
