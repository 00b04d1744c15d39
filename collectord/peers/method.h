/*
 * Calls of the ledger's own methods. Those that write are stepped on the
 * batch's thread, in turn with puts; the others on libuv's pool, some at a
 * time, and the rest wait in line.
 *
 * When the connection closes, calls that only read are given up. One that
 * writes goes on to its end, as a put does; only the daemon's stop ends it
 * between two steps.
 */
#ifndef PEERS_METHOD_H
#define PEERS_METHOD_H

#include <stdatomic.h>
#include <uv.h>

#include "collectord/ledger/methods/methods.h"
#include "collectord/peers/conn.h"

#define METHODS_RUNNING_MAX 4 /* on the pool */
#define METHODS_WAITING_MAX 64
/* Memory of all calls that are not answered. */
#define METHODS_BYTES_MAX (8u << 20)

struct method_call {
	struct ledger_call call;
	const struct ledger_method *method;
	struct conn *conn; /* holds a reference */
	/* On the loop; conn_settle() follows. The call is freed after it. */
	void (*on_end)(struct method_call *m);
	struct method_call *prev, *next; /* of the connection's */
	struct method_call *behind;      /* in line for the pool */
	uv_work_t work;
	struct batch_task task;
	struct packer result; /* head, then what the method packed */
	size_t head;
	size_t weight;
	uint32_t msgid;
	int rc;                   /* METHOD_AGAIN: it was given up */
	atomic_bool is_cancelled; /* the loop sets it, others look */
	unsigned char params[];
};

/*
 * Calls a method for a peer: REPLY_LATER, or REPLY_ERROR with *err. What is
 * short is done at once, with its result in k: REPLY_NOW.
 */
int method_begin(struct conn *c, const struct ledger_method *method,
    const struct request *rq, struct packer *k, struct error *err);
/*
 * A call that answers nobody. Copies params, one value. method_start() makes it
 * run; between the two the caller may pack a head to the result. NULL without
 * memory.
 */
struct method_call *method_new(struct conn *c,
    const struct ledger_method *method, const void *params, size_t len,
    void (*on_end)(struct method_call *m));
void method_start(struct method_call *m);
/* Its connection, or who else asked, no longer wants it. */
void method_cancel(struct method_call *m);
/* Cancels the connection's calls that only read. */
void method_forget(struct conn *c);
/* The daemon stops: ends what runs between two steps. */
void method_stop(struct server *s);

#endif
