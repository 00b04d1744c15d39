/*
 * Group commit. One thread writes whatever has arrived while it was busy, as
 * one transaction; there is no timer and nothing to tune. Sources take turns,
 * so that one that pipelines does not starve the others.
 *
 * Other work that writes is done on the same thread, a short step at a time:
 * what waits after a step is committed before the next one. While puts come, a
 * task that has time also leaves most of the time to them: a thread that always
 * works is made to wait by the system, with whoever waits for it.
 */
#ifndef PEERS_BATCH_H
#define PEERS_BATCH_H

#include <uv.h>

#include "collectord/ledger/ledger.h"

#define BATCH_EVENTS 1000 /* events of one transaction, or one larger put, */
#define BATCH_BULK 3500   /* or several of those, so that they share a sync */
#define BATCH_WHY_MAX 160

struct batch_source;

/* One put on its way to the disk and back. */
struct batch_item {
	struct batch_item *next;
	struct batch_source *source;
	struct put *put; /* owned */
	size_t weight;   /* bytes of memory it stands for */
	uint32_t msgid;  /* the source's own business */
	bool is_quiet;   /* likewise: nobody waits for a reply */
	int rc;          /* 0, or an enum error_code, once it is done */
};

/* All on the loop's thread. */
struct batch_ops {
	/* The item is committed or refused; borrowed for the call. */
	void (*done)(struct batch_source *src, const struct batch_item *item);
	/*
	 * After the last done of a round: n items of this source came back.
	 * Here it writes, goes on, or frees itself.
	 */
	void (*settle)(struct batch_source *src, unsigned n);
};

/* Embedded in whoever sends. Lives until its last item came back. */
struct batch_source {
	const struct batch_ops *ops;
	struct batch_item *head, *tail; /* waiting; under the lock */
	struct batch_source *next;      /* in the ring; under the lock */
	struct batch_source *touched;   /* in the list of a round */
	unsigned returned;              /* items of that round */
	bool has_waited;                /* its head has; under the lock */
};

/* Work of another kind than puts. Embedded in its owner. */
struct batch_task {
	struct batch_task *next;
	void *data;    /* the owner's */
	bool has_time; /* nobody waits for it as one waits for a put */
	/* On the batch's thread; true: there is more to do. */
	bool (*step)(struct batch_task *t);
	/* On the loop's, after the last step. May free t. */
	void (*done)(struct batch_task *t);
};

struct batch_tasks {
	struct batch_task *first, *last;
};

struct batch {
	struct ledger *ledger;
	uv_thread_t thread;
	uv_async_t wake;
	uv_mutex_t lock;
	uv_cond_t arrived;
	/* Under the lock: */
	struct batch_source *first, *last; /* sources that have items waiting */
	struct batch_item *done, *done_last;
	struct batch_tasks tasks, tasks_done;
	size_t nwaiting;    /* items of all sources */
	size_t nowed;       /* of those, to be committed before the next step */
	uint64_t put_ns;    /* when the last group of puts was committed */
	uint64_t rested_ns; /* when tasks that have time may go on */
	bool stopping;
	uint64_t transactions;
	char why[BATCH_WHY_MAX]; /* of the newest failure; "" when told */
	/* The loop's alone: */
	void (*on_round)(struct batch *b, const char *why);
	size_t pending; /* items handed in and not yet back */
	size_t ntasks;  /* likewise */
	size_t weight;  /* of those */
	bool fresh;     /* some were handed in since the last kick */
	uint64_t puts, commits, rejected;
};

/*
 * Starts the thread. on_round is called after each round of items came back,
 * with why of a failed commit or "". 0 or a negative uv error.
 */
int batch_init(struct batch *b, uv_loop_t *loop, struct ledger *ledger,
    void (*on_round)(struct batch *b, const char *why));
/* Takes put, which stands for weight bytes of memory. -1 without memory: put is
 * freed. */
int batch_submit(struct batch *b, struct batch_source *src, struct put *put,
    size_t weight, uint32_t msgid, bool is_quiet);
/*
 * Takes t until its done(). Several that run at a time take turns too.
 */
void batch_run(struct batch *b, struct batch_task *t);
/*
 * Tells the thread what was submitted since the last call. Once a turn of the
 * loop, so that all who answered an ack at the same time share a transaction.
 */
void batch_kick(struct batch *b);
/* The memory a decoded put of a message of len bytes stands for. */
size_t batch_weight(const struct put *put, size_t len);
/* Nothing may be pending. Joins the thread and closes the handle. */
void batch_close(struct batch *b);

#endif
