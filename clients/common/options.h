/*
 * Options from a table; usage text is printed from the same table. Long options
 * only ("--input 12", "--input=12"), besides -h, -v and a lone "-". "--" ends
 * them. An option may be cut short only if it stays unique.
 */
#ifndef CLIENTS_OPTIONS_H
#define CLIENTS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
	OPTION_FLAG, /* bool */
	OPTION_TEXT, /* const char *, borrowed from argv */
	OPTION_U64,  /* uint64_t, bounded by max where not 0 */
	OPTION_LIST, /* struct option_list: may be given several times */
	OPTION_HEAD  /* no option: a heading in the help text */
};

#define OPTION_LIST_MAX 32
struct option_list {
	const char *items[OPTION_LIST_MAX];
	size_t n;
};

struct option_spec {
	const char *name; /* "cache-read" */
	enum option_kind kind;
	size_t offset;   /* into the program's options struct */
	const char *arg; /* "N", "ID"; NULL for flags */
	const char *help;
	uint64_t max;
	size_t
	    seen_offset; /* of a bool set when the option is given; 0: none */
};

struct option_program {
	const char *name;     /* "tt-send" */
	const char *synopsis; /* "[OPTION…] | -" */
	const char *summary;  /* one sentence */
	const struct option_spec *specs;
	size_t nspecs;
};

/*
 * Is it one of the options of all programs that take a value, --lang, or what
 * is left of it?
 */
bool options_take_value(const char *name);

/*
 * Fills opts and moves the operands to the front of argv[1..]; *nargs counts
 * them. Prints help or version and exits 0 by way of *done = true. -1 after one
 * clear line on stderr (exit 2 is the caller's).
 */
int options_parse(const struct option_program *prog, void *opts, int argc,
    char **argv, int *nargs, bool *done);

/* Says what is wrong with how it was called. EXIT_USAGE. */
int options_misused(const char *program, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * For programs whose first operand is a verb: --lang may stand before it, and
 * goes behind it.
 */
void options_put_verb_first(int argc, char **argv);

/* Rows of tables of options; type is the struct that they fill. */
#define OPTION_ROW_HEAD(title)                                                 \
	{                                                                      \
		.kind = OPTION_HEAD, .help = title                             \
	}
#define OPTION_ROW_FLAG(type, n, member, h)                                    \
	{                                                                      \
		.name = n, .kind = OPTION_FLAG,                                \
		.offset = offsetof(type, member), .help = h                    \
	}
#define OPTION_ROW_TEXT(type, n, member, a, h)                                 \
	{                                                                      \
		.name = n, .kind = OPTION_TEXT,                                \
		.offset = offsetof(type, member), .arg = a, .help = h          \
	}

#endif
