#include "clients/common/text_lang.h"

#include <string.h>

#define ARGS_MAX 4
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/*
 * The messages of error_set, every value of theirs a %s; what is general comes
 * after what is not. tests/lang.sh holds the list against the sources.
 */
static const char *const known[] = {
	/* Texts and numbers. */
	N_("%s bytes, the limit is %s"),
	N_("%s is more than %s, %s"),
	N_("%s is over the limit of %s"),
	N_("%s ms is before 2020-01-01, %s ms"),
	N_("%s ms is more than a day ahead, over %s ms"),
	N_("%s USD is not between 0 and %s USD"),
	N_("a message or a call is required"),
	N_("a session is required"),
	N_("control characters, or not UTF-8"),
	N_("longer than %s bytes"),
	N_("more money than there is"),
	N_("more than a call can cost"),
	N_("more than cache_write"),
	N_("negative"),
	N_("not a boolean"),
	N_("not a decimal number"),
	N_("not a number"),
	N_("not a number from 0 on"),
	N_("not a string"),
	N_("not a text"),
	N_("not a time a call can have"),
	N_("not a time: RFC 3339, seconds or milliseconds"),
	N_("not a whole number of 0 or more"),
	N_("not an amount"),
	N_("not an array"),
	N_("not an integer"),
	N_("not an object"),
	N_("not between 0 and %s ms"),
	N_("not between 0 and 2^64 - 1"),
	N_("not between 0 and 255"),
	N_("not true or false"),
	N_("not the id of these running totals"),
	N_("running totals are of many calls"),
	N_("running totals need their time"),
	N_("too long with the agent for running totals"),
	/* Lines and replies on stdin. */
	N_("a second reply, and the options are those of one call"),
	N_("an array of something else than objects"),
	N_("compressed with gzip: curl needs --compressed"),
	N_("no room for texts"),
	N_("no usage in the reply"),
	N_("neither JSON nor an event stream"),
	N_("not JSON"),
	N_("not JSON: %s at byte %s"),
	N_("not JSON: %s"),
	N_("not a JSON object"),
	N_("the reply is an error: %s"),
	/* Why it is not JSON. */
	N_("control character in a string"),
	N_("expected a colon"),
	N_("expected a comma or the end"),
	N_("expected a key"),
	N_("expected a value"),
	N_("invalid escape"),
	N_("invalid number"),
	N_("invalid word"),
	N_("text after the value"),
	N_("the text ends too early"),
	N_("the text ends within a string"),
	N_("too long"),
	N_("too many values"),
	/* Requests. */
	N_("%s edges, the limit is %s"),
	N_("a day has its beginning and its end in ms"),
	N_("a row is a map"),
	N_("more than a day can have"),
	N_("more than output"),
	N_("not a date as 2026-05-12"),
	N_("not a list of at most 1000 rows"),
	N_("not the beginning and the end of that day"),
	N_("who says so"),
	N_("%s in one put, the limit is %s"),
	N_("%s is not a text"),
	N_("%s patterns, the limit is %s"),
	N_("%s stands twice"),
	N_("a byte or type that has no place here"),
	N_("a model or provider/model"),
	N_("a name is a text of 1 to %s bytes"),
	N_("a pattern of %s bytes, the limit is %s"),
	N_("a rate is decimal text"),
	N_("a report needs two edges"),
	N_("a step is {above, rates}"),
	N_("a value is bytes"),
	N_("a value of %s bytes, the limit is %s"),
	N_("after is not a revision"),
	N_("an edge is no multiple of 15 minutes"),
	N_("an edge is no time"),
	N_("an event is a map"),
	N_("larger than a message may be"),
	N_("neither events nor cursors"),
	N_("nested too deeply"),
	N_("no such key to group by"),
	N_("no such method"),
	N_("not [0, msgid, method, [params]]"),
	N_("not [key, pattern]"),
	N_("not MessagePack"),
	N_("not a MessagePack-RPC message"),
	N_("not a list of at most %s steps"),
	N_("not a tier"),
	N_("not whole picodollars a token: %s USD a million"),
	N_("now is beyond the year 9999"),
	N_("now is missing"),
	N_("now is no time"),
	N_("that report has no pages left"),
	N_("the edges do not ascend"),
	N_("the params are no map"),
	N_("token is missing"),
	N_("token is not a number"),
	N_("too many values in one message"),
	N_("which session's calls"),
	N_("whose price"),
	N_("a session or last"),
	N_("context is {used, size}, a window {name, used_percent, resets}"),
	N_("input and output are needed, and steps that ascend"),
	N_("nothing is known of it"),
	N_("the configuration's file says this price"),
	N_("the start of a UTC day in ms"),
	N_("whose context it is"),
	/* Budgets. */
	N_("more than there can be"),
	N_("must be above 0"),
	N_("no budget of that name"),
	N_("no limit"),
	N_("no name"),
	N_("not a pattern"),
	N_("not a percentage"),
	N_("only letters, digits and . _ : / @ -"),
	N_("there are 64 budgets already"),
	N_("whose?"),
	N_("not a map"),
	N_("not an amount of USD"),
	N_("not a number of tokens"),
	N_("not day, week, month, session or block"),
	/* The daemon's trouble. */
	N_("a page cannot be sent"),
	N_("no memory"),
	N_("no thread for it"),
	N_("out of memory"),
	N_("the daemon stops"),
	N_("the disk or the store's map is full"),
	N_("the store could not be read or written"),
	N_("the daemon was not started by a client"),
	N_("the daemon was not started with TT_NOW"),
	N_("the ledger could not take it; the log says why"),
	N_("the ledger has no events"),
	N_("the reply has no room"),
	N_("the report failed; the log says why"),
	N_("the store cannot be read; the log says why"),
	N_("too many reports are under way"),
	N_("too many requests are waiting"),
	/* Accounts of providers. */
	N_("%s is too long, or no clean text"),
	N_("it is being asked or removed; try again"),
	N_("it is disabled"),
	N_("the name of an account has letters, digits and . _ - only"),
	N_("it is there already, at another host: take it away first, or add "
	   "another account"),
	N_("it is there already, with another key: set a new key, take it "
	   "away first, or add another account"),
	N_("no key: 8 to 1023 printable characters, no spaces"),
	N_("no such provider"),
	N_("no such region"),
	N_("not a URL of a service"),
	N_("paths are put behind it: no ? and no #"),
	N_("not a URL"),
	N_("only https, or http to this machine itself"),
	N_("not a UTC midnight"),
	N_("below how much of the currency"),
	N_("the provider tells no balance that could be low"),
	N_("not a currency, as CNY"),
	N_("not an amount of money"),
	N_("the store could not be written"),
	N_("there are %s accounts already"),
	N_("there is no such account"),
	N_("to is before from"),
	N_("try again"),
	N_("which key"),
	N_("which provider"),
	/* What services answer, and what is wrong with definitions of them. */
	N_("%s (HTTP %s): it takes %s"),
	N_("%s (HTTP %s): is the path of its base URL right?"),
	N_("%s: \"%s\" at byte %s: %s"),
	N_("%s, at byte %s: %s"),
	N_("the service could not be asked: no connection through the proxy "
	   "(HTTP %s)"),
	N_("nothing that was asked for is there (HTTP 404): is the address of "
	   "the service right?"),
	N_("the key cannot be read from %s: %s; tt-provider set %s --new-key "
	   "takes another"),
	N_("%s (HTTP %s)"),
	N_("the service could not be asked: %s"),
	N_("not asked: too many requests for the service"),
	N_("not asked in this round: the service failed before"),
	N_("it is not there"),
	N_("it has no key"),
	N_("others could read it, or it is not yours: chmod 600"),
	N_("there are more pages, but no cursor to them"),
	N_("a cursor came again"),
	N_("there are more than 1000 pages"),
	N_("the ledger could not take it"),
	N_("there is more of it than we can keep"),
	N_("the answer is larger than 64 MiB, or its head is"),
	N_("the key is for another host"),
	N_("the key is too long"),
	N_("the question does not fit"),
	N_("no such host"),
	N_("no connection"),
	N_("no connection through the proxy"),
	N_("no connection through the proxy (HTTP 407): it wants a login"),
	N_("timeout"),
	N_("broken off"),
	N_("its answer does not end in time"),
	N_("its certificate is not for that host, or not trusted"),
	N_("redirect"),
	N_("bad request"),
	N_("%s: not one of %s: %s"),
	N_("%s: not seconds from %s to %s: %s"),
	N_("%s: not a number of days from 0 to %s: %s"),
	N_("%s: [provider] has no line \"%s = …\""),
	N_("%s: [feed \"%s\"] has no line \"used-percent = …\" or "
	   "\"remaining-percent = …\""),
	N_("%s: [feed \"%s\"] has no line \"%s = …\""),
	N_("not an address as https://api.example.com/v1"),
	N_("not a pointer such as /data/0/x, RFC 6901"),
	N_("not a path as /v1/costs"),
	N_("not the name of a query, as page"),
	N_("nothing stands after ="),
	N_("%s: its name is \"%s\", which must be that of the file"),
	N_("a bucket is not within one UTC day"),
	N_("a key of the same region: those of .ai and .cn differ"),
	N_("a management key"),
	N_("a redirect, which is not followed with a key"),
	N_("an admin key, sk-admin-..., which an owner of the organization "
	   "makes"),
	N_("an admin key, sk-ant-admin..., which an admin of the organization "
	   "makes; accounts of one person have none"),
	N_("an element is no object"),
	N_("any key of the account"),
	N_("it could not be kept"),
	N_("it is missing"),
	N_("it is not a JSON object"),
	N_("it is not a cursor that can be sent"),
	N_("it is not a decimal number"),
	N_("it is not a time"),
	N_("it is not a whole number from 0 on"),
	N_("it is not the name of a currency"),
	N_("it is of another type"),
	N_("line is not \"key = value\""),
	N_("more is to come, and no cursor for it"),
	N_("no header takes the key"),
	N_("no such file, and no provider of that name is built in"),
	N_("not [provider] or [feed \"name\"]"),
	N_("not a file"),
	N_("not a header, \"Name: value\""),
	N_("not a name of small letters, digits and -"),
	N_("not a query, \"name=value\""),
	N_("not an answer that can be used"),
	N_("only a header may take the key"),
	N_("only {from}, {last} and {to} are filled in"),
	N_("a header takes the key only once"),
	N_("%s: others could write it: chmod go-w"),
	N_("others could write it: chmod go-w"),
	N_("the answer is not JSON"),
	N_("the feed was there before"),
	N_("the key is not accepted"),
	N_("the key may not do this"),
	N_("the key of a plan, sk-cp-..., of the same region"),
	N_("the key stands above any section"),
	N_("the key was there before"),
	N_("the name is that of a known one"),
	N_("the number is out of range"),
	N_("the service answers with an error"),
	N_("the service fails"),
	N_("the service is overloaded"),
	N_("the service refuses the request"),
	N_("the service timed out"),
	N_("the service wants a payment first"),
	N_("the value is too long"),
	N_("there is no feed"),
	N_("there is no such thing for this account"),
	N_("too many feeds"),
	N_("too many headers"),
	N_("too many queries"),
	N_("too many requests for the service"),
	N_("unknown key in [provider]"),
	N_("unknown key in a feed"),
	/* What a field is one of. */
	N_("main, subagent or tool"),
	N_("metered or plan"),
	N_("standard, batch, flex, priority or fast"),
	/* Anything may stand here. */
	N_("not %s: \"%s\""),
	/* Where, and what is wrong there. */
	N_("%s: %s: %s"),
	N_("%s: %s"),
};

