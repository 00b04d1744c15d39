/*
 * The configuration: one INI file for daemon and clients, one table of keys.
 * Pure: parses text that the caller has read. Sections and keys, defaults and
 * bounds stand in config.c's table, and the man page is held against it.
 */
#ifndef PROTO_CONFIG_H
#define PROTO_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_TEXT_MAX 256

struct config {
	/* [core] */
	char machine[CONFIG_TEXT_MAX]; /* "": the id made with the store */
	bool autostart;                /* clients start a missing daemon */
	/* [report] */
	char tz[CONFIG_TEXT_MAX]; /* "": TZ, else the system's */
	int64_t week_start;       /* 1 Monday … 7 Sunday; names in the file */
	int64_t day_start;        /* hour, 0 to 23 */
	/* [daemon] */
	char log_level[16];        /* error, warn, info, debug */
	int64_t max_connections;   /* also bounded by the file limit */
	int64_t idle_timeout_s;    /* a silent connection is closed */
	int64_t request_timeout_s; /* a half-sent request is closed */
};

void config_init(struct config *c); /* the defaults */
/*
 * Reads INI text over what *c holds. 0, or the number of the first bad line
 * with why filled ("unknown key \"tzz\" in [report]").
 */
int config_parse(struct config *c, const char *text, char *why, size_t cap);
/* Calls each for every key: "report.tz", its default as text, its meaning. */
void config_each(void (*each)(void *arg, const char *name, const char *dflt,
		     const char *meaning),
    void *arg);

#endif
