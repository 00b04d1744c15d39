/*
 * Who holds which notice: from the claim until it is confirmed or its owner is
 * gone. In memory only, since whoever held one is gone after a restart too. Any
 * thread.
 */
#ifndef LEDGER_HOLDS_H
#define LEDGER_HOLDS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hold {
	uint64_t number, owner;
};

struct holds {
	pthread_mutex_t lock;
	struct hold *items;
	size_t n, cap;
};

void holds_init(struct holds *h);
void holds_close(struct holds *h);
/* 1: it is the owner's now, as it may have been before; 0: somebody else's;
 * -1: no memory. */
int holds_take(struct holds *h, uint64_t number, uint64_t owner);
bool holds_has(struct holds *h, uint64_t number, uint64_t owner);
void holds_drop(struct holds *h, uint64_t number);
void holds_drop_all_of(struct holds *h, uint64_t owner);

#endif
