#include "collectord/jobs/providers/custom.h"

#include <stdio.h>
#include <stdlib.h>

#include "collectord/loopback.h"
#include "collectord/jobs/providers/pointer.h"
#include "proto/lang.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define NAME_MAX_LEN 32
#define VALUE_MAX 240
#define WORDS_MAX 100
#define WHAT_MAX 160
#define EVERY_MIN_S 60
#define EVERY_MAX_S 86400
#define HOST_MAX 256
#define EVERY_DEFAULT_S 3600
#define TRAILING_DEFAULT 3
#define DAYS_MAX 10000
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

enum kind { PATH, QUERY_NAME, POINTER, POINTER_OR_TEXT, WORD, DAYS };

static const char *const gives_words[] = { "cost", "usage", "both", "balance",
	"windows", NULL };
static const uint32_t gives_of[] = { FEED_COST, FEED_USAGE,
	FEED_COST | FEED_USAGE, FEED_BALANCE, FEED_WINDOWS };
static const char *const time_words[] = { "seconds", "milliseconds", "date",
	"rfc3339", NULL };
static const char *const unit_words[] = { "units", "cents", "mills", "micros",
	NULL };
static const char *const sign_words[] = { "as-is", "inverted", NULL };
static const char *const bool_words[] = { "no", "yes", NULL };
static const char *const holds_words[] = { "nothing", "cache", NULL };
static const char *const what_words[] = { "left", "granted", "topped-up",
	"bought", "used", "used-day", "used-week", "used-month", "limit-left",
	NULL };
_Static_assert(LENGTH(what_words) == BALANCE_KINDS + 1, "a word for each");

static const struct key {
	const char *name;
	enum kind kind;
	const char *const *words;
	uint32_t dflt;
} keys[CUSTOM_KEYS] = {
	[CUSTOM_GIVES] = { "gives", WORD, gives_words, 0 },
	[CUSTOM_PATH] = { "path", PATH, NULL, 0 },
	[CUSTOM_TIME] = { "time", WORD, time_words, 0 },
	[CUSTOM_TRAILING] = { "trailing-days", DAYS, NULL, TRAILING_DEFAULT },
	[CUSTOM_LOOKBACK] = { "lookback-days", DAYS, NULL, 0 },
	[CUSTOM_LACKS_TODAY] = { "lacks-today", WORD, bool_words, 0 },
	[CUSTOM_CURSOR_QUERY] = { "cursor-query", QUERY_NAME, NULL, 0 },
	[CUSTOM_CURSOR] = { "cursor", POINTER, NULL, 0 },
	[CUSTOM_MORE] = { "more", POINTER, NULL, 0 },
	[CUSTOM_ROWS] = { "rows", POINTER, NULL, 0 },
	[CUSTOM_ROWS_IN] = { "rows-in", POINTER, NULL, 0 },
	[CUSTOM_FROM] = { "from", POINTER, NULL, 0 },
	[CUSTOM_TO] = { "to", POINTER, NULL, 0 },
	[CUSTOM_AMOUNT] = { "amount", POINTER, NULL, 0 },
	[CUSTOM_AMOUNT_UNIT] = { "amount-unit", WORD, unit_words, 0 },
	[CUSTOM_SIGN] = { "sign", WORD, sign_words, 0 },
	[CUSTOM_CURRENCY] = { "currency", POINTER_OR_TEXT, NULL, 0 },
	[CUSTOM_WHAT] = { "what", WORD, what_words, 0 },
	[CUSTOM_MODEL] = { "model", POINTER, NULL, 0 },
	[CUSTOM_LINE_ITEM] = { "line-item", POINTER, NULL, 0 },
	[CUSTOM_PROJECT] = { "project", POINTER, NULL, 0 },
	[CUSTOM_API_KEY] = { "api-key", POINTER, NULL, 0 },
	[CUSTOM_TIER] = { "tier", POINTER, NULL, 0 },
	[CUSTOM_INPUT] = { "input", POINTER, NULL, 0 },
	[CUSTOM_INPUT_HOLDS] = { "input-holds", WORD, holds_words, 0 },
	[CUSTOM_CACHE_READ] = { "cache-read", POINTER, NULL, 0 },
	[CUSTOM_CACHE_WRITE] = { "cache-write", POINTER, NULL, 0 },
	[CUSTOM_CACHE_WRITE_1H] = { "cache-write-1h", POINTER, NULL, 0 },
	[CUSTOM_OUTPUT] = { "output", POINTER, NULL, 0 },
	[CUSTOM_REASONING] = { "reasoning", POINTER, NULL, 0 },
	[CUSTOM_WEB_SEARCHES] = { "web-searches", POINTER, NULL, 0 },
	[CUSTOM_REQUESTS] = { "requests", POINTER, NULL, 0 },
	[CUSTOM_NAME] = { "name", POINTER_OR_TEXT, NULL, 0 },
	[CUSTOM_SPAN] = { "span", POINTER_OR_TEXT, NULL, 0 },
	[CUSTOM_USED] = { "used-percent", POINTER, NULL, 0 },
	[CUSTOM_REMAINING] = { "remaining-percent", POINTER, NULL, 0 },
	[CUSTOM_RESETS] = { "resets", POINTER, NULL, 0 },
};

