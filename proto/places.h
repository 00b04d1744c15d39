/*
 * Where things are. TT_HOME=DIR puts all in one directory; else XDG. TT_SOCKET
 * overrides the socket. Reads the environment only; makes nothing.
 */
#ifndef PROTO_PLACES_H
#define PROTO_PLACES_H

#include <stddef.h>

#define PLACES_PATH_MAX 4096

struct places {
	char config[PLACES_PATH_MAX]; /* the file */
	char data[PLACES_PATH_MAX];   /* store, lock, log, keys/ */
	char spool[PLACES_PATH_MAX];  /* data/spool; bad/ below it */
	char run[PLACES_PATH_MAX];    /* the socket's directory */
	char socket[PLACES_PATH_MAX];
};

/* 0, or -1 with why: no HOME, a path too long (a socket's: 107 bytes). */
int places_find(struct places *p, char *why, size_t cap);

#endif
