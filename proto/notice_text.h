/*
 * The sentence a notice is told by, to people and to agents' sessions. Names
 * come from events, which anybody may send: they are shown by the rule of
 * notice_name() alone.
 */
#ifndef PROTO_NOTICE_TEXT_H
#define PROTO_NOTICE_TEXT_H

#include "proto/notice.h"

#define NOTICE_TEXT_MAX 1024 /* any sentence, NUL included */

enum notice_sentence {
	SENTENCE_BUDGET_WARN,
	SENTENCE_BUDGET_LIMIT,
	SENTENCE_BUDGET_WARN_TOKENS,
	SENTENCE_BUDGET_LIMIT_TOKENS,
	SENTENCE_DAILY,
	SENTENCE_WEEKLY,
	SENTENCE_DAILY_FIGURES,
	SENTENCE_WEEKLY_FIGURES,
	SENTENCE_FIGURES, /* stands within those two */
	SENTENCE_FIGURES_UNPRICED,
	SENTENCE_FIGURES_NONE,
	SENTENCE_QUOTA,
	SENTENCE_SOURCE,
	SENTENCE_PROVIDER,
	SENTENCE_PROVIDER_WHY,
	SENTENCE_PROVIDER_ASKS, /* why is a question */
	SENTENCE_REMEDY_SYNC,   /* stand within those three */
	SENTENCE_REMEDY_KEY,
	SENTENCE_PRICE,
	SENTENCE_BALANCE,
	NOTICE_SENTENCES
};

/* In English, with {subject}, {period}, {spent}, {limit}, {day}, {why},
 * {remedy} and {figures} in them, or what figures are made of. */
extern const char *const notice_sentences[NOTICE_SENTENCES];

/* What helps where a provider cannot be asked. */
enum notice_remedy {
	REMEDY_NONE, /* why says it itself */
	REMEDY_SYNC,
	REMEDY_KEY
};
enum notice_remedy notice_remedy(const struct notice *n);
/* Its why ends in a question mark, and takes no full stop. */
bool notice_asks(const struct notice *n);

/* The name itself where it is [A-Za-z0-9._:/@-]{1,64}, else "?". */
struct text notice_name(struct text name);
/*
 * Writes the sentence and a NUL; returns its length. sentences: those to
 * choose from, or NULL for the reader's language.
 */
size_t notice_text(const struct notice *n, const char *const *sentences,
    char buf[NOTICE_TEXT_MAX]);

#endif