struct span {
	const char *p;
	size_t len;
};

/* The first place from which len bytes of s are what stands there. */
static const char *
find_piece(const char *in, const char *s, size_t len)
{
	for (; *in != '\0'; in++)
		if (strncmp(in, s, len) == 0)
			return in;
	return NULL;
}

/*
 * Is the message what the format makes of some values? They are put in args. A
 * value ends where the format's next piece first stands, the last one where the
 * message ends in the last piece.
 */
static bool
matches(const char *format, const char *message, struct span args[ARGS_MAX])
{
	const char *mark = strstr(format, "%s"), *end;
	size_t len = mark != NULL ? (size_t)(mark - format) : strlen(format);
	size_t n = 0, left;

	if (strncmp(message, format, len) != 0)
		return false;
	for (message += len; mark != NULL && n < ARGS_MAX; n++) {
		format = mark + 2;
		mark = strstr(format, "%s");
		len = mark != NULL ? (size_t)(mark - format) : strlen(format);
		left = strlen(message);
		if (mark != NULL)
			end = find_piece(message, format, len);
		else
			end = left >= len ? message + (left - len) : NULL;
		if (end == NULL || strncmp(end, format, len) != 0)
			return false;
		args[n] = (struct span){ message, (size_t)(end - message) };
		message = end + len;
	}
	return *message == '\0';
}

