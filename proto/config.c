#include "proto/config.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/lang.h"
#include "proto/text.h"

enum kind {
	KIND_TEXT,
	KIND_BOOL,
	KIND_INT,
	KIND_WEEKDAY,
	KIND_LEVEL,
	KIND_COST_MODE,
	KIND_LANG,
	KIND_SOURCE
};

static const struct key {
	const char *section, *name;
	enum kind kind;
	size_t offset;
	int64_t min, max; /* of an integer; of a text, max is its space */
	const char *dflt;
	const char *meaning;
} keys[] = {
#define AT(member) offsetof(struct config, member)
	{ "core", "machine", KIND_TEXT, AT(machine), 0, CONFIG_TEXT_MAX, "",
	    "id of this machine; empty: the one made with the store" },
	{ "core", "autostart", KIND_BOOL, AT(autostart), 0, 0, "yes",
	    "clients start a missing daemon" },
	{ "core", "auto_import", KIND_BOOL, AT(auto_import), 0, 0, "no",
	    "tt-report reads what is new in the agents' logs first" },
	{ "report", "tz", KIND_TEXT, AT(tz), 0, CONFIG_TEXT_MAX, "",
	    "time zone of reports; empty: TZ, else the system's" },
	{ "report", "week_start", KIND_WEEKDAY, AT(week_start), 1, 7, "monday",
	    "first day of the week" },
	{ "report", "day_start", KIND_INT, AT(day_start), 0, 23, "0",
	    "hour at which a day starts" },
	{ "report", "month_start", KIND_INT, AT(month_start), 1, 28, "1",
	    "day at which a month of a budget starts: a billing cycle" },
	{ "report", "lang", KIND_LANG, AT(lang), 0,
	    sizeof(((struct config *)0)->lang), "",
	    "en or zh; empty: TT_LANG, else the locale's" },
	{ "report", "source", KIND_SOURCE, AT(source), 0,
	    sizeof(((struct config *)0)->source), "seen",
	    "what sums are made of: seen, billed or best" },
	{ "price", "cost_mode", KIND_COST_MODE, AT(prefers_reported), 0, 0,
	    "table", "table, or reported: a reported cost comes first" },
	{ "price", "plan", KIND_TEXT, AT(plan), 0, CONFIG_TEXT_MAX, "",
	    "agents a subscription covers: agent or agent/account, ..." },
	{ "notice", "daily", KIND_BOOL, AT(tells_daily), 0, 0, "yes",
	    "a digest of each day" },
	{ "notice", "weekly", KIND_BOOL, AT(tells_weekly), 0, 0, "yes",
	    "a digest of each week" },
	{ "notice", "daily_report_hour", KIND_INT, AT(daily_hour), 0, 23, "23",
	    "hour at which the day's digest is due" },
	{ "notice", "silent_days", KIND_INT, AT(silent_days), 0, 365, "3",
	    "days until a source counts as silent; 0: never" },
	{ "daemon", "log_level", KIND_LEVEL, AT(log_level), 0,
	    sizeof(((struct config *)0)->log_level), "info",
	    "error, warn, info or debug" },
	{ "daemon", "max_connections", KIND_INT, AT(max_connections), 16, 65536,
	    "4096", "connections served at a time" },
	{ "daemon", "idle_timeout", KIND_INT, AT(idle_timeout_s), 1, 86400,
	    "600", "seconds until a silent connection is closed" },
	{ "daemon", "request_timeout", KIND_INT, AT(request_timeout_s), 1, 600,
	    "10", "seconds until a half-sent request is closed" },
	{ "daemon", "proxy", KIND_TEXT, AT(proxy), 0, CONFIG_TEXT_MAX, "",
	    "http://, https:// or socks5h:// host:port that https goes "
	    "through" },
#undef AT
};

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* "provider/model", each a text of an event. */
#define PATTERN_MAX 511
#define PRICE_TEXT_MAX 64
#define SINK_NAME_MAX 64
#define SINK_TEXT_MAX 190
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

