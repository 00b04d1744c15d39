#include "collectord/sink_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectord/jobs/http.h"
#include "collectord/secret_file.h"
#include "proto/lang.h"

#define URL_MAX 4096 /* of a file, NUL included */
#define TIMEOUT_S 10
#define TIMEOUT_MAX_S 60

/* One section being read. */
struct reading {
	const struct config_section *from;
	struct sink_config *to;
	char *why;
	size_t cap;
};

static const char *const bodies[SINK_BODIES] = { "json", "slack", "discord",
	"ntfy" };
static const char *const langs[] = { "en", "zh" };

static const char *
text_at(const struct reading *r, enum config_sink_key key)
{
	return r->from->key[key].text;
}

/* The line of a key, and what it has to be. */
static int
refuse(const struct reading *r, enum config_sink_key key, const char *what)
{
	snprintf(r->why, r->cap, "[sink \"%s\"] %s: %s", r->from->name,
	    config_sink_keys[key], what);
	return r->from->key[key].line;
}

static int
refuse_all(const struct reading *r, const char *what)
{
	snprintf(r->why, r->cap, "[sink \"%s\"] %s", r->from->name, what);
	return r->from->line;
}

static int
find_word(const char *const *words, size_t n, const char *s, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i]) == len && memcmp(words[i], s, len) == 0)
			return (int)i;
	return -1;
}

static bool
is_name(const char *s)
{
	return s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			   "abcdefghijklmnopqrstuvwxyz0123456789._-")] == '\0';
}

/* Words of blanks between them; there is no shell, so no quotes either. */
static int
split_command(struct sink_config *c)
{
	size_t n = 0;
	char *p = c->command;

	for (;;) {
		p += strspn(p, " ");
		if (*p == '\0')
			return 0;
		if (n == SINK_ARGS_MAX)
			return -1;
		c->argv[n++] = p;
		p += strcspn(p, " ");
		if (*p != '\0')
			*p++ = '\0';
	}
}

static int
read_command(const struct reading *r)
{
	const char *s = text_at(r, CONFIG_SINK_COMMAND);

	if (s == NULL)
		return 0;
	if (s[0] != '/')
		return refuse(r, CONFIG_SINK_COMMAND,
		    _("not the whole path of a program, from / on"));
	r->to->command = strdup(s);
	if (r->to->command == NULL)
		return refuse(r, CONFIG_SINK_COMMAND, _("out of memory"));
	if (split_command(r->to) != 0)
		return refuse(r, CONFIG_SINK_COMMAND, _("too many words"));
	return 0;
}

static int
take_url(const struct reading *r, enum config_sink_key key, const char *url)
{
	const char *why = http_judge_url(url);

	if (why != NULL)
		return refuse(r, key, _(why));
	r->to->url = strdup(url);
	if (r->to->url == NULL)
		return refuse(r, key, _("out of memory"));
	return 0;
}

static int
read_webhook(const struct reading *r)
{
	const char *s = text_at(r, CONFIG_SINK_WEBHOOK);

	return s == NULL ? 0 : take_url(r, CONFIG_SINK_WEBHOOK, s);
}

static int
refuse_file(const struct reading *r, enum secret_file rc)
{
	char why[160];

	if (rc == SECRET_FILE_EOPEN)
		return refuse(r, CONFIG_SINK_WEBHOOK_FILE,
		    _("not a plain file of yours that is closed to others "
		      "(chmod 600)"));
	if (rc == SECRET_FILE_ELINE)
		return refuse(r, CONFIG_SINK_WEBHOOK_FILE,
		    _("the file is not one line, a URL"));
	snprintf(why, sizeof(why), _("the file cannot be read: %s"),
	    strerror(errno));
	return refuse(r, CONFIG_SINK_WEBHOOK_FILE, why);
}

/* For URLs that are longer than a line here may be. */
static int
read_webhook_file(const struct reading *r)
{
	const char *path = text_at(r, CONFIG_SINK_WEBHOOK_FILE);
	char url[URL_MAX];
	enum secret_file rc;
	int line;

	if (path == NULL)
		return 0;
	if (path[0] != '/')
		return refuse(r, CONFIG_SINK_WEBHOOK_FILE,
		    _("not the whole path of a file, from / on"));
	rc = secret_file_read(path, url, sizeof(url));
	if (rc != SECRET_FILE_OK)
		return refuse_file(r, rc);
	line = take_url(r, CONFIG_SINK_WEBHOOK_FILE, url);
	explicit_bzero(url, sizeof(url));
	return line;
}

static int
read_target(const struct reading *r)
{
	static const enum config_sink_key keys[] = { CONFIG_SINK_COMMAND,
		CONFIG_SINK_WEBHOOK, CONFIG_SINK_WEBHOOK_FILE };
	int n = 0, line;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		n += text_at(r, keys[i]) != NULL;
	if (n != 1)
		return refuse_all(
		    r, _("needs a command, a webhook or a webhook_file, and "
			 "not two of them"));
	line = read_command(r);
	if (line == 0)
		line = read_webhook(r);
	return line != 0 ? line : read_webhook_file(r);
}

