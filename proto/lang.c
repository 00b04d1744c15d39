#include "proto/lang.h"

#include <errno.h>
#include <libintl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#define DOMAIN "tt"
#define CATALOGUE "zh_CN/LC_MESSAGES/" DOMAIN ".mo"
#ifndef LOCALEDIR
#define LOCALEDIR "/usr/local/share/locale"
#endif

/* What was asked for, each NULL or one of names. */
static struct {
	bool is_ready, is_zh;
	const char *option, *config;
} lang;

static const char *const names[] = { "en", "zh" };

static const char *
find_name(const char *s)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (s != NULL && strcmp(s, names[i]) == 0)
			return names[i];
	return NULL;
}

static const char *
env(const char *name)
{
	const char *s = getenv(name);

	return s == NULL || *s == '\0' ? NULL : s;
}

/* Is it the language of a locale's name: zh, zh_CN.UTF-8, zh-Hans? */
static bool
is_in(const char *locale, const char *language)
{
	return strncmp(locale, language, 2) == 0 &&
	       (locale[2] == '\0' || strchr("_.@-:", locale[2]) != NULL);
}

/* The first language of the list that we have; *found: there is one. */
static bool
list_wants_zh(const char *list, bool *found)
{
	*found = false;
	while (*list != '\0') {
		*found = is_in(list, "zh") || is_in(list, "en");
		if (*found)
			return is_in(list, "zh");
		list += strcspn(list, ":");
		list += *list == ':';
	}
	return false;
}

/* As gettext has it: LANGUAGE goes before a locale, but not before C. */
static bool
locale_wants_zh(void)
{
	const char *list = env("LANGUAGE"), *locale = env("LC_ALL");
	bool found, wants;

	if (locale == NULL)
		locale = env("LC_MESSAGES");
	if (locale == NULL)
		locale = env("LANG");
	if (locale != NULL &&
	    (strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0))
		return false;
	if (list != NULL) {
		wants = list_wants_zh(list, &found);
		if (found)
			return wants;
	}
	return locale != NULL && is_in(locale, "zh");
}

bool
lang_wants_zh(void)
{
	const char *name = lang.option;

	if (name == NULL)
		name = find_name(env("TT_LANG"));
	if (name == NULL)
		name = lang.config;
	return name != NULL ? strcmp(name, "zh") == 0 : locale_wants_zh();
}

/* dir/below holds the catalogue: then it is where it is looked for. */
static bool
bind_below(const char *dir, size_t len, const char *below)
{
	char path[PATH_MAX], file[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%.*s%s", (int)len, dir, below);

	if (n < 0 || (size_t)n >= sizeof(path))
		return false;
	n = snprintf(file, sizeof(file), "%s/" CATALOGUE, path);
	if (n < 0 || (size_t)n >= sizeof(file) || access(file, R_OK) != 0)
		return false;
	return bindtextdomain(DOMAIN, path) != NULL;
}

/* Beside the program where it was built, else where it was installed. */
static bool
bind_catalogue(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self));

	while (n > 0 && self[n - 1] != '/')
		n--;
	if (n > 0 && (bind_below(self, (size_t)n, "locale") ||
			 bind_below(self, (size_t)n, "../share/locale")))
		return true;
	return bind_below(LOCALEDIR, strlen(LOCALEDIR), "");
}

/*
 * Our texts are UTF-8 whatever the locale says, and so is C.UTF-8, which knows
 * how wide they are; in plain C gettext translates nothing. The locale's own
 * name need not be installed.
 */
static bool
use_locale(void)
{
	static const char *const locales[] = { "C.UTF-8", "", "zh_CN.UTF-8",
		"en_US.UTF-8" };
	size_t i;

	for (i = 0; i < sizeof(locales) / sizeof(locales[0]); i++)
		if (setlocale(LC_CTYPE, locales[i]) != NULL && MB_CUR_MAX > 1 &&
		    setlocale(LC_MESSAGES, locales[i]) != NULL)
			return true;
	setlocale(LC_CTYPE, "C");
	return false;
}

/* Texts are often looked up on the way to strerror(errno). */
static void
start(void)
{
	int saved = errno;

	lang.is_ready = true;
	lang.is_zh = lang_wants_zh() && bind_catalogue() && use_locale() &&
		     setenv("LANGUAGE", "zh_CN", 1) == 0 &&
		     bind_textdomain_codeset(DOMAIN, "UTF-8") != NULL;
	errno = saved;
}

int
lang_set(const char *name)
{
	const char *known = find_name(name);

	if (known == NULL)
		return -1;
	lang.is_ready = lang.is_ready && lang.option == known;
	lang.option = known;
	return 0;
}

void
lang_scan(int argc, char **argv)
{
	static const char option[] = "--lang";
	const size_t len = sizeof(option) - 1;
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strncmp(argv[i], option, len) != 0)
			continue;
		if (argv[i][len] == '=')
			lang_set(argv[i] + len + 1);
		else if (argv[i][len] == '\0' && i + 1 < argc)
			lang_set(argv[i + 1]);
	}
}

void
lang_configure(const char *name)
{
	const char *known = find_name(name);

	lang.is_ready = lang.is_ready && lang.config == known;
	lang.config = known;
}

void
lang_end(void)
{
	if (lang.is_zh)
		setlocale(LC_MESSAGES, "C");
	lang.is_ready = true;
	lang.is_zh = false;
}

void
lang_texts_zh(const char *const *texts, size_t n, const char **zh)
{
	const char *list = env("LANGUAGE"), *option = lang.option;
	char *saved = list == NULL ? NULL : strdup(list);

	lang.option = names[1];
	lang.is_ready = false;
	for (size_t i = 0; i < n; i++)
		zh[i] = lang_text(texts[i]);
	lang_end();
	lang.option = option;
	lang.is_ready = false;
	if (saved != NULL)
		setenv("LANGUAGE", saved, 1);
	else
		unsetenv("LANGUAGE");
	free(saved);
}

void
lang_forget(void)
{
	lang.option = lang.config = NULL;
	lang.is_ready = lang.is_zh = false;
}

bool
lang_is_zh(void)
{
	if (!lang.is_ready)
		start();
	return lang.is_zh;
}

/* The empty text is the catalogue's own head. */
const char *
lang_text(const char *text)
{
	if (*text == '\0' || !lang_is_zh())
		return text;
	return dgettext(DOMAIN, text);
}

const char *
lang_plural(const char *one, const char *many, unsigned long n)
{
	if (!lang_is_zh())
		return n == 1 ? one : many;
	return dngettext(DOMAIN, one, many, n);
}

/* Of a character of UTF-8; 1 where the locale does not know any. */
static size_t
char_width(const char *s, size_t len, size_t *taken)
{
	mbstate_t state = { 0 };
	wchar_t c;
	int width;

	lang_is_zh(); /* for the locale */
	*taken = mbrtowc(&c, s, len, &state);
	if (*taken > 0 && *taken <= len) {
		width = wcwidth(c);
		return width < 0 ? 1 : (size_t)width;
	}
	for (*taken = 1; *taken < len; ++*taken)
		if (((unsigned char)s[*taken] & 0xc0) != 0x80)
			break;
	return 1;
}

size_t
lang_width(const char *s, size_t len)
{
	size_t width = 0, n;

	for (; len > 0; s += n, len -= n) {
		n = 1;
		if ((unsigned char)*s < 0x80)
			width++;
		else
			width += char_width(s, len, &n);
	}
	return width;
}