const char *const config_price_keys[CONFIG_PRICE_KEYS] = {
	[CONFIG_PRICE_INPUT] = "input",
	[CONFIG_PRICE_OUTPUT] = "output",
	[CONFIG_PRICE_CACHE_READ] = "cache_read",
	[CONFIG_PRICE_CACHE_WRITE] = "cache_write",
	[CONFIG_PRICE_CACHE_WRITE_1H] = "cache_write_1h",
	[CONFIG_PRICE_WEB_SEARCH] = "web_search",
	[CONFIG_PRICE_TIER] = "tier",
	[CONFIG_PRICE_FROM] = "from",
	[CONFIG_PRICE_ABOVE] = "above",
	[CONFIG_PRICE_ABOVE_INPUT] = "above_input",
	[CONFIG_PRICE_ABOVE_OUTPUT] = "above_output",
	[CONFIG_PRICE_ABOVE_CACHE_READ] = "above_cache_read",
	[CONFIG_PRICE_ABOVE_CACHE_WRITE] = "above_cache_write",
};

const char *const config_sink_keys[CONFIG_SINK_KEYS] = {
	[CONFIG_SINK_COMMAND] = "command",
	[CONFIG_SINK_WEBHOOK] = "webhook",
	[CONFIG_SINK_WEBHOOK_FILE] = "webhook_file",
	[CONFIG_SINK_BODY] = "body",
	[CONFIG_SINK_KINDS] = "kinds",
	[CONFIG_SINK_LEVEL] = "level",
	[CONFIG_SINK_LANG] = "lang",
	[CONFIG_SINK_TIMEOUT] = "timeout",
};

/* Sections that have a name in quotes, of which there may be many. */
static const struct named {
	const char *head;  /* how the line begins */
	const char *shown; /* as errors have it */
	const char *plain; /* what libinih gets to read instead */
	const char *const *keys;
	size_t n_keys;
	size_t name_max, text_max;
	size_t offset; /* of its struct config_sections */
} named_sections[] = {
	{ "[price \"", "[price \"model\"]", "[price]", config_price_keys,
	    CONFIG_PRICE_KEYS, PATTERN_MAX, PRICE_TEXT_MAX,
	    offsetof(struct config, prices) },
	{ "[sink \"", "[sink \"name\"]", "[sink]", config_sink_keys,
	    CONFIG_SINK_KEYS, SINK_NAME_MAX, SINK_TEXT_MAX,
	    offsetof(struct config, sinks) },
};

static const char *const levels[] = { "error", "warn", "info", "debug" };
static const char *const weekdays[] = { "monday", "tuesday", "wednesday",
	"thursday", "friday", "saturday", "sunday" };
static const char *const langs[] = { "", "en", "zh" };
static const char *const sources[] = { "seen", "billed", "best" };
static const char *const cost_modes[] = { "table", "reported" };
/* Every even one is yes. */
static const char *const bools[] = { "yes", "no", "true", "false", "on", "off",
	"1", "0" };

/* The word's index, in any case, or -1. */
static int
find_word(const char *const *words, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(words[i], s) == 0)
			return (int)i;
	return -1;
}

static bool
set_text(const struct key *k, char *field, const char *s)
{
	size_t len = strlen(s);

	if (len >= (size_t)k->max || !text_is_clean(text_of(s)))
		return false;
	memcpy(field, s, len + 1);
	return true;
}

static bool
set_bool(bool *field, const char *s)
{
	int i = find_word(bools, LENGTH(bools), s);

	if (i >= 0)
		*field = i % 2 == 0;
	return i >= 0;
}

static bool
set_int(const struct key *k, int64_t *field, const char *s)
{
	char *end;
	long long v;

	/* strtoll would pass over spaces and a plus. */
	if ((*s < '0' || *s > '9') && *s != '-')
		return false;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno != 0 || *end != '\0' || v < k->min || v > k->max)
		return false;
	*field = v;
	return true;
}

static bool
set_weekday(const struct key *k, int64_t *field, const char *s)
{
	int i = find_word(weekdays, LENGTH(weekdays), s);

	if (i < 0)
		return set_int(k, field, s);
	*field = i + 1;
	return true;
}

