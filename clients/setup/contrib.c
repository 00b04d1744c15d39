#include "clients/setup/contrib.h"

#include <string.h>

#define PLACEHOLDER "@BINDIR@"

/* The file's bytes and a NUL, put there by the assembler. */
#define EMBED(name, path)                                                      \
	__asm__(".section .rodata\n"                                           \
		"contrib_" #name ":\n"                                         \
		".incbin \"contrib/" path "\"\n"                               \
		".byte 0\n"                                                    \
		".previous\n");                                                \
	extern const char contrib_##name[]

EMBED(plugin, "hooks/opencode/tt.ts");
EMBED(usage, "hooks/opencode/usage.md");
EMBED(globalusage, "hooks/opencode/globalusage.md");
EMBED(claw_hook, "hooks/openclaw/HOOK.md");
EMBED(claw_handler, "hooks/openclaw/handler.ts");
EMBED(bash, "hooks/shell/tt.bash");
EMBED(zsh, "hooks/shell/tt.zsh");
EMBED(fish, "hooks/shell/tt.fish");
EMBED(auto_import, "hooks/config/auto-import.conf");
EMBED(skill, "skills/tt/SKILL.md");
EMBED(unit_socket, "systemd/collectord.socket");
EMBED(unit_service, "systemd/collectord.service");
EMBED(unit_import, "systemd/tt-import.service");

static const struct {
	const char *name, *text;
} files[] = {
	{ "hooks/opencode/tt.ts", contrib_plugin },
	{ "hooks/opencode/usage.md", contrib_usage },
	{ "hooks/opencode/globalusage.md", contrib_globalusage },
	{ "hooks/openclaw/HOOK.md", contrib_claw_hook },
	{ "hooks/openclaw/handler.ts", contrib_claw_handler },
	{ "hooks/shell/tt.bash", contrib_bash },
	{ "hooks/shell/tt.zsh", contrib_zsh },
	{ "hooks/shell/tt.fish", contrib_fish },
	{ "hooks/config/auto-import.conf", contrib_auto_import },
	{ "skills/tt/SKILL.md", contrib_skill },
	{ "systemd/collectord.socket", contrib_unit_socket },
	{ "systemd/collectord.service", contrib_unit_service },
	{ "systemd/tt-import.service", contrib_unit_import },
};

const char *
contrib_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(files[i].name, name) == 0)
			return files[i].text;
	return NULL;
}

void
contrib_expand(struct page *out, const char *text, const char *bindir)
{
	const char *p;

	while ((p = strstr(text, PLACEHOLDER)) != NULL) {
		page_put(out, text, (size_t)(p - text));
		page_puts(out, bindir);
		text = p + strlen(PLACEHOLDER);
	}
	page_puts(out, text);
}
