/*
 * The stored form of one call. Texts that repeat are interned: `dims` stands
 * for machine, agent … billing, `session` for machine and session.
 *
 * Version 2, bytes: version; kind; then a forward's number as uvar; or of a
 * pruned call revision be64, dims uvar, session uvar, message, call and
 * request; or flags uvar, rank u8, revision be64, day uvar, dims uvar, session
 * uvar, ts uvar, a uvar mask of the counts that are not 0 and these as uvars,
 * cost svar, the owner's stamp, message, a u8 mask of the texts that are not
 * interned and these, and for texts with another stamp than the owner's a uvar
 * mask and the stamps, and from version 2 on its price: code uvar, cost svar
 * where the code is not 0, key be32. A stamp: standing u8, rank u8 (from
 * version 2 on, and not the owner's, which has the record's), tokens uvar, ts
 * svar from the record's, tie be64.
 */
#ifndef LEDGER_RECORD_H
#define LEDGER_RECORD_H

#include "collectord/ledger/bytes.h"
#include "collectord/ledger/merge.h"

/* The interned texts of a call, in this order, from EV_AGENT to EV_BILLING,
 * and the machine before them. */
#define DIMS_FIRST EV_AGENT
#define DIMS_LAST EV_BILLING

#define RECORD_BYTES_MAX 4096

/*
 * How a call was priced, and its cost frozen so. It is the price of what the
 * call adds to the sums: alone, or together with others of its request.
 */
struct pricing {
	/* PRICING_NONE, PRICING_REPORTED, else a rule: see pricing.h. */
	uint64_t code;
	int64_t cost_pico;
	uint32_t key; /* digest of what the rule was chosen by; 0: never */
};

struct record {
	bool is_pruned; /* only its ids are left, its sums are in the base */
	bool is_forward;
	uint64_t forward; /* the number it is known by now */
	uint64_t revision;
	uint32_t day; /* UTC day number of first receipt */
	uint32_t dims;
	uint32_t session;
	struct merged m;
	struct pricing price;
};

/* r->m is whole, its interned texts included. */
void record_write(struct wbuf *w, const struct record *r);
/*
 * Texts point into s; the interned ones are missing until record_fill. false
 * when these bytes are no record.
 */
bool record_read(struct span s, struct record *r);
/* Only the session's number, much faster; UINT32_MAX where there is none. */
uint32_t record_session(struct span s);
/* Where a forward leads; false where the bytes are none. */
bool record_forward(struct span s, uint64_t *number);
/* Puts the interned texts in: EV_MACHINE, EV_SESSION, DIMS_FIRST…DIMS_LAST. */
void record_fill(struct record *r, const struct text texts[EV_TEXTS]);

#endif
