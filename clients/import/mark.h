/*
 * Where a file was left: what the daemon keeps as the file's cursor, in the
 * transaction that has the events before it or a later one.
 */
#ifndef IMPORT_MARK_H
#define IMPORT_MARK_H

#include <sys/stat.h>

#include "clients/import/agent.h"

struct mark {
	uint32_t version; /* of the agent's reader */
	uint64_t dev, ino, size;
	int64_t mtime_ns;
	/* Of lines: read to here, and how many. Of a database: its log's size
	 * and time. */
	uint64_t offset, line;
	uint64_t digest; /* of the bytes at the start and before offset */
};

#define MARK_NAME_MAX 64
#define MARK_VALUE_MAX (64 + IMPORT_STATE_MAX)

/* The cursor's name of the file with that key, its path's hash. */
void mark_name(
    const struct import_agent *a, uint64_t key, char name[MARK_NAME_MAX]);
/* The beginning of the names of all of an agent's files. */
void mark_prefix(const struct import_agent *a, char name[MARK_NAME_MAX]);
/* Is it the name of a file of that prefix? *key, then. */
bool mark_key(struct text name, const char *prefix, uint64_t *key);

void mark_of_stat(
    const struct import_agent *a, const struct stat *st, struct mark *m);
/* Size, times and reader are as they were. */
bool mark_is_same(const struct mark *a, const struct mark *b);

/* Returns the length of value. */
size_t mark_encode(const struct mark *m, const void *state, size_t state_size,
    char value[MARK_VALUE_MAX]);
/* state may be NULL. -1: not ours, or of another size of state. */
int mark_decode(
    struct text value, struct mark *m, void *state, size_t state_size);

/* The digest for m->offset of the file as it is. -1 with errno. */
int mark_digest(int fd, uint64_t offset, uint64_t *digest);

/* All marks of an agent by key. Zero is a valid state. */
struct marks {
	struct mark_slot {
		uint64_t key; /* 0: empty */
		struct mark mark;
	} * slots;
	size_t n, cap;
};

const struct mark *marks_find(const struct marks *ms, uint64_t key);
/* Each -1 without memory. Room for that many in all, at once: */
int marks_reserve(struct marks *ms, size_t n);
int marks_set(struct marks *ms, uint64_t key, const struct mark *m);
void marks_release(struct marks *ms);

#endif