/* A value may be a message itself, such as why a line is not JSON. */
static struct span
translate_value(struct span value)
{
	const char *text;
	size_t i;

	for (i = 0; i < LENGTH(known); i++)
		if (strlen(known[i]) == value.len &&
		    memcmp(known[i], value.p, value.len) == 0) {
			text = _(known[i]);
			return (struct span){ text, strlen(text) };
		}
	return value;
}

static void
append(char *buf, size_t cap, size_t *at, struct span s)
{
	size_t room = cap - 1 - *at;

	if (s.len > room)
		s.len = room;
	memcpy(buf + *at, s.p, s.len);
	*at += s.len;
}

/* The translation with its values, which stand as %s or as %1$s. */
static void
fill_in(
    const char *format, const struct span args[ARGS_MAX], char *buf, size_t cap)
{
	size_t at = 0, next = 0, which;

	while (*format != '\0') {
		which = ARGS_MAX;
		if (strncmp(format, "%s", 2) == 0) {
			which = next++;
			format += 2;
		} else if (format[0] == '%' && format[1] >= '1' &&
			   format[1] <= '0' + ARGS_MAX &&
			   strncmp(format + 2, "$s", 2) == 0) {
			which = (size_t)(format[1] - '1');
			format += 4;
		}
		if (which < ARGS_MAX)
			append(buf, cap, &at, translate_value(args[which]));
		else
			append(buf, cap, &at, (struct span){ format++, 1 });
	}
	buf[at] = '\0';
}