static int
read_body(const struct reading *r)
{
	const char *s = text_at(r, CONFIG_SINK_BODY);
	int i;

	if (s == NULL)
		return 0;
	if (r->to->url == NULL)
		return refuse(r, CONFIG_SINK_BODY, _("a command gets JSON"));
	i = find_word(bodies, SINK_BODIES, s, strlen(s));
	if (i < 0)
		return refuse(
		    r, CONFIG_SINK_BODY, _("not json, slack, discord or ntfy"));
	r->to->body = (enum sink_body)i;
	return 0;
}

static int
read_kinds(const struct reading *r)
{
	const char *s = text_at(r, CONFIG_SINK_KINDS);
	size_t len;
	int i;

	r->to->kinds = s == NULL ? (1u << NOTICE_KINDS) - 1 : 0;
	if (s == NULL)
		return 0;
	for (; *s != '\0'; s += len) {
		s += strspn(s, ", ");
		len = strcspn(s, ", ");
		i = find_word(notice_kind_names, NOTICE_KINDS, s, len);
		if (i < 0 && len > 0)
			return refuse(r, CONFIG_SINK_KINDS,
			    _("not of budget, daily, weekly, quota, source, "
			      "provider, price and balance"));
		r->to->kinds |= i < 0 ? 0 : 1u << i;
	}
	return r->to->kinds == 0
		   ? refuse(r, CONFIG_SINK_KINDS, _("nothing is named"))
		   : 0;
}

static int
read_words(const struct reading *r)
{
	const char *level = text_at(r, CONFIG_SINK_LEVEL);
	const char *lang = text_at(r, CONFIG_SINK_LANG);
	int i = 0;

	if (level != NULL)
		i = find_word(
		    notice_level_names, NOTICE_LEVELS, level, strlen(level));
	if (i < 0)
		return refuse(
		    r, CONFIG_SINK_LEVEL, _("not info, warn or limit"));
	r->to->level = (enum notice_level)i;
	i = 0;
	if (lang != NULL)
		i = find_word(langs, 2, lang, strlen(lang));
	if (i < 0)
		return refuse(r, CONFIG_SINK_LANG, _("not en or zh"));
	r->to->is_zh = i == 1;
	return 0;
}

static int
read_timeout(const struct reading *r)
{
	const char *s = text_at(r, CONFIG_SINK_TIMEOUT);
	char *end;
	unsigned long v;

	r->to->timeout_ms = TIMEOUT_S * 1000;
	if (s == NULL)
		return 0;
	errno = 0;
	v = strtoul(s, &end, 10);
	if (*s < '0' || *s > '9' || *end != '\0' || errno != 0 || v < 1 ||
	    v > TIMEOUT_MAX_S)
		return refuse(r, CONFIG_SINK_TIMEOUT, _("not 1 to 60 seconds"));
	r->to->timeout_ms = (int64_t)v * 1000;
	return 0;
}

int
sink_config_read(struct sink_config *out, const struct config_section *s,
    char *why, size_t cap)
{
	static int (*const readers[])(const struct reading *r) = { read_target,
		read_body, read_kinds, read_words, read_timeout };
	struct reading r = { .from = s, .to = out, .why = why, .cap = cap };
	int line = 0;

	*out = (struct sink_config){ .name = strdup(s->name) };
	if (!is_name(s->name))
		line = refuse_all(
		    &r, _("is named by more than letters, digits, . _ and -"));
	else if (out->name == NULL)
		line = refuse_all(&r, _("out of memory"));
	for (size_t i = 0; line == 0 && i < sizeof(readers) / sizeof(*readers);
	     i++)
		line = readers[i](&r);
	if (line != 0)
		sink_config_release(out);
	return line;
}

void
sink_config_release(struct sink_config *c)
{
	free(c->name);
	free(c->command);
	free(c->url);
	*c = (struct sink_config){ 0 };
}

static int
check_name(const struct config_sections *sinks, size_t i, char *why, size_t cap)
{
	const struct reading r = {
		.from = &sinks->item[i], .why = why, .cap = cap
	};

	for (size_t j = 0; j < i; j++)
		if (strcmp(sinks->item[j].name, sinks->item[i].name) == 0)
			return refuse_all(&r, _("was there before"));
	return 0;
}

int
sink_config_check(const struct config_sections *sinks, char *why, size_t cap)
{
	struct sink_config c;
	int line = 0;

	for (size_t i = 0; line == 0 && i < sinks->n; i++) {
		line = sink_config_read(&c, &sinks->item[i], why, cap);
		if (line != 0)
			break;
		sink_config_release(&c);
		line = check_name(sinks, i, why, cap);
	}
	return line;
}

bool
sink_config_has_files(const struct config_sections *sinks)
{
	for (size_t i = 0; i < sinks->n; i++)
		if (sinks->item[i].key[CONFIG_SINK_WEBHOOK_FILE].text != NULL)
			return true;
	return false;
}
