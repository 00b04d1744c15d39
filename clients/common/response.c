#include "clients/common/response.h"

#include <stdio.h>
#include <string.h>

enum state {
	AT_LINE,     /* before the first byte of a line */
	IN_HEAD,     /* in the name of a stream's field, or in what is none */
	IN_SKIPPED,  /* in a line that says nothing */
	IN_HEADERS,  /* in a block of HTTP headers */
	AT_DATA,     /* after "data:", before a value */
	IN_WORD,     /* in data that is no JSON object: "[DONE]" */
	IN_VALUE,    /* in a JSON object */
	AT_ELEMENTS, /* between the elements of an array */
	IN_NOTHING   /* compressed: all the rest is passed over */
};

void
response_init(struct response *r, reply_fn *fn, void *arg)
{
	*r = (struct response){ .reply = { .fn = fn, .arg = arg } };
}

void
response_release(struct response *r)
{
	reply_release(&r->reply);
	slim_release(&r->value);
}

static bool
is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || is_line_end(c);
}

/* One line for a run of trouble; what follows it is mostly its echo. */
static void
tell_broken(struct response *r, const char *what)
{
	struct error err;

	if (!r->is_broken) {
		error_set(&err, ERR_MALFORMED, NULL, "%s", what);
		r->reply.told++;
		r->reply.fn(r->reply.arg, NULL, &err);
	}
	r->is_broken = true;
}

/* --- Values --------------------------------------------------------------- */

/* Its first bracket was just seen. */
static void
begin_value(struct response *r, bool is_stream)
{
	slim_reset(&r->value);
	r->is_stream = is_stream;
	slim_feed(&r->value, "{", 1);
	r->is_open = true;
	r->state = IN_VALUE;
}

static void
tell_bad_json(struct response *r, const char *why)
{
	char what[100];

	snprintf(what, sizeof(what), "not JSON: %s", why);
	tell_broken(r, what);
	r->is_array = false;
	r->state = IN_SKIPPED;
}

static void
end_value(struct response *r)
{
	bool is_part = r->is_stream || r->is_array;

	r->is_open = false;
	if (r->is_stream)
		r->state = AT_DATA;
	else
		r->state = r->is_array ? AT_ELEMENTS : AT_LINE;
	if (r->value.state == SLIM_BAD)
		tell_bad_json(r, r->value.error);
	else if (reply_take(&r->reply, r->value.p, r->value.len, is_part) != 0)
		tell_broken(r, "not JSON");
	else
		r->is_broken = false;
}

/* What a line of a stream leaves open goes on in the data of the next. */
static size_t
take_value(struct response *r, const char *bytes, size_t len)
{
	size_t n = 0, taken;

	if (!r->is_stream)
		n = len;
	while (n < len && !is_line_end(bytes[n]))
		n++;
	taken = slim_feed(&r->value, bytes, n);
	if (r->value.state != SLIM_MORE)
		end_value(r);
	else if (n < len)
		r->state = IN_SKIPPED; /* to the line end, which is next */
	return taken;
}

/* --- Lines ---------------------------------------------------------------- */

/* The value that is open will not be finished: something else begins. */
static void
drop_value(struct response *r)
{
	if (r->is_open)
		tell_broken(r, "not JSON: the text ends too early");
	r->is_open = false;
}

static bool
head_is(const struct response *r, const char *s)
{
	return r->head_len == strlen(s) && memcmp(r->head, s, r->head_len) == 0;
}

static bool
head_begins(const struct response *r, const char *s)
{
	return r->head_len >= strlen(s) && memcmp(r->head, s, strlen(s)) == 0;
}