struct parse {
	struct custom *c;
	struct custom_feed *feed; /* NULL: in [provider], or above it */
	bool in_provider;
	const char *name, *base_url; /* of the provider */
	int line;
	char *why;
	size_t cap;
};

/* The line, with why saying what is wrong with it. */
static int
refuse(struct parse *p, const char *what, const char *subject)
{
	snprintf(p->why, p->cap, "%s: %.60s", what, subject);
	return p->line;
}

static int
refuse_word(struct parse *p, const char *const *words, const char *value)
{
	char all[WORDS_MAX] = "";
	size_t len = 0;

	for (int i = 0; words[i] != NULL && len < sizeof(all); i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
		    i == 0 ? "" : ", ", words[i]);
	snprintf(p->why, p->cap, _("not one of %s: %.40s"), all, value);
	return p->line;
}

static int
find_word(const char *const *words, const char *s)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], s) == 0)
			return i;
	return -1;
}

static int
read_number(const char *s, uint32_t min, uint32_t max, uint32_t *out)
{
	struct money_decimal d;

	if (money_parse_decimal(s, strlen(s), 0, &d) != 0 || !d.exact ||
	    d.negative || d.magnitude < min || d.magnitude > max)
		return -1;
	*out = (uint32_t)d.magnitude;
	return 0;
}

static bool
is_name(const char *s)
{
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len > 0 && len <= NAME_MAX_LEN && s[len] == '\0';
}

/* [provider] or [feed "name"]; cuts the name out of the line. */
static int
open_section(struct parse *p, char *line)
{
	static const char feed[] = "[feed \"";
	struct custom *c = p->c;
	char *name = line + sizeof(feed) - 1, *end;

	p->in_provider = strcmp(line, "[provider]") == 0;
	p->feed = NULL;
	if (p->in_provider)
		return 0;
	end = strstr(line, "\"]");
	if (strncmp(line, feed, sizeof(feed) - 1) != 0 || end == NULL ||
	    end < name || end[2] != '\0')
		return refuse(p, _("not [provider] or [feed \"name\"]"), line);
	*end = '\0';
	if (!is_name(name))
		return refuse(
		    p, _("not a name of small letters, digits and -"), name);
	for (uint32_t i = 0; i < c->provider.n_feeds; i++)
		if (strcmp(c->feeds[i].name, name) == 0)
			return refuse(p, _("the feed was there before"), name);
	if (c->provider.n_feeds == CUSTOM_FEEDS_MAX)
		return refuse(p, _("too many feeds"), name);
	c->feeds[c->provider.n_feeds].name = name;
	p->feed = &c->own[c->provider.n_feeds++];
	p->feed->line = p->line;
	p->feed->custom = c;
	return 0;
}

/* Can it stand in an address as it is? */
static bool
is_address(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] <= 0x20 || s[i] > 0x7e ||
		    strchr("\"#<>\\^`{|}", s[i]) != NULL)
			return false;
	return len > 0;
}

/* Of what follows http:// in a URL. */
static bool
is_this_machine(const char *s)
{
	char host[HOST_MAX], *port;

	snprintf(host, sizeof(host), "%.*s", (int)strcspn(s, "/"), s);
	port = strrchr(host, ':');
	if (port != NULL && port[1 + strspn(port + 1, "0123456789")] == '\0')
		*port = '\0';
	return loopback_is_host(host);
}