static bool
set_level(const struct key *k, char *field, const char *s)
{
	int i = find_word(levels, LENGTH(levels), s);

	return i >= 0 && set_text(k, field, levels[i]);
}

static bool
set_lang(const struct key *k, char *field, const char *s)
{
	int i = find_word(langs, LENGTH(langs), s);

	return i >= 0 && set_text(k, field, langs[i]);
}

static bool
set_source(const struct key *k, char *field, const char *s)
{
	int i = find_word(sources, LENGTH(sources), s);

	return i >= 0 && set_text(k, field, sources[i]);
}

static bool
set_cost_mode(bool *field, const char *s)
{
	int i = find_word(cost_modes, LENGTH(cost_modes), s);

	if (i >= 0)
		*field = i == 1;
	return i >= 0;
}

static bool
set_key(struct config *c, const struct key *k, const char *s)
{
	void *field = (char *)c + k->offset;

	switch (k->kind) {
	case KIND_TEXT:
		return set_text(k, field, s);
	case KIND_BOOL:
		return set_bool(field, s);
	case KIND_INT:
		return set_int(k, field, s);
	case KIND_WEEKDAY:
		return set_weekday(k, field, s);
	case KIND_LEVEL:
		return set_level(k, field, s);
	case KIND_COST_MODE:
		return set_cost_mode(field, s);
	case KIND_LANG:
		return set_lang(k, field, s);
	case KIND_SOURCE:
		return set_source(k, field, s);
	}
	return false;
}

/* What set_key() would have taken, to follow "is not ". */
static void
say_wanted(const struct key *k, char *buf, size_t cap)
{
	switch (k->kind) {
	case KIND_TEXT:
		snprintf(buf, cap, _("plain text of less than %lld bytes"),
		    (long long)k->max);
		return;
	case KIND_BOOL:
		snprintf(buf, cap, _("yes or no"));
		return;
	case KIND_INT:
		snprintf(buf, cap, _("%lld to %lld"), (long long)k->min,
		    (long long)k->max);
		return;
	case KIND_WEEKDAY:
		snprintf(buf, cap, _("monday to sunday, or 1 to 7"));
		return;
	case KIND_LEVEL:
		snprintf(buf, cap, _("error, warn, info or debug"));
		return;
	case KIND_COST_MODE:
		snprintf(buf, cap, _("table or reported"));
		return;
	case KIND_LANG:
		snprintf(buf, cap, _("en or zh"));
		return;
	case KIND_SOURCE:
		snprintf(buf, cap, _("seen, billed or best"));
		return;
	}
}

void
config_init(struct config *c)
{
	*c = (struct config){ 0 };
	for (size_t i = 0; i < LENGTH(keys); i++)
		set_key(c, &keys[i], keys[i].dflt);
}

static void
free_sections(struct config_sections *list)
{
	for (size_t i = 0; i < list->n; i++) {
		for (size_t k = 0; k < CONFIG_PRICE_KEYS; k++)
			free(list->item[i].key[k].text);
		free(list->item[i].name);
	}
	free(list->item);
	*list = (struct config_sections){ 0 };
}

void
config_release(struct config *c)
{
	free_sections(&c->prices);
	free_sections(&c->sinks);
}

static bool
same_text(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

bool
config_sections_same(
    const struct config_sections *a, const struct config_sections *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (!same_text(a->item[i].name, b->item[i].name))
			return false;
		for (size_t k = 0; k < CONFIG_PRICE_KEYS; k++)
			if (!same_text(
				a->item[i].key[k].text, b->item[i].key[k].text))
				return false;
	}
	return true;
}

