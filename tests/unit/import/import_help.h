/*
 * Runs one agent's reader without an engine: on text, or on a file below a
 * root. What it gives is collected, with the texts copied.
 */
#ifndef IMPORT_HELP_H
#define IMPORT_HELP_H

#include "clients/import/agents.h"

/* Zero is a valid state. Runs append; import_events_free ends it. */
struct import_events {
	struct event *events;
	size_t n, cap;
	uint64_t odd; /* of the last run, as in struct source */
	const char *odd_why;
	uint64_t odd_line;
	bool is_unread;
	uint64_t lines; /* read of the last file of lines */
	int rc;         /* what the reader last returned */
	_Alignas(max_align_t) char state[IMPORT_STATE_MAX];
};

void import_events_free(struct import_events *es);

/*
 * A file of these lines, only whole ones of which count, at rel below the root
 * "/logs". The needle and wants_line decide as they do in the engine.
 */
void import_run_lines(const struct import_agent *a, const char *rel,
    const char *text, struct import_events *es);
/* More lines of the same file: state and line number go on. */
void import_run_more(const struct import_agent *a, const char *rel,
    const char *text, struct import_events *es);
/* The same for bytes that may hold NULs. */
void import_run_bytes(const struct import_agent *a, const char *rel,
    const char *bytes, size_t len, struct import_events *es);
void import_run_document(const struct import_agent *a, const char *rel,
    const char *text, struct import_events *es);
/*
 * A real file, root/rel, from its start, as the kind that the agent says it is.
 * Fails the test where it cannot be read or the agent does not want it.
 */
void import_run_file(const struct import_agent *a, const char *root,
    const char *rel, struct import_events *es);
/* Every file below root that the agent wants, in byte order of their names. */
void import_run_tree(
    const struct import_agent *a, const char *root, struct import_events *es);

/* The sum of a count over all events (which may tell one call twice). */
uint64_t import_sum(const struct import_events *es, enum event_count c);
/* Is the text of that event this? NULL: absent. Fails the test with both. */
void import_text_is(
    const struct event *ev, enum event_text t, const char *expected);
void import_count_is(
    const struct event *ev, enum event_count c, uint64_t expected);
/* The first event with that message id; fails the test where there is none. */
const struct event *import_find(
    const struct import_events *es, const char *message);

#endif
