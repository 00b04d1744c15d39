/*
 * Reading the members of an answer. All return 0, or -1 with the answer saying
 * which member is off and where. Numbers may stand in strings everywhere; null
 * is as good as missing. Fields are dotted paths below obj.
 */
#ifndef PROVIDERS_READER_H
#define PROVIDERS_READER_H

#include "collectord/jobs/providers/provider.h"
#include "proto/json.h"
#include "proto/limits.h"

#define READER_TEXTS_MAX (BILLED_TEXTS + 2)

struct reader {
	const struct json *j;
	const struct provider_query *q;
	const struct provider_sink *sink; /* NULL: the page is only checked */
	struct provider_answer *a;
	bool has_group; /* some row has a group that was asked for */
	uint32_t n_texts;
	char texts[READER_TEXTS_MAX][LIMIT_TEXT + 1]; /* of the row at hand */
};

/* Decimal places between the unit of an amount and 10^-12 of the currency. */
enum { PLACES_UNITS = 12, PLACES_CENTS = 10 };

/* The page is no use: at the node (or NULL), for a member or NULL. */
int reader_fail(struct reader *r, const struct json_node *node,
    const char *field, const char *why);
/* The service itself says so. */
int reader_refuse(
    struct reader *r, enum provider_outcome outcome, const char *why);

/* Required, of that type. */
int reader_array(struct reader *r, const struct json_node *obj,
    const char *field, const struct json_node **out);
int reader_object(struct reader *r, const struct json_node *obj,
    const char *field, const struct json_node **out);
/* The next element of an array, NULL at the end; prev is NULL at first. -1 for
 * an element that is no object. */
int reader_next(struct reader *r, const struct json_node *array,
    const struct json_node **element);

/* A whole number; 0 where it is missing. */
int reader_count(struct reader *r, const struct json_node *obj,
    const char *field, uint64_t *out);
/* Required. */
int reader_money(struct reader *r, const struct json_node *obj,
    const char *field, int places, money_sum *out);
/* *has tells whether it is there. */
int reader_money_if(struct reader *r, const struct json_node *obj,
    const char *field, int places, money_sum *out, bool *has);
/* Required letters, made upper case. */
int reader_currency(struct reader *r, const struct json_node *obj,
    const char *field, char out[PROVIDER_CURRENCY_MAX]);
int reader_put_currency(struct text t, char out[PROVIDER_CURRENCY_MAX]);
/* Required times. */
int reader_seconds(struct reader *r, const struct json_node *obj,
    const char *field, int64_t *ms);
int reader_rfc3339(struct reader *r, const struct json_node *obj,
    const char *field, int64_t *ms);
/* The same of a text that was made of a node. */
int reader_time_of(struct reader *r, const struct json_node *node,
    const char *field, struct text t, int64_t *ms);
/* 0 where it is missing. */
int reader_milliseconds(struct reader *r, const struct json_node *obj,
    const char *field, int64_t *ms);
/*
 * A string, or a number or boolean as it is written; absent where it is
 * missing. Made clean and cut, so that it can be stored and shown. Lives until
 * reader_row.
 */
struct text reader_text(
    struct reader *r, const struct json_node *obj, const char *field);
/* The same of a node. */
struct text reader_text_of(struct reader *r, const struct json_node *node);
bool reader_is_missing(const struct json_node *node);
/* has_more and next_page. */
int reader_paging(struct reader *r, const struct json_node *root);
/* Takes a cursor: 0 or -1. */
int reader_cursor(
    struct reader *r, const struct json_node *node, const char *field);
/* The same for members found some other way. */
int reader_count_of(struct reader *r, const struct json_node *node,
    const char *field, uint64_t *out);
int reader_money_of(struct reader *r, const struct json_node *node,
    const char *field, int places, money_sum *out);

/* used, of a number that must be a percentage. */
int reader_percent(money_sum percent, char out[MONEY_TEXT_MAX]);
/* part of whole as a percentage of at most two decimals. */
void reader_ratio(money_sum part, money_sum whole, char out[MONEY_TEXT_MAX]);

/* Forgets the texts of the row before. */
void reader_row(struct reader *r);
/* Give a row to the sink; a billed one only where its day was asked for. */
int reader_billed(struct reader *r, const struct json_node *node,
    const struct billed_row *row);
int reader_balance(struct reader *r, const struct balance_row *row);
int reader_window(struct reader *r, const struct window_row *row);

#endif
