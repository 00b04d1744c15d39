/*
 * The language of texts for people: English, or Chinese from the catalogue of
 * clients/po. Whole sentences go through _( ), no fragments; N_( ) marks one
 * in a table, which is then put through _( ) where it is printed. JSON, CSV,
 * log lines, names of fields, options and codes never do. Nothing is looked for
 * before the first text, and nothing is read for English. For one thread, but
 * after lang_end for any.
 */
#ifndef PROTO_LANG_H
#define PROTO_LANG_H

#include <stdbool.h>
#include <stddef.h>

#define _(s) lang_text(s)
#define N_(s) (s)
/* P_("%u line", "%u lines", n): the form for n. */
#define P_(one, many, n) lang_plural(one, many, n)

/* The text in the reader's language, or itself. Lives for ever. */
const char *lang_text(const char *text) __attribute__((format_arg(1)));
const char *lang_plural(const char *one, const char *many, unsigned long n)
    __attribute__((format_arg(1), format_arg(2)));

/*
 * What --lang says, which is stronger than TT_LANG, the configuration and the
 * locale, in this order. -1: not a language we have.
 */
int lang_set(const char *name);
/* The same, from wherever in argv it stands before "--": so that even what is
 * said of the options before it is in that language. Bad ones are passed over.
 */
void lang_scan(int argc, char **argv);
/* What the configuration says; "" says nothing. */
void lang_configure(const char *name);
/* English from now on whatever was said, the C library's texts too. */
void lang_end(void);
/*
 * The n texts in Chinese, or themselves where there is no catalogue, for who
 * writes in several languages at a time. Before there are threads; what was
 * asked for stays so.
 */
void lang_texts_zh(const char *const *texts, size_t n, const char **zh);
/* Is Chinese asked for? */
bool lang_wants_zh(void);
/* As if nothing had been said. */
void lang_forget(void);
/* Is it Chinese, and is the catalogue there? */
bool lang_is_zh(void);

/* Columns that UTF-8 text takes on a terminal. */
size_t lang_width(const char *s, size_t len);

#endif
