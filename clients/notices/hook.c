#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clients/common/hook_input.h"
#include "clients/common/output.h"
#include "clients/notices/notices.h"

/* A session that starts waits for its hooks. */
#define READ_MS 200
#define HOOK_MS 1000

static void
put_for_agent(const struct notices *list)
{
	fputs(_("Notices of the LLM usage ledger. Tell the user, in a sentence "
		"each, then go on:\n"),
	    stdout);
	notices_put_text(list);
}

/* All texts in one, to free. */
static char *
join(const struct notices *list)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		return NULL;
	for (size_t i = 0; i < list->n; i++)
		fprintf(f, "%s%s", i > 0 ? "\n" : "", list->text[i]);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

/*
 * The person sees systemMessage, the model the context; who is told of the
 * event by another name is answered under that.
 */
static void
put_claude(void *arg, const struct notices *list)
{
	const struct hook_input *in = arg;
	char *text = list->n > 0 ? join(list) : NULL;
	bool is_prompt = strcmp(in->event, "UserPromptSubmit") == 0;

	if (text == NULL)
		return;
	fputs("{\"systemMessage\":", stdout);
	json_put_str(stdout, text);
	printf(",\"hookSpecificOutput\":{\"hookEventName\":\"%s\","
	       "\"additionalContext\":",
	    is_prompt ? "UserPromptSubmit" : "SessionStart");
	json_put_str(stdout, text);
	fputs("}}\n", stdout);
	free(text);
}

/* The content of a file that the agent reads as it starts. */
static void
put_openclaw(void *arg, const struct notices *list)
{
	(void)arg;
	if (list->n == 0)
		return;
	fputs(_("# Usage notices"), stdout);
	fputs("\n\n", stdout);
	put_for_agent(list);
}

static const struct hook {
	const char *name;
	void (*put)(void *arg, const struct notices *list);
} hooks[] = {
	{ "claude-code", put_claude },
	{ "openclaw", put_openclaw },
};
#define HOOKS (sizeof(hooks) / sizeof(hooks[0]))

static const struct hook *
find_hook(const char *name)
{
	for (size_t i = 0; i < HOOKS; i++)
		if (strcmp(hooks[i].name, name) == 0)
			return &hooks[i];
	return NULL;
}

int
notices_check_hook(const char *name)
{
	if (find_hook(name) != NULL)
		return EXIT_OK;
	complain(NOTICES_NAME,
	    _("--hook: %.40s is not claude-code or openclaw"), name);
	return EXIT_USAGE;
}

/* A session that only makes room for itself goes on, and does not start. */
static bool
is_told(const struct hook_input *in)
{
	return !in->is_subagent && strcmp(in->source, "compact") != 0;
}

void
notices_run_hook(struct setup *s, const struct notices_options *o)
{
	struct notices_options claiming = *o;
	int64_t start_ms = client_now_ms();
	struct hook_input in;

	claiming.claim = true;
	claiming.delivered = false;
	if (!s->opts->deadline_seen)
		s->deadline_ms = start_ms + HOOK_MS;
	hook_input_read(&in, STDIN_FILENO, start_ms + READ_MS);
	if (is_told(&in))
		notices_run(s, &claiming, find_hook(o->hook)->put, &in);
}
