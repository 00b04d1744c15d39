/*
 * Where notices go besides the sessions of agents: [sink "…"] of the
 * configuration's file, from its texts to what a sink works by.
 */
#ifndef COLLECTORD_SINK_CONFIG_H
#define COLLECTORD_SINK_CONFIG_H

#include "proto/config.h"
#include "proto/notice.h"

#define SINK_ARGS_MAX 32

/* How a notice is dressed for who gets it: see jobs/notice_body.h. */
enum sink_body { SINK_JSON, SINK_SLACK, SINK_DISCORD, SINK_NTFY, SINK_BODIES };

struct sink_config {
	char *name; /* all texts are owned */
	/* One of the two. The URL is a secret. */
	char *command; /* its words, a NUL after each; NULL: a webhook */
	char *argv[SINK_ARGS_MAX + 1]; /* they */
	char *url;
	enum sink_body body;
	unsigned kinds;          /* a bit for each enum notice_kind */
	enum notice_level level; /* and what is worse */
	bool is_zh;
	int64_t timeout_ms; /* of one try */
};

/*
 * 0, or the number of the bad line with why filled and nothing to release. No
 * text of a value is in why.
 */
int sink_config_read(struct sink_config *out, const struct config_section *s,
    char *why, size_t cap);
void sink_config_release(struct sink_config *c);
/* All of them, names that are there twice included: 0 or as above. */
int sink_config_check(
    const struct config_sections *sinks, char *why, size_t cap);
/* Such sinks may have changed where their sections have not. */
bool sink_config_has_files(const struct config_sections *sinks);

#endif