/* NULL, or what is wrong with it. */
static const char *
judge_base_url(const char *s)
{
	size_t scheme = strncmp(s, "https://", 8) == 0  ? 8
			: strncmp(s, "http://", 7) == 0 ? 7
							: 0;

	if (scheme == 0 || strcspn(s + scheme, "/") == 0 ||
	    strpbrk(s, "?@") != NULL || !is_address(s, strlen(s)))
		return _("not an address as https://api.example.com/v1");
	return scheme == 8 || is_this_machine(s + scheme)
		   ? NULL
		   : _("only https, or http to this machine itself");
}

static int
add_header(struct parse *p, const char *value)
{
	const char *key = strstr(value, PROVIDER_KEY);

	if (key != NULL && strstr(key + 1, PROVIDER_KEY) != NULL)
		return refuse(p, _("a header takes the key only once"), value);
	if (strstr(value, ": ") == NULL || value[0] == ':')
		return refuse(p, _("not a header, \"Name: value\""), value);
	if (p->c->n_headers == CUSTOM_HEADERS_MAX)
		return refuse(p, _("too many headers"), value);
	p->c->header[p->c->n_headers++] = value;
	return 0;
}

static int
take_every(struct parse *p, const char *value)
{
	char what[WHAT_MAX];

	if (read_number(value, EVERY_MIN_S, EVERY_MAX_S, &p->c->every_s) == 0)
		return 0;
	snprintf(what, sizeof(what), _("not seconds from %d to %d"),
	    EVERY_MIN_S, EVERY_MAX_S);
	return refuse(p, what, value);
}

static int
take_provider(struct parse *p, const char *name, const char *value)
{
	const char **place, *bad = NULL;

	if (strcmp(name, "header") == 0)
		return add_header(p, value);
	if (strcmp(name, "every") == 0)
		return take_every(p, value);
	if (strcmp(name, "name") == 0) {
		place = &p->name;
		if (!is_name(value))
			bad = _("not a name of small letters, digits and -");
	} else if (strcmp(name, "base-url") == 0) {
		place = &p->base_url;
		bad = judge_base_url(value);
	} else if (strcmp(name, "key") == 0) {
		place = &p->c->key;
	} else {
		return refuse(p, _("unknown key in [provider]"), name);
	}
	if (bad != NULL)
		return refuse(p, bad, value);
	*place = value;
	return 0;
}

