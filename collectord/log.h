/*
 * The daemon's log: one line an event to stderr, key=value, one write each so
 * that lines of several threads never mix. A module logs
 *
 *	log_warn("store", "msg=\"slow commit\" ms=%d", ms);
 *
 * and gets "ts=2026-11-22T00:10:26.123Z level=warn mod=store msg=…". Bytes
 * that a peer gave go through log_quote() first.
 */
#ifndef COLLECTORD_LOG_H
#define COLLECTORD_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/text.h"

/* Prefixed: <syslog.h> has LOG_INFO and its like as macros. */
enum log_level { LOGL_ERROR, LOGL_WARN, LOGL_INFO, LOGL_DEBUG };

/* LOGL_INFO until set. Any thread, at any time. */
void log_set_level(enum log_level level);
bool log_is_on(enum log_level level);
/* "error", "warn", "info", "debug"; -1 for any other name. */
int log_level_from_name(const char *name, enum log_level *level);

/* Writes the line whatever the level; a line over 2 KiB is cut. Keeps errno. */
void log_line(enum log_level level, const char *mod, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* These do not look at their arguments where the level is off. */
#define log_at(level, ...)                                                     \
	(log_is_on(level) ? log_line(level, __VA_ARGS__) : (void)0)
#define log_error(...) log_at(LOGL_ERROR, __VA_ARGS__)
#define log_warn(...) log_at(LOGL_WARN, __VA_ARGS__)
#define log_info(...) log_at(LOGL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOGL_DEBUG, __VA_ARGS__)

/*
 * The bytes in double quotes with \" \\ \n and \xNN for what is not clean, cut
 * with … where cap (8 at least) is not enough. Returns buf.
 */
const char *log_quote(char *buf, size_t cap, struct text t);
/*
 * May a repeated complaint be made again? True at most once a minute of
 * now_ms; *last_ms starts as 0. One thread.
 */
bool log_once_a_minute(int64_t *last_ms, int64_t now_ms);

#endif
