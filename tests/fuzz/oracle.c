#include "tests/fuzz/oracle.h"

#include <string.h>

json_t *
oracle_load(const char *text, size_t len, json_error_t *e)
{
	return json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, e);
}

bool
oracle_may_refuse(const json_error_t *e)
{
	switch (json_error_code(e)) {
	case json_error_invalid_utf8:
	case json_error_numeric_overflow:
	case json_error_null_byte_in_key:
		return true;
	case json_error_invalid_syntax:
		return strstr(e->text, "invalid Unicode") != NULL;
	default:
		return false;
	}
}
