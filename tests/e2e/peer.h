/*
 * The tests' own end of the socket: raw bytes with deadlines, requests, and
 * reports read back as tables.
 */
#ifndef TESTS_E2E_PEER_H
#define TESTS_E2E_PEER_H

#include "proto/codec.h"

struct peer {
	int fd; /* -1: closed */
	char *in;
	size_t len, cap;
	size_t taken; /* bytes of `in` that the last message held */
	struct packer out;
	uint32_t msgid; /* of the last request */
};

/* False: nobody listens there. */
bool peer_open(struct peer *p, const char *socket_path);
void peer_close(struct peer *p);
/* The whole of it, within the deadline; false when the daemon hung up. */
bool peer_send(struct peer *p, const void *bytes, size_t len);
/* As much as goes at once; -1 when the daemon hung up. */
long peer_push(struct peer *p, const void *bytes, size_t len);
/* The next message. Borrows the buffer until the next call. */
bool peer_read(struct peer *p, struct reply *r);
/* Waits for the end of the stream, passing over what comes before it. */
bool peer_is_closed(struct peer *p);
/* Has the stream ended or more come? Does not wait. */
bool peer_is_readable(struct peer *p);

/* One request whose params are a map of at most one pair; "" as key: none. */
bool peer_ask(
    struct peer *p, const char *method, const char *key, struct reply *r);
bool peer_clock(struct peer *p, int64_t now_ms, struct reply *r);

/* Sends a put, without waiting; its msgid is p->msgid. */
bool peer_put_send(struct peer *p, const struct event *evs, size_t n);
/* Reads one reply, which must be a put's; false: the daemon is gone. */
bool peer_put_wait(struct peer *p, uint32_t *msgid, struct put_counts *n);
/* Puts and waits; the test fails where there is no ack. */
struct put_counts peer_put(struct peer *p, const struct event *evs, size_t n);

/*
 * An event with the usual texts at NOW_MS; the texts are borrowed. Its model is
 * in no price list, so that its cost is the one it reports.
 */
struct event sight(
    const char *session, const char *message, uint64_t input, uint64_t output);

/* --- Reports ---------------------------------------------------------------
 */

struct table_row {
	uint32_t period;
	char *key[REPORT_KEYS];
	struct sums sums;
	uint64_t sessions;
};

struct table {
	struct table_row *rows;
	size_t n, cap, nby;
	struct sums total;
	uint64_t sessions;
	uint32_t pages;
};

/* Everything there can be, in one period. */
#define EVER_FROM 1577836800000ll
#define EVER_TO 4102444800000ll

/* All pages of a report; the test fails where it is refused. */
void peer_report(struct peer *p, const struct report_query *q, struct table *t);
/* The report over all times by at most one key (REPORT_KEYS: none). */
void peer_report_by(struct peer *p, enum report_key by, struct table *t);
/* It must have one row, of that text. */
void peer_expect_only(struct peer *p, enum report_key by, const char *text);
/* The only row of the report over all times; zeros where there is none. */
struct sums peer_total(struct peer *p);
void table_free(struct table *t);
/* The row of one text, or NULL. */
const struct table_row *table_find(const struct table *t, const char *key);

/* A number of status, "puts" or "store.calls"; the test fails without it. */
uint64_t peer_status(struct peer *p, const char *name);

#endif
