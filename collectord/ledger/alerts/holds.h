/*
 * Who holds which notice: from the claim until it is confirmed or its owner is
 * gone. One that is neither confirmed nor claimed again within HOLDS_LEASE_MS
 * goes to whoever asks next: its owner hangs, and others want to be told. Until
 * somebody asks the owner has it still. In memory only, since whoever held one
 * is gone after a restart too. Any thread.
 */
#ifndef LEDGER_HOLDS_H
#define LEDGER_HOLDS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOLDS_LEASE_MS 60000ll

struct hold {
	uint64_t number, owner;
	int64_t since_ms;
};

struct holds {
	pthread_mutex_t lock;
	struct hold *items;
	size_t n, cap;
};

void holds_init(struct holds *h);
void holds_close(struct holds *h);
/* 1: it is the owner's from now_ms on, as it may have been before; 0: somebody
 * else's; -1: no memory. */
int holds_take(
    struct holds *h, uint64_t number, uint64_t owner, int64_t now_ms);
bool holds_has(struct holds *h, uint64_t number, uint64_t owner);
void holds_drop(struct holds *h, uint64_t number);
void holds_drop_all_of(struct holds *h, uint64_t owner);

#endif