const char *
lang_said(const char *message, char *buf, size_t cap)
{
	struct span args[ARGS_MAX] = { { "", 0 } };
	size_t i;

	if (!lang_is_zh())
		return message;
	for (i = 0; i < LENGTH(known); i++) {
		if (!matches(known[i], message, args))
			continue;
		fill_in(_(known[i]), args, buf, cap);
		return buf;
	}
	return message;
}

/* Chinese is written without blanks: lines break between characters. */
static bool
is_wide(const char *s, size_t len)
{
	return len > 1 && lang_width(s, len) > 1;
}

static bool
is_one_of(const char *s, size_t len, const char *const *marks)
{
	for (; *marks != NULL; marks++)
		if (strlen(*marks) == len && memcmp(*marks, s, len) == 0)
			return true;
	return false;
}

static size_t
char_length(const char *s)
{
	size_t n = *s != '\0';

	while (((unsigned char)s[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* May a line end between these two characters? */
static bool
may_break(const char *a, size_t alen, const char *b, size_t blen)
{
	static const char *const closing[] = { "，", "。", "：", "；", "、",
		"）", "”", "？", "！", "》", NULL };
	static const char *const opening[] = { "（", "“", "《", NULL };

	return (is_wide(a, alen) || is_wide(b, blen)) &&
	       !is_one_of(b, blen, closing) && !is_one_of(a, alen, opening);
}

size_t
lang_piece(const char *s)
{
	size_t len = char_length(s), last = len, next;

	while (s[len] != '\0' && s[len] != ' ') {
		next = char_length(s + len);
		if (may_break(s + len - last, last, s + len, next))
			break;
		last = next;
		len += next;
	}
	return len;
}

void
lang_pad(FILE *f, const char *text, size_t columns)
{
	size_t width = lang_width(text, strlen(text));

	fputs(text, f);
	for (; width < columns; width++)
		fputc(' ', f);
}
