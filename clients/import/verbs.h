/*
 * What tt-import does besides reading agents' logs, each with options and a
 * --help of its own. argv[0] is the verb; an EXIT_ code is returned.
 */
#ifndef IMPORT_VERBS_H
#define IMPORT_VERBS_H

struct import_verb {
	const char *name; /* "json" */
	int (*run)(int argc, char **argv);
};

int import_json(int argc, char **argv);
int import_config(int argc, char **argv);
/*
 * tt-import --hook AGENT …: argv has what follows the agent's name. Reads stdin
 * where the agent's hooks have something to say there. Returns what the program
 * exits with.
 */
int import_hook(const char *agent, int argc, char **argv);

#endif
