#include "clients/setup/result.h"

#include <stdio.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"

#define NAME_COLUMNS 12
#define STATE_COLUMNS 20

static const char *const verb_names[] = { "check", "install", "uninstall" };

static bool
is_done(const struct part_result *p)
{
	return p->state == PART_CURRENT || p->state == PART_SKIPPED;
}

bool
result_is_hooked(const struct result *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (!is_done(&r->parts[i]))
			return false;
	return r->n > 0;
}

static bool
has_state(const struct result *r, enum part_state state)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->parts[i].state == state)
			return true;
	return false;
}

bool
result_is_refused(const struct result *r)
{
	return has_state(r, PART_REFUSED);
}

bool
result_has_changed(const struct result *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->parts[i].changed)
			return true;
	return false;
}

static const char *
state_of(const struct result *r)
{
	if (result_is_hooked(r))
		return N_("hooked");
	if (has_state(r, PART_REFUSED))
		return N_("refused");
	if (has_state(r, PART_OUTDATED) || has_state(r, PART_CURRENT))
		return N_("hooked, outdated");
	return r->here ? N_("not hooked") : N_("not here");
}

static void
tell_line(const struct result *r, const char *state, const char *path)
{
	lang_pad(stdout, r->target->name, NAME_COLUMNS);
	fputs("  ", stdout);
	lang_pad(stdout, state, STATE_COLUMNS);
	printf("  %s\n", path);
}

static const char *
change_of(const struct part_result *p, enum result_verb verb)
{
	if (p->state == PART_SKIPPED)
		return N_("skipped, not there");
	if (verb == RESULT_UNINSTALL)
		return N_("removed");
	return p->changed ? N_("installed") : N_("was installed");
}

void
result_complain(const struct result *r, enum result_verb verb)
{
	size_t i;

	bool is_agent =
	    r->target->kind == TARGET_AGENT || r->target->kind == TARGET_SHELL;

	/* That there is no service is news to who wants it. */
	if (r->why[0] != '\0' && (is_agent || verb == RESULT_INSTALL))
		complain(SETUP_NAME, "%s: %s", r->target->name, r->why);
	for (i = 0; i < r->n; i++)
		if (r->parts[i].state == PART_REFUSED)
			complain(SETUP_NAME, "%s: %s", r->target->name,
			    r->parts[i].why);
}

void
result_tell(const struct result *r, enum result_verb verb)
{
	const struct part_result *p;

	if (verb == RESULT_CHECK)
		tell_line(r, _(state_of(r)), r->dir);
	for (p = r->parts; p < r->parts + r->n; p++) {
		if (verb == RESULT_CHECK || p->state == PART_REFUSED ||
		    (verb == RESULT_UNINSTALL && !p->changed))
			continue;
		tell_line(r, _(change_of(p, verb)), p->path);
	}
}

static void
json_bool(const char *key, bool value)
{
	printf("\"%s\":%s,", key, value ? "true" : "false");
}

static void
json_parts(const struct result *r)
{
	const struct part_result *p;
	size_t i;

	fputs("\"files\":[", stdout);
	for (i = 0; i < r->n; i++) {
		p = &r->parts[i];
		fputs(i == 0 ? "{\"path\":" : ",{\"path\":", stdout);
		json_put_str(stdout, p->path);
		fputs(",", stdout);
		json_bool("changed", p->changed);
		printf("\"state\":\"%s\"", part_state_names[p->state]);
		if (p->why[0] != '\0') {
			fputs(",\"why\":", stdout);
			json_put_str(stdout, p->why);
		}
		fputs("}", stdout);
	}
	fputs("]", stdout);
}

static void
json_target(const struct result *r)
{
	static const char *const kinds[] = { "agent", "shell", "service",
		"setting" };

	printf("{\"agent\":\"%s\",\"kind\":\"%s\",", r->target->name,
	    kinds[r->target->kind]);
	json_bool("found", r->here);
	json_bool("installed", result_is_hooked(r));
	if (r->why[0] != '\0') {
		fputs("\"why\":", stdout);
		json_put_str(stdout, r->why);
		fputs(",", stdout);
	}
	json_parts(r);
	fputs("}", stdout);
}

void
result_json(
    const struct result *results, size_t n, enum result_verb verb, int import)
{
	size_t i;

	printf("{\"schema_version\":1,\"action\":\"%s\",\"agents\":[",
	    verb_names[verb]);
	for (i = 0; i < n; i++) {
		if (i > 0)
			fputs(",", stdout);
		json_target(&results[i]);
	}
	fputs("]", stdout);
	if (import >= 0)
		printf(",\"import\":{\"exit\":%d}", import);
	fputs("}\n", stdout);
}
