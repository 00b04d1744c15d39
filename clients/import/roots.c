#include "clients/import/roots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/import/agent.h"

/* Appends a string that malloc gave; NULL, or no room, is failure. */
static const char *
keep(struct roots *r, char ***list, size_t *n, size_t *cap, char *s)
{
	size_t more = *cap == 0 ? 8 : *cap * 2;
	char **grown;

	if (s != NULL && *n == *cap) {
		grown = realloc(*list, more * sizeof(*grown));
		if (grown == NULL) {
			free(s);
			s = NULL;
		} else {
			*list = grown;
			*cap = more;
		}
	}
	if (s == NULL) {
		r->failed = true;
		return NULL;
	}
	(*list)[(*n)++] = s;
	return s;
}

/* a/b, or what there is of it; NULL is nothing. */
static char *
join(const char *a, const char *b)
{
	char *s;

	if (b == NULL || b[0] == '\0')
		return strdup(a);
	return asprintf(&s, "%s%s%s", a,
		   a[0] != '\0' && a[strlen(a) - 1] == '/' ? "" : "/", b) < 0
		   ? NULL
		   : s;
}

static const char *
home(void)
{
	const char *dir = getenv("HOME");

	return dir != NULL && dir[0] != '\0' ? dir : NULL;
}

/* With the home directory for "~" and without slashes at the end. */
static char *
expand(const char *path)
{
	char *s;
	size_t len;

	if (path[0] == '~' && (path[1] == '\0' || path[1] == '/') &&
	    home() != NULL)
		s = join(home(), path[1] == '/' ? path + 2 : NULL);
	else
		s = strdup(path);
	if (s == NULL)
		return NULL;
	for (len = strlen(s); len > 1 && s[len - 1] == '/';)
		s[--len] = '\0';
	return s;
}

void
roots_add(struct roots *r, const char *path)
{
	char *s = path != NULL && path[0] != '\0' ? expand(path) : NULL;
	size_t i;

	for (i = 0; s != NULL && i < r->n; i++) {
		if (strcmp(r->paths[i], s) == 0) {
			free(s);
			return;
		}
	}
	if (path != NULL && path[0] != '\0')
		keep(r, &r->paths, &r->n, &r->cap, s);
}

void
roots_add_below(struct roots *r, const char *base, const char *below)
{
	char *s;

	if (base == NULL || base[0] == '\0')
		return;
	s = join(base, below);
	if (s == NULL)
		r->failed = true;
	else
		roots_add(r, s);
	free(s);
}

static const char *
trim(const char *s, size_t *len)
{
	while (*len > 0 && (*s == ' ' || *s == '\t'))
		s++, --*len;
	while (*len > 0 && (s[*len - 1] == ' ' || s[*len - 1] == '\t'))
		--*len;
	return s;
}

bool
roots_add_env(struct roots *r, const char *variable, const char *below)
{
	const char *list = getenv(variable), *item;
	size_t len;
	char *s;

	if (list == NULL || list[0] == '\0')
		return false;
	for (;; list++) {
		len = strcspn(list, ",");
		item = trim(list, &len);
		s = strndup(item, len);
		if (s == NULL)
			r->failed = true;
		else
			roots_add_below(r, s, below);
		free(s);
		list += strcspn(list, ",");
		if (*list == '\0')
			return true;
	}
}

const char *
roots_base(struct roots *r, const char *variable, const char *fallback)
{
	const char *dir = getenv(variable);

	if (dir != NULL && dir[0] != '\0')
		return keep(r, &r->kept, &r->nkept, &r->kept_cap, expand(dir));
	if (home() == NULL)
		return NULL;
	return keep(
	    r, &r->kept, &r->nkept, &r->kept_cap, join(home(), fallback));
}

static void
release(char **list, size_t n)
{
	while (n > 0)
		free(list[--n]);
	free(list);
}

void
roots_release(struct roots *r)
{
	release(r->paths, r->n);
	release(r->kept, r->nkept);
	*r = (struct roots){ 0 };
}
