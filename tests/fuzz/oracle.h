/*
 * jansson, which judges what our readers make of JSON. It uses some of our
 * names: where this is included its own get another beginning.
 */
#ifndef TESTS_FUZZ_ORACLE_H
#define TESTS_FUZZ_ORACLE_H

#include <stdbool.h>

#define json_string jansson_string
#define JSON_NULL JANSSON_NULL
#define JSON_FALSE JANSSON_FALSE
#define JSON_TRUE JANSSON_TRUE
#define JSON_STRING JANSSON_STRING
#define JSON_ARRAY JANSSON_ARRAY
#define JSON_OBJECT JANSSON_OBJECT
#include <jansson.h>
#undef json_string
#undef JSON_NULL
#undef JSON_FALSE
#undef JSON_TRUE
#undef JSON_STRING
#undef JSON_ARRAY
#undef JSON_OBJECT

/* Any text, NULs in strings included. NULL, and *e says why. */
json_t *oracle_load(const char *text, size_t len, json_error_t *e);
/*
 * Has it refused what a reader of ours may accept? jansson has no value for an
 * integer beyond 64 bits or a real beyond a double, where we keep the text; it
 * judges UTF-8, which we leave to whoever uses the text; it refuses lone
 * surrogates, which RFC 8259 allows and json_string replaces; and it has no
 * member names with NUL.
 */
bool oracle_may_refuse(const json_error_t *e);

#endif
