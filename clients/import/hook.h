/*
 * Which logs an agent's hook is about. What a hook says comes from outside: a
 * path counts only where it leads to a regular file below one of the agent's
 * own roots.
 */
#ifndef IMPORT_HOOK_H
#define IMPORT_HOOK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define HOOK_PATHS_MAX 512

/* Zero is a valid state. */
struct hook_paths {
	char *paths[HOOK_PATHS_MAX]; /* owned, links followed */
	size_t n;
	uint64_t sum; /* of sizes and times: differs when one has changed */
};

void hook_paths_release(struct hook_paths *p);
/*
 * Collects them: what the payload (JSON, may be cut off or nonsense) names, and
 * what belongs to it; files that changed since `since` where the agent does not
 * say which it wrote. agent is the name on tt-import's command line.
 */
void hook_paths_find(struct hook_paths *p, const char *agent,
    const char *payload, size_t len, time_t since);

#endif
