/*
 * Names that others gave, where they enter an agent's context or a sentence:
 * [A-Za-z0-9._:/@-]{1,64}, and "?" for any other. What a name says is then at
 * most a name.
 */
#ifndef CLIENTS_SAFE_NAME_H
#define CLIENTS_SAFE_NAME_H

#include "proto/text.h"

#define SAFE_NAME_MAX 64

/* To buf, which is also returned. */
const char *safe_name(struct text t, char buf[SAFE_NAME_MAX + 1]);
bool safe_name_has(char c);

#endif
