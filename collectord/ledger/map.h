/*
 * A hash map from two words to one, and nothing else. Zero is a valid state.
 */
#ifndef LEDGER_MAP_H
#define LEDGER_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map {
	struct map_slot *slots;
	size_t n, cap;
};

/*
 * Where the value for (a, b) is; *fresh: it was not there and is 0 now. Valid
 * until the next call. NULL without memory.
 */
uint32_t *map_at(struct map *m, uint64_t a, uint64_t b, bool *fresh);
/* The value for (a, b), or NULL where there is none. */
const uint32_t *map_find(const struct map *m, uint64_t a, uint64_t b);
void map_release(struct map *m);

#endif