/* The length of what is written as {name} there, as placeholders are; 0. */
static size_t
placeholder_length(const char *s)
{
	size_t len = 1 + strspn(s + 1, "abcdefghijklmnopqrstuvwxyz"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-");

	return s[0] == '{' && len > 1 && s[len] == '}' ? len + 1 : 0;
}

/* Is every {name} one of these? NULL ends them. */
static bool
has_only(const char *value, const char *const *names)
{
	size_t len, i;

	for (; (value = strchr(value, '{')) != NULL; value++) {
		len = placeholder_length(value);
		for (i = 0; len > 0 && names[i] != NULL; i++)
			if (strncmp(value, names[i], len) == 0)
				break;
		if (len > 0 && names[i] == NULL)
			return false;
	}
	return true;
}

/* A key in an address ends in the logs of servers. */
static int
add_query(struct parse *p, const char *value)
{
	static const char *const times[] = { "{from}", "{last}", "{to}", NULL };
	const char *eq = strchr(value, '=');

	if (eq == NULL || !is_address(value, (size_t)(eq - value)))
		return refuse(p, _("not a query, \"name=value\""), value);
	if (!has_only(eq + 1, times))
		return refuse(
		    p, _("only {from}, {last} and {to} are filled in"), value);
	if (p->feed->n_queries == CUSTOM_QUERIES_MAX)
		return refuse(p, _("too many queries"), value);
	p->feed->query[p->feed->n_queries++] = value;
	return 0;
}

static bool
read_value(const struct key *k, const char *value, uint32_t *number)
{
	int word;

	switch (k->kind) {
	case WORD:
		word = find_word(k->words, value);
		*number = (uint32_t)word;
		return word >= 0;
	case DAYS:
		return read_number(value, 0, DAYS_MAX, number) == 0;
	case POINTER_OR_TEXT:
		return value[0] != '/' || pointer_is_valid(value);
	case POINTER:
		return pointer_is_valid(value);
	case PATH:
		return value[0] == '/' && is_address(value, strlen(value));
	case QUERY_NAME:
	default:
		return is_address(value, strlen(value));
	}
}

static int
refuse_value(struct parse *p, const struct key *k, const char *value)
{
	char what[WHAT_MAX];

	switch (k->kind) {
	case WORD:
		return refuse_word(p, k->words, value);
	case DAYS:
		snprintf(what, sizeof(what),
		    _("not a number of days from 0 to %d"), DAYS_MAX);
		return refuse(p, what, value);
	case POINTER:
	case POINTER_OR_TEXT:
		return refuse(
		    p, _("not a pointer such as /data/0/x, RFC 6901"), value);
	case PATH:
		return refuse(p, _("not a path as /v1/costs"), value);
	case QUERY_NAME:
	default:
		return refuse(p, _("not the name of a query, as page"), value);
	}
}

static int
take_feed(struct parse *p, const char *name, const char *value)
{
	struct custom_feed *f = p->feed;
	size_t i = 0;

	if (strcmp(name, "query") == 0)
		return add_query(p, value);
	while (i < CUSTOM_KEYS && strcmp(keys[i].name, name) != 0)
		i++;
	if (i == CUSTOM_KEYS)
		return refuse(p, _("unknown key in a feed"), name);
	if (f->text[i] != NULL)
		return refuse(p, _("the key was there before"), name);
	if (!read_value(&keys[i], value, &f->number[i]))
		return refuse_value(p, &keys[i], value);
	f->text[i] = value;
	return 0;
}

/* The text without the blanks around it; cuts it off. */
static char *
trim(char *s)
{
	size_t len;

	s += strspn(s, " \t");
	for (len = strlen(s); len > 0 && strchr(" \t\r", s[len - 1]) != NULL;)
		len--;
	s[len] = '\0';
	return s;
}

/* The pointer to the whole answer is empty. */
static bool
may_be_empty(const struct parse *p, const char *name)
{
	for (size_t i = 0; p->feed != NULL && i < CUSTOM_KEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			return keys[i].kind == POINTER;
	return false;
}

static int
take_line(struct parse *p, char *line)
{
	char *eq, *name, *value;

	line = trim(line);
	if (line[0] == '\0' || line[0] == ';' || line[0] == '#')
		return 0;
	if (!text_is_clean(text_of(line)))
		return refuse(p, _("control characters, or not UTF-8"), "");
	if (line[0] == '[')
		return open_section(p, line);
	eq = strchr(line, '=');
	if (eq == NULL)
		return refuse(p, _("line is not \"key = value\""), line);
	*eq = '\0';
	name = trim(line);
	value = trim(eq + 1);
	if (strlen(value) > VALUE_MAX)
		return refuse(p, _("the value is too long"), name);
	if (value[0] == '\0' && !may_be_empty(p, name))
		return refuse(p, _("nothing stands after ="), name);
	if (p->feed != NULL && strstr(value, PROVIDER_KEY) != NULL)
		return refuse(p, _("only a header may take the key"), value);
	if (p->feed != NULL)
		return take_feed(p, name, value);
	if (p->in_provider)
		return take_provider(p, name, value);
	return refuse(p, _("the key stands above any section"), name);
}

/* What each kind of feed cannot do without. */
static const struct need {
	uint32_t gives;
	enum custom_key key;
} needs[] = {
	{ FEED_COST | FEED_USAGE, CUSTOM_FROM },
	{ FEED_COST | FEED_BALANCE, CUSTOM_AMOUNT },
	{ FEED_COST | FEED_BALANCE, CUSTOM_CURRENCY },
};

static int
lacks(struct parse *p, const char *feed, enum custom_key key)
{
	snprintf(p->why, p->cap, _("[feed \"%s\"] has no line \"%s = …\""),
	    feed, keys[key].name);
	return p->line;
}

static int
lacks_percent(struct parse *p, const char *feed)
{
	snprintf(p->why, p->cap,
	    _("[feed \"%s\"] has no line \"used-percent = …\" or "
	      "\"remaining-percent = …\""),
	    feed);
	return p->line;
}

static int
check_feed(struct parse *p, const struct custom_feed *f, const char *name)
{
	uint32_t gives = gives_of[f->number[CUSTOM_GIVES]];
	bool has_cursor = f->text[CUSTOM_CURSOR] != NULL;

	p->line = f->line;
	if (f->text[CUSTOM_GIVES] == NULL)
		return lacks(p, name, CUSTOM_GIVES);
	if (f->text[CUSTOM_PATH] == NULL)
		return lacks(p, name, CUSTOM_PATH);
	for (size_t i = 0; i < LENGTH(needs); i++)
		if ((gives & needs[i].gives) != 0 &&
		    f->text[needs[i].key] == NULL)
			return lacks(p, name, needs[i].key);
	if (gives == FEED_WINDOWS && f->text[CUSTOM_USED] == NULL &&
	    f->text[CUSTOM_REMAINING] == NULL)
		return lacks_percent(p, name);
	if (has_cursor && f->text[CUSTOM_CURSOR_QUERY] == NULL)
		return lacks(p, name, CUSTOM_CURSOR_QUERY);
	if (!has_cursor && (f->text[CUSTOM_CURSOR_QUERY] != NULL ||
			       f->text[CUSTOM_MORE] != NULL))
		return lacks(p, name, CUSTOM_CURSOR);
	return 0;
}

static uint32_t
number_of(const struct custom_feed *f, enum custom_key key)
{
	return f->text[key] == NULL ? keys[key].dflt : f->number[key];
}

static void
make_feed(struct custom *c, uint32_t i)
{
	const struct custom_feed *f = &c->own[i];
	struct provider_feed *out = &c->feeds[i];

	out->gives = gives_of[f->number[CUSTOM_GIVES]];
	out->key = c->key;
	out->every_s = c->every_s;
	out->is_windowed = (out->gives & (FEED_COST | FEED_USAGE)) != 0;
	out->trailing_days = number_of(f, CUSTOM_TRAILING);
	out->lookback_days = number_of(f, CUSTOM_LOOKBACK);
	out->lacks_today = number_of(f, CUSTOM_LACKS_TODAY) == 1;
	out->build = custom_build;
	out->walk = custom_walk;
	out->own = f;
}

static bool
takes_key(const struct custom *c)
{
	for (uint32_t i = 0; i < c->n_headers; i++)
		if (strstr(c->header[i], PROVIDER_KEY) != NULL)
			return true;
	return false;
}

static int
provider_lacks(struct parse *p, const char *key)
{
	snprintf(p->why, p->cap, _("[provider] has no line \"%s = …\""), key);
	return p->line;
}

static int
finish(struct parse *p)
{
	struct custom *c = p->c;
	int line;

	p->line = 1;
	if (p->name == NULL)
		return provider_lacks(p, "name");
	if (provider_find(p->name) != NULL)
		return refuse(p, _("the name is that of a known one"), p->name);
	if (p->base_url == NULL)
		return provider_lacks(p, "base-url");
	if (c->key == NULL)
		return provider_lacks(p, "key");
	if (!takes_key(c))
		return refuse(p, _("no header takes the key"), PROVIDER_KEY);
	if (c->provider.n_feeds == 0)
		return refuse(p, _("there is no feed"), p->name);
	for (uint32_t i = 0; i < c->provider.n_feeds; i++) {
		line = check_feed(p, &c->own[i], c->feeds[i].name);
		if (line != 0)
			return line;
		make_feed(c, i);
	}
	c->region = (struct provider_region){ "", p->base_url, NULL };
	c->provider.name = p->name;
	c->provider.regions = &c->region;
	c->provider.n_regions = 1;
	c->provider.feeds = c->feeds;
	return 0;
}

static int
take_lines(struct parse *p, char *text, size_t len)
{
	char *end = text + len, *line = text, *stop;
	int rc = 0;

	if (strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
		line += strlen(BYTE_ORDER_MARK);
	while (rc == 0 && line < end) {
		stop = memchr(line, '\n', (size_t)(end - line));
		if (stop == NULL)
			stop = end;
		p->line++;
		*stop = '\0';
		if (strlen(line) != (size_t)(stop - line))
			return refuse(
			    p, _("control characters, or not UTF-8"), "");
		rc = take_line(p, line);
		line = stop + 1;
	}
	return rc != 0 ? rc : finish(p);
}

int
custom_parse(
    struct custom *c, const char *text, size_t len, char *why, size_t cap)
{
	struct parse p = { .c = c, .why = why, .cap = cap };

	*c = (struct custom){ .every_s = EVERY_DEFAULT_S };
	c->text = malloc(len + 1);
	if (c->text == NULL) {
		snprintf(why, cap, _("out of memory"));
		return 1;
	}
	memcpy(c->text, text, len);
	c->text[len] = '\0';
	return take_lines(&p, c->text, len);
}

void
custom_release(struct custom *c)
{
	free(c->text);
	*c = (struct custom){ 0 };
}

const char *
custom_key_name(enum custom_key key)
{
	return keys[key].name;
}
