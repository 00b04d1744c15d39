#include "proto/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[ERR_CODES] = {
	[ERR_NONE] = "none",
	[ERR_MALFORMED] = "malformed",
	[ERR_TOO_LARGE] = "too_large",
	[ERR_UNKNOWN_METHOD] = "unknown_method",
	[ERR_BAD_PARAMS] = "bad_params",
	[ERR_BAD_TYPE] = "bad_type",
	[ERR_MISSING] = "missing",
	[ERR_OUT_OF_RANGE] = "out_of_range",
	[ERR_BAD_TEXT] = "bad_text",
	[ERR_INCONSISTENT] = "inconsistent",
	[ERR_STORE_FULL] = "store_full",
	[ERR_STORE] = "store",
	[ERR_BUSY] = "busy",
	[ERR_STOPPING] = "stopping",
	[ERR_NOT_FOUND] = "not_found",
	[ERR_DENIED] = "denied",
};

const char *
error_name(enum error_code code)
{
	if ((unsigned)code >= ERR_CODES)
		return names[ERR_STORE];
	return names[code];
}

enum error_code
error_from_name(const char *name, size_t len)
{
	for (int i = 0; i < ERR_CODES; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return (enum error_code)i;
	return ERR_STORE;
}

/* A cut message must not end in half a character: it travels as UTF-8. */
static void
trim_half_character(char *s, size_t len)
{
	size_t at = len;

	while (at > 0 && ((unsigned char)s[at - 1] & 0xc0) == 0x80)
		at--;
	if (at > 0 && (unsigned char)s[at - 1] >= 0xc0)
		s[at - 1] = '\0';
}

int
error_set(struct error *e, enum error_code code, const char *field,
    const char *fmt, ...)
{
	va_list ap;
	int n;

	if (e == NULL)
		return -1;
	e->code = code;
	e->field = field;
	va_start(ap, fmt);
	n = vsnprintf(e->message, sizeof(e->message), fmt, ap);
	va_end(ap);
	if (n < 0)
		e->message[0] = '\0';
	else if ((size_t)n >= sizeof(e->message))
		trim_half_character(e->message, sizeof(e->message) - 1);
	return -1;
}
