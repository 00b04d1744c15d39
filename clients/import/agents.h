/*
 * The agents whose logs can be read, one file below agents/ each.
 */
#ifndef IMPORT_AGENTS_H
#define IMPORT_AGENTS_H

#include "clients/import/agent.h"

extern const struct import_agent import_claude;
extern const struct import_agent import_codex;
extern const struct import_agent import_opencode;
extern const struct import_agent import_gemini;
extern const struct import_agent import_qwen;
extern const struct import_agent import_copilot;
extern const struct import_agent import_amp;
extern const struct import_agent import_kimi;
extern const struct import_agent import_pi;
extern const struct import_agent import_droid;
extern const struct import_agent import_openclaw;
extern const struct import_agent import_goose;
extern const struct import_agent import_zed;

/* The agent of that name on the command line, or NULL. */
const struct import_agent *agents_find(const char *name);

#endif
