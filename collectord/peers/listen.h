/*
 * The socket file: made where nobody else listens, 0600, and taken away only
 * while it is still ours. Or an inherited socket, which is left alone.
 */
#ifndef PEERS_LISTEN_H
#define PEERS_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

#include "proto/places.h"

struct listen_socket {
	int fd;       /* -1: we listen nowhere */
	bool is_ours; /* bound here, not inherited: to be unlinked */
	dev_t dev;    /* of the file as we made it */
	ino_t ino;
};

/*
 * The data directory's lock is held, since a stale socket file is removed, and
 * the run directory is there. 0, or -1 with why.
 */
int listen_open(struct listen_socket *sock, const struct places *places,
    char *why, size_t cap);
/* Safe to repeat. */
void listen_close(struct listen_socket *sock, const struct places *places);

#endif
