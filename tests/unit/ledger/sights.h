/* Random sights of calls, small enough in number to collide on purpose. */
#ifndef TESTS_SIGHTS_H
#define TESTS_SIGHTS_H

#include "proto/event.h"

/* A small generator whose sequence a seed names. */
struct dice {
	uint64_t state;
};

uint32_t dice_roll(struct dice *d, uint32_t sides); /* 0 … sides - 1 */
/* A valid sight with machine, message and ts; texts are static. */
void sight_random(struct dice *d, struct event *ev);

#endif
