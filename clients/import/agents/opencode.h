/*
 * What OpenCode says of a call, whichever of its stores it lies in.
 */
#ifndef IMPORT_OPENCODE_H
#define IMPORT_OPENCODE_H

#include "clients/import/agent.h"

/* What is known of a message besides its own text. Absent and 0: not known. */
struct opencode_place {
	struct text message, session;
	struct text parent;    /* of the session */
	struct text directory; /* of the session */
	int64_t created_ms;    /* of the message */
	int64_t session_ms;    /* when the session was made */
	bool is_copy;          /* the store says so */
};

/*
 * Tells the call of a message, if it is one and of this session. The text is
 * parsed into s->json. 0, or -1 where source_event failed.
 */
int opencode_message(struct source *s, const char *text, size_t len,
    const struct opencode_place *place);
/* Of a file storage/message/SESSION/MESSAGE.json. */
int opencode_document(struct source *s, const char *text, size_t len);
int opencode_database(struct source *s);

/*
 * How far a database has been read: the newest time of change of its messages,
 * as they are stored by version 1 and by version 2.
 */
#define OPENCODE_TABLES 2
struct opencode_state {
	int64_t changed_ms[OPENCODE_TABLES];
};

#endif
