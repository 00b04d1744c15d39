/*
 * A report's answer, all of its pages. Owned memory; the rows' texts point into
 * it.
 */
#ifndef REPORT_FETCH_H
#define REPORT_FETCH_H

#include "clients/common/client.h"

struct answer_page;

struct answer {
	struct report_row *rows;
	size_t n, cap;
	struct report_row total; /* sums and sessions only */
	/* What other tools tell of days without calls; sums only. */
	struct report_row imported;
	bool has_imported;
	struct answer_page *pages;
	struct wire_cursor first; /* the first page's result, a map */
};

void answer_free(struct answer *a);

/*
 * Asks and takes every page. q->edges stay the caller's. On failure c->why says
 * why and *a holds nothing.
 */
enum client_result fetch_report(struct client *c, const struct report_query *q,
    int64_t deadline_ms, struct answer *a);
/* Takes the answer to a report already sent under that msgid. */
enum client_result fetch_answer(struct client *c, uint32_t msgid, size_t nby,
    int64_t deadline_ms, struct answer *a);
/*
 * Takes a report that is part of another result (a session's), which the
 * caller keeps for as long as *a is used. 0 or -1.
 */
int fetch_rows(struct wire_cursor report, size_t nby, struct answer *a);
/*
 * Calls a method whose params are already packed in k, and frees k; the result
 * is c->reply.result.
 */
enum client_result fetch_call(
    struct client *c, struct packer *k, uint32_t msgid, int64_t deadline_ms);
/* Asks `status`; the result is c->reply.result. */
enum client_result fetch_status(struct client *c, int64_t deadline_ms);

/*
 * Members of a map's value: false where absent or of another kind. A number is
 * 0 and a text empty then.
 */
bool fetch_member(const struct value *map, const char *key, struct value *v);
uint64_t fetch_u64(const struct value *map, const char *key);
struct text fetch_text(const struct value *map, const char *key);
bool fetch_bool(const struct value *map, const char *key);
/* Decimal text of dollars; 0 where there is none. */
money_sum fetch_money(const struct value *map, const char *key);
/* A value of its own from a result; NIL where it is none. */
struct value fetch_value(struct wire_cursor result);
/* The next element of an array moves it on; false after the last. */
bool fetch_next(struct value *list, struct value *element);
/* Copies a reply's result, to free; *result then walks the copy. */
void *fetch_keep(struct wire_cursor *result);

#endif
