#include "clients/import/agents.h"

#include <string.h>

const struct import_agent *const import_agents[] = {
	&import_claude,
	&import_codex,
	&import_opencode,
	&import_gemini,
	&import_qwen,
	&import_copilot,
	&import_amp,
	&import_kimi,
	&import_pi,
	&import_droid,
	&import_openclaw,
	&import_goose,
	&import_zed,
	NULL,
};

const struct import_agent *
agents_find(const char *name)
{
	const struct import_agent *const *a;

	for (a = import_agents; *a != NULL; a++)
		if (strcmp((*a)->name, name) == 0)
			return *a;
	return NULL;
}