/* A parse under way. */
struct parse {
	struct config *config;
	const struct named *named; /* the section's; NULL: it has none */
	const char *at;            /* the next line */
	int lineno;                /* of the line before it */
	bool stopped;              /* that line is bad, and why says so */
	char *why;
	size_t cap;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* The line's length up to a comment that '#' begins after a blank. */
static size_t
line_length(const char *line)
{
	size_t n = 0;

	while (line[n] != '\0' && line[n] != '\n' &&
	       !(line[n] == '#' && (n == 0 || is_blank(line[n - 1]))))
		n++;
	return n;
}

static int
stop(struct parse *p, const char *why)
{
	snprintf(p->why, p->cap, "%s", why);
	p->stopped = true;
	return -1;
}

static struct config_sections *
sections_of(struct parse *p)
{
	void *list = (char *)p->config + p->named->offset;

	return list;
}

static struct config_section *
new_section(struct config_sections *list)
{
	size_t cap = list->cap == 0 ? 8 : list->cap * 2;
	struct config_section *more;

	if (list->n == list->cap) {
		more = realloc(list->item, cap * sizeof(*more));
		if (more == NULL)
			return NULL;
		list->item = more;
		list->cap = cap;
	}
	list->item[list->n] = (struct config_section){ 0 };
	return &list->item[list->n++];
}

static int
keep_section(struct parse *p, struct text name)
{
	struct config_section *section;

	if (!p->config->keeps_sections)
		return 0;
	section = new_section(sections_of(p));
	if (section != NULL)
		section->name = strndup(name.p, name.len);
	if (section == NULL || section->name == NULL)
		return stop(p, _("out of memory"));
	section->line = p->lineno;
	return 0;
}

/*
 * The head of such a section, without libinih, which keeps 49 bytes of a
 * section's name.
 */
static int
open_named(struct parse *p, const char *line, size_t len)
{
	const char *start = line + strlen(p->named->head), *end = line + len;
	const char *quote = memchr(start, '"', (size_t)(end - start)), *rest;
	struct text name;
	char why[80];

	for (rest = quote; rest != NULL && rest + 2 < end; rest++)
		if (!is_blank(rest[2]))
			break;
	if (quote == NULL || end - quote < 2 || quote[1] != ']' ||
	    (rest + 2 < end && rest[2] != ';')) {
		snprintf(why, sizeof(why), _("the section is not %s"),
		    p->named->shown);
		return stop(p, why);
	}
	name = (struct text){ start, (uint32_t)(quote - start) };
	if (name.len > 0 && name.len <= p->named->name_max &&
	    text_is_clean(name))
		return keep_section(p, name);
	snprintf(why, sizeof(why), _("not a name for a %s"), p->named->shown);
	return stop(p, why);
}

/* What libinih gets to read in the place of a line that opens a section. */
static int
open_section(struct parse *p, const char **line, size_t *len)
{
	const struct named *named;
	size_t i, head;

	p->named = NULL;
	for (i = 0; i < LENGTH(named_sections); i++) {
		named = &named_sections[i];
		head = strlen(named->head);
		if (*len >= head && memcmp(*line, named->head, head) == 0)
			p->named = named;
	}
	if (p->named == NULL)
		return 0;
	if (open_named(p, *line, *len) != 0)
		return -1;
	*line = p->named->plain;
	*len = strlen(p->named->plain);
	return 0;
}

/*
 * Hands libinih a line at a time, so that what it does behind our back does
 * not happen: it cuts long lines in two, takes an indented line for more of the
 * value above, and knows ';' alone as a comment after a value.
 */
static char *
on_want_line(char *buf, int size, void *stream)
{
	struct parse *p = stream;
	const char *line;
	size_t len;

	if (*p->at == '\0' || p->stopped)
		return NULL;
	p->lineno++;
	while (is_blank(*p->at))
		p->at++;
	line = p->at;
	len = line[0] == ';' ? 0 : line_length(line);
	p->at += strcspn(p->at, "\n");
	p->at += *p->at == '\n';
	if (line[0] == '[' && open_section(p, &line, &len) != 0)
		return NULL;
	if (size < 2 || len > (size_t)size - 2) {
		snprintf(p->why, p->cap,
		    _("line of %zu bytes, the limit is %d"), len, size - 2);
		p->stopped = true;
		return NULL;
	}
	memcpy(buf, line, len);
	buf[len] = '\n';
	buf[len + 1] = '\0';
	return buf;
}

static bool
has_section(const char *section)
{
	for (size_t i = 0; i < LENGTH(keys); i++)
		if (strcmp(keys[i].section, section) == 0)
			return true;
	return false;
}

static const struct key *
find_key(const char *section, const char *name)
{
	for (size_t i = 0; i < LENGTH(keys); i++)
		if (strcmp(keys[i].section, section) == 0 &&
		    strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static void
say_unknown(struct parse *p, const char *section, const char *name)
{
	if (section[0] == '\0')
		snprintf(p->why, p->cap, _("\"%s\" stands above any [section]"),
		    name);
	else if (!has_section(section))
		snprintf(p->why, p->cap, _("unknown section [%s]"), section);
	else
		snprintf(p->why, p->cap, _("unknown key \"%s\" in [%s]"), name,
		    section);
}

static void
say_refused(struct parse *p, const struct key *k, const char *value)
{
	char wanted[64];
	bool bare = strchr("-0123456789", value[0]) != NULL && value[0] != '\0';

	say_wanted(k, wanted, sizeof(wanted));
	snprintf(p->why, p->cap, _("[%s] %s: %s%s%s is not %s"), k->section,
	    k->name, bare ? "" : "\"", value, bare ? "" : "\"", wanted);
}

static int
keep_key(struct parse *p, int i, const char *value)
{
	struct config_sections *list = sections_of(p);
	struct config_section *section;

	if (!p->config->keeps_sections)
		return 0;
	section = &list->item[list->n - 1];
	if (section->key[i].text != NULL)
		return stop(p, _("the key was there before"));
	section->key[i].line = p->lineno;
	section->key[i].text = strdup(value);
	return section->key[i].text == NULL ? stop(p, _("out of memory")) : 0;
}

/* A key below [price "…"] and its like. The value may be a secret. */
static int
take_named(struct parse *p, const char *name, const char *value)
{
	const struct named *s = p->named;
	int i = find_word(s->keys, s->n_keys, name);
	char why[120];

	if (i < 0) {
		snprintf(why, sizeof(why), _("unknown key \"%.30s\" in a %s"),
		    name, s->shown);
		return stop(p, why);
	}
	if (strlen(value) > s->text_max || !text_is_clean(text_of(value))) {
		snprintf(why, sizeof(why),
		    _("not plain text of at most %zu bytes"), s->text_max);
		return stop(p, why);
	}
	return keep_key(p, i, value);
}

/* A refused key ends the parse: libinih itself would go on. */
static int
on_key(void *arg, const char *section, const char *name, const char *value)
{
	struct parse *p = arg;
	const struct key *k = find_key(section, name);

	if (p->named != NULL)
		return take_named(p, name, value) == 0;
	p->stopped = true;
	if (k == NULL)
		say_unknown(p, section, name);
	else if (!set_key(p->config, k, value))
		say_refused(p, k, value);
	else
		p->stopped = false;
	return !p->stopped;
}

int
config_parse(struct config *c, const char *text, char *why, size_t cap)
{
	struct parse p = { .config = c, .at = text, .why = why, .cap = cap };
	int bad;

	if (strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
		p.at += strlen(BYTE_ORDER_MARK);
	bad = ini_parse_stream(on_want_line, &p, on_key, &p);

	if (bad < 0) {
		snprintf(why, cap, _("out of memory"));
		return p.lineno > 0 ? p.lineno : 1;
	}
	/* A line that is no key at all may stand above a refused key. */
	if (bad > 0 && (!p.stopped || bad < p.lineno)) {
		snprintf(why, cap, _("line is not \"key = value\""));
		return bad;
	}
	return p.stopped ? p.lineno : 0;
}

void
config_each(void (*each)(void *arg, const char *name, const char *dflt,
		const char *meaning),
    void *arg)
{
	char name[64];

	for (size_t i = 0; i < LENGTH(keys); i++) {
		snprintf(
		    name, sizeof(name), "%s.%s", keys[i].section, keys[i].name);
		each(arg, name, keys[i].dflt, keys[i].meaning);
	}
}
