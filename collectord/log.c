#include "collectord/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collectord/clock.h"
#include "proto/calendar.h"

#define LINE_MAX_BYTES 2048
#define MINUTE_MS 60000

static const char *const level_names[] = {
	[LOGL_ERROR] = "error",
	[LOGL_WARN] = "warn",
	[LOGL_INFO] = "info",
	[LOGL_DEBUG] = "debug",
};

#define LEVELS (sizeof(level_names) / sizeof(level_names[0]))

static atomic_int current_level = LOGL_INFO;

void
log_set_level(enum log_level level)
{
	atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
}

bool
log_is_on(enum log_level level)
{
	return (int)level <=
	       atomic_load_explicit(&current_level, memory_order_relaxed);
}

int
log_level_from_name(const char *name, enum log_level *level)
{
	for (size_t i = 0; i < LEVELS; i++) {
		if (strcmp(level_names[i], name) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return -1;
}

/* What snprintf stored of the n bytes it wanted in cap. */
static size_t
stored(int n, size_t cap)
{
	if (n < 0)
		return 0;
	return (size_t)n < cap ? (size_t)n : cap - 1;
}

void
log_line(enum log_level level, const char *mod, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES], when[CALENDAR_TEXT_MAX];
	int saved = errno;
	size_t len;
	va_list ap;

	calendar_format_utc(clock_now_ms(), when);
	len = stored(snprintf(line, sizeof(line), "ts=%s level=%s mod=%s ",
			 when, level_names[level], mod),
	    sizeof(line));
	va_start(ap, fmt);
	len += stored(vsnprintf(line + len, sizeof(line) - len, fmt, ap),
	    sizeof(line) - len);
	va_end(ap);
	line[len] = '\n'; /* over the NUL */
	/* There is nobody to tell that the log cannot be written. */
	if (write(STDERR_FILENO, line, len + 1) < 0)
		errno = saved;
	errno = saved;
}

/* The UTF-8 character that begins t as it may be printed: its bytes, or 0. */
static uint32_t
clean_length(struct text t)
{
	for (uint32_t n = 1; n <= 4 && n <= t.len; n++)
		if (text_is_clean((struct text){ t.p, n }))
			return n;
	return 0;
}

/* Renders what begins t to out (5 bytes at most) and says how much it took. */
static uint32_t
quote_one(struct text t, char out[5], size_t *len)
{
	uint32_t n = clean_length(t);
	char c = t.p[0];

	if (c == '"' || c == '\\' || c == '\n') {
		out[0] = '\\';
		out[1] = c == '\n' ? 'n' : c;
		*len = 2;
		return 1;
	}
	if (n > 0) {
		memcpy(out, t.p, n);
		*len = n;
		return n;
	}
	*len = (size_t)snprintf(out, 5, "\\x%02x", (unsigned char)c);
	return 1;
}

const char *
log_quote(char *buf, size_t cap, struct text t)
{
	static const char ellipsis[] = "…\"";
	size_t at = 0, n;
	uint32_t used;
	char one[5];

	buf[at++] = '"';
	while (t.len > 0) {
		used = quote_one(t, one, &n);
		/* Room for it, then still for an ellipsis and the quote. */
		if (n + sizeof(ellipsis) > cap - at) {
			memcpy(buf + at, ellipsis, sizeof(ellipsis));
			return buf;
		}
		memcpy(buf + at, one, n);
		at += n;
		t.p += used;
		t.len -= used;
	}
	buf[at++] = '"';
	buf[at] = '\0';
	return buf;
}

bool
log_once_a_minute(int64_t *last_ms, int64_t now_ms)
{
	/* A clock that was set back must not silence the complaint. */
	if (*last_ms != 0 && now_ms >= *last_ms &&
	    now_ms - *last_ms < MINUTE_MS)
		return false;
	*last_ms = now_ms;
	return true;
}
