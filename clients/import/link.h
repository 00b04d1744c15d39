/*
 * The daemon, as an import sees it: puts of events with the cursors of what
 * they cover, some of them on their way at once, and what became of them.
 *
 * A cursor is never committed before the events that it covers: it goes with
 * the put that has them all, or with a later one once they are acknowledged.
 */
#ifndef IMPORT_LINK_H
#define IMPORT_LINK_H

#include "clients/common/client.h"
#include "clients/import/mark.h"

#define LINK_FLYING 3    /* puts on their way */
#define PUT_EVENTS 1600u /* in one */
#define LINK_HELD 16
#define LINK_ASKING 32

/* What one event came from, for what is said of it. */
struct origin {
	uint32_t path; /* in the put's paths */
	uint64_t line; /* 0: not of lines */
};

struct put_made {
	uint64_t number; /* from 1; 0: a free place */
	uint32_t msgid;
	unsigned tries;
	struct packer request; /* kept for another try */
	struct origin *origins;
	char *paths; /* each with its NUL */
	size_t paths_len, paths_cap;
};

struct link {
	struct client client;
	struct places places;
	struct config config;
	uint32_t msgid;
	/* The put that is being made. */
	struct put_made made;
	struct packer events, cursors;
	uint32_t nevents, ncursors;
	uint64_t number; /* of the put that is being made */
	struct put_made flying[LINK_FLYING];
	/* Cursors that wait for the ack of a put. */
	struct held {
		uint64_t number; /* 0: free */
		char name[MARK_NAME_MAX];
		char value[MARK_VALUE_MAX];
		uint32_t len;
	} * held;
	/* Whose marks are asked for, and where they go. */
	struct asking {
		const struct import_agent *agent;
		struct marks *marks;
		uint32_t msgid;
	} asking[LINK_ASKING];
	size_t nasking;
	struct put_counts sum;
	int64_t deadline_ms; /* monotonic, of all requests; 0: none */
	bool is_quiet;       /* nothing is told */
	int rc; /* EXIT_: not 0 after a failure, which is told once */
};

/* 0, or an EXIT_ code after one line. */
int link_init(struct link *l);
void link_release(struct link *l);
/*
 * Connects, starting the daemon where that is allowed, unless it is connected
 * already. 0, or an EXIT_ code with l->client.why.
 */
int link_connect(struct link *l, int64_t deadline_ms);
/* Forgets all that is under way, for another link_connect. */
void link_reset(struct link *l);

/*
 * Asks for all marks of an agent and does not wait; link_take_marks does, for
 * all that were asked for, and comes next. 0 or an EXIT_ code.
 */
int link_ask_marks(
    struct link *l, const struct import_agent *a, struct marks *marks);
int link_take_marks(struct link *l);
/* Reads one mark with its state: 1, 0 where there is none, -1 on failure. */
int link_mark(struct link *l, const struct import_agent *a, uint64_t key,
    struct mark *m, void *state);

/*
 * All return 0, or -1 with l->rc set when nothing more can be done. Adds an
 * event to the put that is being made, sending that first where it is full.
 */
int link_event(
    struct link *l, const struct event *ev, const char *path, uint64_t line);
/* Has the put that is being made no room for long? */
bool link_is_full(const struct link *l);
/* A cursor that covers all events so far; `first` is the put with the first of
 * them that no older cursor covers, 0 where there are none. */
int link_cursor(struct link *l, const struct import_agent *a, uint64_t key,
    const struct mark *m, const void *state, uint64_t first);
/* Sends what there is. */
int link_flush(struct link *l);
/* The same, and waits until all is acknowledged. */
int link_finish(struct link *l);

#endif
