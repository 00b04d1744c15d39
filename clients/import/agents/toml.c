#include "clients/import/agents/toml.h"

#include <stdio.h>
#include <string.h>

static const char *
skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* A bare or quoted name is this one: what follows it, else NULL. */
static const char *
name_is(const char *p, const char *name)
{
	size_t len = strlen(name);
	char quote = *p == '"' || *p == '\'' ? *p : '\0';

	if (quote != '\0')
		p++;
	if (strncmp(p, name, len) != 0)
		return NULL;
	p += len;
	if (quote != '\0')
		return *p == quote ? skip_blanks(p + 1) : NULL;
	return strchr(" \t.=]", *p) != NULL ? skip_blanks(p) : NULL;
}

static bool
is_table(const char *p, const char *a, const char *b)
{
	if (a == NULL)
		return false;
	p = name_is(skip_blanks(p + 1), a);
	if (p == NULL || *p != '.')
		return false;
	p = name_is(skip_blanks(p + 1), b);
	return p != NULL && *p == ']';
}

static bool
take_string(const char *p, char *out, size_t cap)
{
	char quote = *p;
	size_t len;

	if (quote != '"' && quote != '\'')
		return false;
	len = strcspn(p + 1, quote == '"' ? "\"\r\n" : "'\r\n");
	if (p[1 + len] != quote)
		return false;
	snprintf(out, cap, "%.*s", (int)len, p + 1);
	return true;
}

bool
toml_string(const char *text, const char *a, const char *b, const char *key,
    char *out, size_t cap)
{
	bool inside = a == NULL;
	const char *p, *value;

	for (p = text; *p != '\0'; p += strcspn(p, "\n"), p += *p == '\n') {
		p = skip_blanks(p);
		if (*p == '[')
			inside = is_table(p, a, b);
		if (!inside || *p == '[')
			continue;
		value = name_is(p, key);
		if (value != NULL && *value == '=' &&
		    take_string(skip_blanks(value + 1), out, cap))
			return true;
	}
	return false;
}
