/* What the files of legacy_*.c share. */
#ifndef IMPORT_LEGACY_IMPL_H
#define IMPORT_LEGACY_IMPL_H

#include "clients/import/legacy/legacy.h"
#include "clients/import/source.h"

struct legacy {
	struct source s; /* its json is the document's, its arena everyone's */
	const char *origin; /* of the aggregates: the format's name */
	const struct legacy_sink *sink;
	/* Days as they were told; what has one key is added up at the end. */
	struct aggregate *days;
	size_t n, cap;
	char *why; /* one line where it is refused */
	size_t why_cap;
};

/* A format of JSON documents. */
struct legacy_format {
	const char *name;
	bool (*is_it)(struct legacy *l, const struct json_node *root);
	enum legacy_result (*read)(
	    struct legacy *l, const struct json_node *root);
};

extern const struct legacy_format legacy_ccusage, legacy_days, legacy_records;

/* LEGACY_EUNKNOWN with that line. */
enum legacy_result legacy_refuse(struct legacy *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Begins a day's aggregate from its text, "2026-05-12"; -1 where it is none,
 * which is told as odd.
 */
int legacy_begin_day(
    struct legacy *l, const char *text, size_t len, struct aggregate *a);
/* Takes it in; without any token and cost in silence. */
enum legacy_result legacy_add_day(struct legacy *l, const struct aggregate *a);
/* An amount above 0 of a scalar, added; 0 where it is none. */
bool legacy_money(
    struct legacy *l, const struct json_node *node, money_sum *sum);

/* The first of these members, which NULL ends, that is there and not null. */
const struct json_node *legacy_any(
    struct legacy *l, const struct json_node *obj, const char *const *names);

/*
 * The counts of a record or a day under any of the usual names, made disjoint.
 * is_opencode: reasoning stands beside the output, not in it.
 */
void legacy_counts(struct legacy *l, const struct json_node *obj,
    bool is_opencode, uint64_t count[EV_COUNTS]);
/* The same, and the cost, as sums. */
void legacy_sums(
    struct legacy *l, const struct json_node *obj, struct aggregate *a);

/* Hands an event over; its source is "log". */
enum legacy_result legacy_event(struct legacy *l, const struct event *ev);
/* One record of a call under any of the usual names. */
enum legacy_result legacy_record(struct legacy *l, const struct json_node *obj,
    struct text session, bool is_total);

/* legacy_database.c */
enum legacy_result legacy_read_database(struct legacy *l, const char *path);

#endif
