/*
 * One part of a target: is it installed, put it there, take it away. A text
 * that nobody has touched since we changed it gets back exactly what it was;
 * any other loses just what is ours.
 */
#ifndef SETUP_PART_H
#define SETUP_PART_H

#include "clients/setup/manifest.h"
#include "clients/setup/target.h"

enum part_state {
	PART_ABSENT,
	PART_CURRENT,  /* installed, and what we would install now */
	PART_OUTDATED, /* ours, but another path or version */
	PART_REFUSED,  /* cannot be read or changed; why says it */
	PART_SKIPPED   /* nothing to do: its file is not there */
};

struct setting {
	const char *bindir;
	struct manifest *manifest;
};

struct part_result {
	char path[PATH_MAX];
	enum part_state state;
	bool changed;
	char why[PATH_MAX + 256];
};

/* The names of the states in JSON. */
extern const char *const part_state_names[];

/* dir is the target's; each fills in r. */
void part_check(const struct setting *s, const char *dir, const struct part *p,
    struct part_result *r);
void part_install(const struct setting *s, const char *dir,
    const struct part *p, struct part_result *r);
void part_uninstall(const struct setting *s, const char *dir,
    const struct part *p, struct part_result *r);

/*
 * The pure half. Puts the part into a text, unless it is there as it should be;
 * takes it out, whatever version it is, and says how much that was. -1 with
 * why: the text is one that we do not touch.
 */
int part_add(const struct setting *s, const struct part *p, struct page *text,
    char *why, size_t cap);
int part_strip(const struct part *p, struct page *text, char *why, size_t cap);

#endif
