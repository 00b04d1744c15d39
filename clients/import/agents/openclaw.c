/*
 * OpenClaw, once Clawdbot and Moltbot: agents/<agent>/sessions/<id>.jsonl. A
 * session that is deleted or reset is renamed, and what it cost was spent.
 */
#include "clients/import/agents.h"

#include "clients/import/agents/beside.h"
#include "clients/import/agents/pi_log.h"

static void
openclaw_roots(struct roots *r)
{
	static const char *const homes[] = {
		"~/.openclaw/agents",
		"~/.clawdbot/agents",
		"~/.moltbot/agents",
		"~/.moldbot/agents",
	};
	size_t i;

	if (roots_add_env(r, "OPENCLAW_DIR", "agents"))
		return;
	roots_add_env(r, "OPENCLAW_STATE_DIR", "agents");
	for (i = 0; i < sizeof(homes) / sizeof(homes[0]); i++)
		roots_add(r, homes[i]);
}

/* Trajectories tell of the same calls, for people to look into. */
static int
openclaw_kind(const char *rel)
{
	const char *end = strstr(path_base(text_of(rel)).p, ".jsonl");

	if (end == NULL || strstr(rel, ".trajectory.jsonl") != NULL)
		return -1;
	end += strlen(".jsonl");
	if (*end == '\0' || strncmp(end, ".deleted.", 9) == 0 ||
	    strncmp(end, ".reset.", 7) == 0)
		return IMPORT_LINES;
	return -1;
}

const struct import_agent import_openclaw = {
	.name = "openclaw",
	.agent = "openclaw",
	.version = 1,
	.state_size = sizeof(struct pi_state),
	.find_roots = openclaw_roots,
	.kind_of = openclaw_kind,
	.wants_line = pi_wants,
	.take_line = pi_line,
};
