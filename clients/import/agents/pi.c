/*
 * pi, and Oh My Pi: sessions/<folder>/<time>_<id>.jsonl, and below a folder of
 * that name the sessions of its subagents. In subagent-artifacts they are told
 * once more for people to read, without ids.
 */
#include "clients/import/agents.h"

#include "clients/import/agents/beside.h"
#include "clients/import/agents/pi_log.h"

static void
pi_roots(struct roots *r)
{
	if (!roots_add_env(r, "PI_AGENT_DIR", NULL) &&
	    !roots_add_env(r, "PI_CODING_AGENT_DIR", "sessions"))
		roots_add(r, "~/.pi/agent/sessions");
	roots_add(r, "~/.omp/agent/sessions");
}

static int
pi_kind(const char *rel)
{
	static const char retold[] = "subagent-artifacts/";

	if (strncmp(rel, retold, sizeof(retold) - 1) == 0 ||
	    strstr(rel, "/subagent-artifacts/") != NULL)
		return -1;
	return path_ends(text_of(rel), ".jsonl") ? IMPORT_LINES : -1;
}

const struct import_agent import_pi = {
	.name = "pi",
	.agent = "pi",
	.version = 1,
	.state_size = sizeof(struct pi_state),
	.find_roots = pi_roots,
	.kind_of = pi_kind,
	.wants_line = pi_wants,
	.take_line = pi_line,
};
