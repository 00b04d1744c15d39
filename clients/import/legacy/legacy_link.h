/*
 * What `tt-import json` and `tt-import config` begin with, and their requests
 * one after the other.
 */
#ifndef IMPORT_LEGACY_LINK_H
#define IMPORT_LEGACY_LINK_H

#include "clients/common/client.h"

#define LEGACY_PROGRAM "tt-import"

struct legacy_link {
	struct places places;
	struct config config;
	struct client client;
	uint32_t msgid;
	int rc; /* EXIT_ of the first failure, which was told */
};

/* Places, configuration, zone (tz NULL: the configured one) and language.
 * EXIT_OK, or EXIT_ after one line. */
int legacy_link_init(struct legacy_link *l, const char *tz);
void legacy_link_release(struct legacy_link *l);
/* Starts the daemon where that is allowed. EXIT_ likewise. */
int legacy_link_connect(struct legacy_link *l);
/* Begins a request of that method; its params follow. */
void legacy_link_begin(
    struct legacy_link *l, struct packer *k, const char *method);
/* Sends and empties k, and waits for the result, in client.reply. */
enum client_result legacy_link_call(struct legacy_link *l, struct packer *k);
/* Tells the client's trouble: EXIT_. */
int legacy_link_failed(struct legacy_link *l, enum client_result r);
/* A number of the result's map; 0 where it is none. */
uint64_t legacy_link_number(const struct legacy_link *l, const char *name);

#endif