static void
refuse_head(struct response *r)
{
	static const struct magic {
		const char *bytes, *what;
	} magics[] = {
		{ "\x1f\x8b", "compressed with gzip: curl needs --compressed" },
		{ "\x28\xb5\x2f\xfd",
		    "compressed with zstd: curl needs --compressed" },
	};
	size_t i;

	r->state = IN_SKIPPED;
	for (i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (head_begins(r, magics[i].bytes)) {
			r->is_broken = false;
			tell_broken(r, magics[i].what);
			r->state = IN_NOTHING;
			return;
		}
	tell_broken(r, "neither JSON nor an event stream");
}

/* The name of a field is read, or the line is none. */
static void
end_head(struct response *r)
{
	if (head_is(r, "data"))
		r->state = AT_DATA;
	else if (head_is(r, "event") || head_is(r, "id") || head_is(r, "retry"))
		r->state = IN_SKIPPED;
	else
		refuse_head(r);
	r->head_len = 0;
}

static void
begin_headers(struct response *r)
{
	drop_value(r);
	reply_finish(&r->reply, false);
	r->state = IN_HEADERS;
	r->is_blank = false;
	r->head_len = 0;
}

static void
take_head(struct response *r, char c)
{
	if (c == ':') {
		end_head(r);
		return;
	}
	r->head[r->head_len++] = c;
	if (head_is(r, "HTTP/")) {
		begin_headers(r);
	} else if (head_is(r, "\xef\xbb\xbf")) {
		r->head_len = 0;
		r->state = AT_LINE;
	} else if (r->head_len == RESPONSE_HEAD_MAX) {
		end_head(r);
	}
}

static void
take_line_start(struct response *r, char c)
{
	if (c == '{' || c == '[')
		drop_value(r);
	if (c == '{') {
		begin_value(r, false);
	} else if (c == '[') {
		reply_finish(&r->reply, false);
		r->is_array = true;
		r->state = AT_ELEMENTS;
	} else if (c == ':') {
		r->state = IN_SKIPPED;
	} else if (c != ' ' && c != '\t') {
		r->state = IN_HEAD;
		r->head_len = 0;
		take_head(r, c);
	}
}

static void
take_element_start(struct response *r, char c)
{
	if (c == '{') {
		begin_value(r, false);
	} else if (c == ']') {
		r->is_array = false;
		r->state = AT_LINE;
		reply_finish(&r->reply, true);
	} else if (c != ',' && !is_space(c)) {
		tell_bad_json(r, "an array of something else than objects");
	}
}

/* After "data:". A value may have begun in an earlier data line. */
static void
take_data_start(struct response *r, char c)
{
	if (r->is_open) {
		r->state = IN_VALUE;
		slim_feed(&r->value, "\n", 1);
		take_value(r, &c, 1);
	} else if (c == '{') {
		begin_value(r, true);
	} else if (c != ' ' && c != '\t') {
		r->head_len = 0;
		r->head[r->head_len++] = c;
		r->state = IN_WORD;
	}
}

static void
take_word(struct response *r, char c)
{
	if (r->head_len < RESPONSE_HEAD_MAX)
		r->head[r->head_len++] = c;
	if (head_is(r, "[DONE]"))
		reply_finish(&r->reply, true);
}

static void
end_headers_line(struct response *r)
{
	if (r->is_blank)
		r->state = AT_LINE;
	r->is_blank = true;
}

static void
take_line_end(struct response *r)
{
	switch (r->state) {
	case IN_HEADERS:
		end_headers_line(r);
		return;
	case AT_LINE:
		drop_value(r);
		break;
	case IN_HEAD:
		end_head(r);
		break;
	default:
		break;
	}
	if (r->state != IN_NOTHING)
		r->state = AT_LINE;
}

/* Outside values. */
static void
take_byte(struct response *r, char c)
{
	bool is_second = c == '\n' && r->after_cr;

	r->after_cr = c == '\r';
	if (is_second)
		return;
	if (r->state == AT_ELEMENTS)
		take_element_start(r, c);
	else if (is_line_end(c))
		take_line_end(r);
	else if (r->state == AT_LINE)
		take_line_start(r, c);
	else if (r->state == IN_HEAD)
		take_head(r, c);
	else if (r->state == IN_HEADERS)
		r->is_blank = false;
	else if (r->state == AT_DATA)
		take_data_start(r, c);
	else if (r->state == IN_WORD)
		take_word(r, c);
}

void
response_feed(struct response *r, const char *bytes, size_t len)
{
	size_t n;

	while (len > 0) {
		n = 1;
		if (r->state == IN_VALUE)
			n = take_value(r, bytes, len);
		else
			take_byte(r, *bytes);
		bytes += n;
		len -= n;
	}
}

/*
 * A stream may break off anywhere: what it said before is worth more than a
 * complaint about its last line.
 */
void
response_end(struct response *r)
{
	struct error err;

	if (r->state == IN_HEAD)
		end_head(r);
	if (r->reply.shape == REPLY_NONE)
		drop_value(r);
	reply_finish(&r->reply, false);
	if (r->reply.told > 0)
		return;
	error_set(&err, ERR_MISSING, NULL, "no usage in the reply");
	r->reply.told++;
	r->reply.fn(r->reply.arg, NULL, &err);
}
