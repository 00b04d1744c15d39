/*
 * MessagePack-RPC messages to structs and back. PROTOCOL.md is the contract.
 * codec.c has the envelopes and any value and is the only file that sees
 * msgpack-c; codec_put.c and codec_report.c have those two methods. No I/O.
 *
 * Writing goes to a struct packer: a growing buffer that remembers failure, so
 * that callers write straight on and check `failed` once. Reading borrows:
 * texts point into the message, which must outlive them and must have passed
 * wire_scan_feed.
 */
#ifndef PROTO_CODEC_H
#define PROTO_CODEC_H

#include "proto/error.h"
#include "proto/put.h"
#include "proto/report.h"
#include "proto/text.h"
#include "proto/wire.h"

struct packer {
	char *p; /* owned; packer_free */
	size_t len, cap;
	size_t max;  /* 0: LIMIT_REQUEST_BYTES */
	bool failed; /* no memory, or over max */
};

void packer_free(struct packer *k);
/* Empties it and keeps the memory. */
void packer_clear(struct packer *k);
void pack_array(struct packer *k, uint32_t n);
void pack_map(struct packer *k, uint32_t n);
void pack_text(struct packer *k, struct text t);
void pack_str(struct packer *k, const char *s); /* NUL-terminated; NULL: nil */
void pack_bytes(struct packer *k, const void *p, size_t len); /* bin */
void pack_u64(struct packer *k, uint64_t v);
void pack_i64(struct packer *k, int64_t v);
void pack_bool(struct packer *k, bool v);
void pack_nil(struct packer *k);
/* Values that were packed elsewhere, as they are. */
void pack_packed(struct packer *k, const struct packer *values);
void pack_money(struct packer *k, money_sum v); /* decimal text */

/* --- Requests ------------------------------------------------------------ */

/* [0, msgid, method, and then exactly one params array of one value] */
void pack_request(struct packer *k, uint32_t msgid, const char *method);
/* [2, method, …]: a notification, its one params value to follow likewise. */
void pack_notification(struct packer *k, const char *method);

struct request {
	bool is_notification; /* no msgid, no reply */
	uint32_t msgid;
	struct text method;
	/* The params' first value, or an empty cursor where there is none. */
	struct wire_cursor params;
};
/* 0, or -1 with ERR_MALFORMED in *err. */
int unpack_request(
    const void *msg, size_t len, struct request *rq, struct error *err);

/* The event as a map of its non-absent fields. */
void pack_event(struct packer *k, const struct event *ev);
/* The same with room for `more` members, which the caller packs after it. */
void pack_event_with(struct packer *k, const struct event *ev, uint32_t more);
/* A whole put request. */
void pack_put(struct packer *k, uint32_t msgid, const struct event *evs,
    size_t n, const struct cursor *cursors, size_t ncursors);
/*
 * Decodes and validates a put's params. Copies the bytes it needs. An event
 * that is not acceptable lands in rejects; 0 as long as the request as a whole
 * is one. -1: *err says why and *out is NULL. now_ms as event_validate.
 */
int unpack_put(struct wire_cursor params, int64_t now_ms, struct put **out,
    struct error *err);

void pack_report(
    struct packer *k, uint32_t msgid, const struct report_query *q);
/* Owns edges and a copy of nothing else: patterns point into the message. */
int unpack_report(
    struct wire_cursor params, struct report_query *q, struct error *err);

/* --- Replies ------------------------------------------------------------- */

/* [1, msgid, nil, and then exactly one result value] */
void pack_result(struct packer *k, uint32_t msgid);
/* [1, msgid, {code, message, field?}, nil], whole. */
void pack_error(struct packer *k, uint32_t msgid, const struct error *e);
/* A put's whole reply. */
void pack_put_result(struct packer *k, uint32_t msgid, const struct put *p);
/* One row of a report's `rows` array. nby texts are written. */
void pack_row(struct packer *k, const struct report_row *row, size_t nby);
/* A report's `total`. */
void pack_total(struct packer *k, const struct sums *s, uint64_t sessions);

struct reply {
	uint32_t msgid;
	bool is_error;
	struct error error;        /* field is static or NULL */
	struct wire_cursor result; /* where !is_error */
};
int unpack_reply(const void *msg, size_t len, struct reply *r);

struct put_counts {
	uint64_t stored, merged, unchanged, rejected;
};
/*
 * A put's result; on_reject (may be NULL) is called for each refused event,
 * with an error whose field points into static text or is NULL.
 */
int unpack_put_result(struct wire_cursor c, struct put_counts *n,
    void (*on_reject)(void *arg, uint32_t index, const struct error *e),
    void *arg);
/* One row; nby as asked. Moves the cursor past it. */
int unpack_row(struct wire_cursor *c, size_t nby, struct report_row *row);
/* Likewise a report's `total`. */
int unpack_total(struct wire_cursor *c, struct sums *s, uint64_t *sessions);

/* --- Maps with known keys ------------------------------------------------- */

/*
 * Any value, small enough to look at whole: what hello, status, clock and their
 * like consist of. Unknown keys are passed over, as everywhere.
 */
enum value_type {
	VALUE_NIL,
	VALUE_BOOL,
	VALUE_U64,
	VALUE_I64,
	VALUE_TEXT,
	VALUE_ARRAY,
	VALUE_MAP,
	VALUE_FLOAT,
	VALUE_OTHER
};
struct value {
	enum value_type type;
	uint64_t u64;
	int64_t i64; /* also where u64 fits */
	double f64;
	bool is_single; /* a FLOAT of 32 bits */
	bool b;
	struct text text;
	uint32_t n;              /* members of an array or map */
	struct wire_cursor rest; /* its content, for ARRAY and MAP */
	struct wire_cursor at;   /* the value itself, for unpack_member */
};
/* Reads the value at the cursor and moves past it. -1 at the end. */
int unpack_value(struct wire_cursor *c, struct value *v);
/*
 * Steps over one key of a map, for walking its `rest`. *key is {NULL, 0} where
 * it is not a text. -1 at the end.
 */
int unpack_key(struct wire_cursor *c, struct text *key);
/*
 * The member of a map (a cursor at a map) by key; false when absent. The last
 * of equal keys wins.
 */
bool unpack_member(struct wire_cursor map, const char *key, struct value *v);

#endif
