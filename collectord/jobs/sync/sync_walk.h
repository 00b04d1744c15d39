/*
 * One walk over one feed of an account: page after page to the end, its rows
 * written under a number of their own as they come. They are seen once
 * ledger_bill_end() says that the walk was whole.
 *
 * Pages are read on libuv's pool and written on the batch's thread, some rows
 * at a time.
 */
#ifndef JOBS_SYNC_WALK_H
#define JOBS_SYNC_WALK_H

#include "collectord/jobs/http.h"
#include "collectord/jobs/sync/provider_key.h"
#include "collectord/jobs/sync/sync_rows.h"
#include "collectord/jobs/timer.h"
#include "collectord/peers/batch.h"
#include "proto/places.h"

#define WALK_PAGES_MAX 1000
#define WALK_TRIES_MAX 3 /* again, after the first */
#define WALK_BODY_MAX (64u << 20)
#define WALK_ERROR_MAX ACCOUNT_ERROR_MAX

struct walk;

/* What all walks share; alive as long as they are. */
struct walk_place {
	uv_loop_t *loop;
	struct http *http;
	struct timers *timers;
	struct batch *batch;
	struct ledger *ledger;
	char keys[PLACES_PATH_MAX]; /* the directory */
	struct walk *line; /* large answers; the first of them is read */
};

enum walk_phase {
	WALK_IDLE,
	WALK_ASKING,  /* HTTP */
	WALK_WAITING, /* to try again */
	WALK_IN_LINE, /* for others to be read */
	WALK_READING, /* on the pool */
	WALK_WRITING  /* on the batch's thread */
};

struct walk {
	/* Its owner's, which stay as they are while it runs: */
	struct walk_place *place;
	const struct provider *provider;
	const struct provider_feed *feed;
	struct provider_account account;
	const char *name, *origin; /* whose key it is, and where it may go */
	const char *key;           /* NULL: that of the file */
	bool is_probe;             /* one page, of which nothing is kept */
	int64_t from_ms, to_ms;
	void (*on_page)(struct walk *w);
	void (*on_end)(struct walk *w); /* also in walk_start, walk_cancel */
	void *data;

	/* For both: */
	uint32_t pages;
	struct sync_rows rows;
	/* For on_end: */
	enum provider_outcome outcome; /* ABORTED: it was cancelled */
	int64_t retry_after_ms;        /* -1: unknown */
	bool lacks_key;                /* so that nothing was asked */
	uint32_t generation;           /* 0: nothing was written */
	struct packer state;           /* {balances, windows} */
	char error[WALK_ERROR_MAX];    /* "" where OK */

	/* Its own: */
	enum walk_phase phase;
	bool is_cancelled;
	uint32_t tries, turns; /* to the other way of writing lists */
	struct http_request http;
	struct provider_query query;
	struct provider_answer answer;
	struct provider_request request;
	char header[PROVIDER_HEADERS_MAX]
		   [PROVIDER_HEADER_MAX + PROVIDER_KEY_MAX];
	char cursor[PROVIDER_CURSOR_MAX];
	uint64_t seen[WALK_PAGES_MAX]; /* digests of cursors */
	char *body;
	size_t body_len, body_cap;
	int rc;              /* of the last step on another thread */
	struct walk *behind; /* in line */
	uv_work_t work;
	struct batch_task task;
	struct due due;
};

void walk_start(struct walk *w);
/* on_end comes at once, or as soon as other threads are done with it. */
void walk_cancel(struct walk *w);
/* After on_end. */
void walk_release(struct walk *w);

#endif
