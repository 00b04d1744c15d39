#include "clients/common/output.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "proto/lang.h"

/*
 * The length of the well-formed UTF-8 character at p, or 0 where there is none
 * (RFC 3629: nothing overlong, no surrogates, nothing above U+10FFFF).
 */
static size_t
utf8_len(const unsigned char *p, size_t left)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t n, i;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n > left)
		return 0;
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	if (p[1] < lo || p[1] > hi)
		return 0;
	for (i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* C0, DEL, and C1, which a terminal obeys when it comes as UTF-8 too. */
static bool
is_control(const unsigned char *p, size_t n)
{
	return p[0] < 0x20 || p[0] == 0x7f ||
	       (n == 2 && p[0] == 0xc2 && p[1] < 0xa0);
}

static void
put_escaped(FILE *f, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n, i;

	for (; len > 0; p += n, len -= n) {
		n = utf8_len(p, len);
		if (n > 0 && !is_control(p, n)) {
			fwrite(p, 1, n, f);
			continue;
		}
		if (n == 0)
			n = 1;
		for (i = 0; i < n; i++)
			fprintf(f, "\\x%02x", p[i]);
	}
}

void
vcomplain(const char *program, const char *fmt, va_list ap)
{
	char line[1024];
	int n = vsnprintf(line, sizeof(line), fmt, ap);

	if (n < 0)
		return;
	fprintf(stderr, "%s: ", program);
	put_escaped(stderr, line, strlen(line));
	if ((size_t)n >= sizeof(line))
		fputs("...", stderr);
	fputc('\n', stderr);
}

void
complain(const char *program, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vcomplain(program, fmt, ap);
	va_end(ap);
}

static void
json_put_char(FILE *f, const unsigned char *p, size_t n)
{
	static const char shorts[] = "\bb\ff\nn\rr\tt\"\"\\\\";
	const char *s;

	if (n == 0) {
		fputs("\\ufffd", f);
		return;
	}
	if (n == 1 && p[0] != '\0')
		for (s = shorts; *s != '\0'; s += 2)
			if ((unsigned char)s[0] == p[0]) {
				fprintf(f, "\\%c", s[1]);
				return;
			}
	if (p[0] < 0x20 || p[0] == 0x7f)
		fprintf(f, "\\u%04x", p[0]);
	else
		fwrite(p, 1, n, f);
}

void
json_put_text(FILE *f, struct text t)
{
	const unsigned char *p = (const unsigned char *)t.p;
	size_t left = t.len, n;

	fputc('"', f);
	while (left > 0) {
		n = utf8_len(p, left);
		json_put_char(f, p, n);
		if (n == 0)
			n = 1;
		p += n;
		left -= n;
	}
	fputc('"', f);
}

void
json_put_str(FILE *f, const char *s)
{
	json_put_text(f, text_of(s));
}

static void
tsv_put_text(FILE *f, struct text t)
{
	uint32_t i;

	for (i = 0; i < t.len; i++)
		fputc(strchr("\t\r\n", t.p[i]) != NULL && t.p[i] != '\0'
			  ? ' '
			  : t.p[i],
		    f);
}

static bool
needs_quotes(struct text t, char separator)
{
	uint32_t i;

	for (i = 0; i < t.len; i++)
		if (t.p[i] == separator || t.p[i] == '"' || t.p[i] == '\r' ||
		    t.p[i] == '\n')
			return true;
	return t.len > 0 && (t.p[0] == ' ' || t.p[t.len - 1] == ' ');
}

void
csv_put_text(FILE *f, char separator, struct text t)
{
	bool formula =
	    t.len > 0 && t.p[0] != '\0' && strchr("=+-@\t\r", t.p[0]) != NULL;
	uint32_t i;

	if (separator == '\t') {
		tsv_put_text(f, t);
		return;
	}
	if (!formula && !needs_quotes(t, separator)) {
		fwrite(t.p, 1, t.len, f);
		return;
	}
	fputs(formula ? "\"'" : "\"", f);
	for (i = 0; i < t.len; i++) {
		if (t.p[i] == '"')
			fputc('"', f);
		fputc(t.p[i], f);
	}
	fputc('"', f);
}

int
output_finish(const char *program)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	if (errno != EPIPE)
		complain(program, _("cannot write the output: %s"),
		    errno != 0 ? strerror(errno) : _("an earlier error"));
	return -1;
}
