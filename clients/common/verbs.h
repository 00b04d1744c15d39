/*
 * A program of several verbs, `tt-price set …`: each has options and a --help
 * of its own.
 */
#ifndef CLIENTS_VERBS_H
#define CLIENTS_VERBS_H

#include "clients/common/options.h"

struct verb {
	const char *name;
	struct option_program program;
};

struct verb_program {
	const struct option_program *program; /* what may stand without one */
	const char *words;                    /* N_("list, set or rm") */
	const struct verb *const *verbs;
	size_t n;
	/* Of all verbs, zero as long as nobody fills them. */
	void *options;
	/* EXIT_*; options are filled, args are the operands. */
	int (*run)(const struct verb *v, void *options, int nargs, char **args);
};

/* The exit code. */
int verbs_run(const struct verb_program *p, int argc, char **argv);

#endif
