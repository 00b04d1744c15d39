/*
 * What the verbs of tt-price share: options, calls, and how prices are shown.
 */
#ifndef CLIENTS_PRICE_PRICE_H
#define CLIENTS_PRICE_PRICE_H

#include "clients/price/tariff.h"
#include "clients/common/verbs.h"
#include "clients/report/fetch.h"
#include "clients/report/setup.h"

#define PRICE_NAME "tt-price"
#define PRICE_PATTERN_MAX 512 /* "provider/model" and the NUL */

struct price_options {
	struct report_options common; /* first: the macros of setup.h fit */
	const char *model, *provider, *tier, *geo, *from, *ts;
	/* set: decimal USD. */
	const char *rate[TARIFF_CLASSES], *above_rate[TARIFF_CLASSES];
	uint64_t above;
	bool above_seen;
	uint64_t count[TARIFF_CLASSES]; /* explain: tokens and searches */
	bool dry_run, yes;
};

#define PRICE_AT(member) offsetof(struct price_options, member)
#define PRICE_HEAD(title) OPTION_ROW_HEAD(title)
#define PRICE_FLAG(n, member, h)                                               \
	OPTION_ROW_FLAG(struct price_options, n, member, h)
#define PRICE_WORD(n, member, a, h)                                            \
	OPTION_ROW_TEXT(struct price_options, n, member, a, h)
#define PRICE_COUNT(n, class, h)                                               \
	{                                                                      \
		.name = n, .kind = OPTION_U64,                                 \
		.offset = PRICE_AT(count[class]), .arg = "N", .help = h,       \
		.max = LIMIT_TOKENS                                            \
	}

struct price_verb {
	struct verb verb; /* first */
	/* EXIT_*; args are the operands. */
	int (*run)(struct setup *s, const struct price_options *o, int nargs,
	    char **args);
};

extern const struct price_verb price_list, price_set, price_unset, price_update,
    price_explain, price_recost;

/* --- call.c --------------------------------------------------------------- */

/*
 * Calls a method with params already packed in k, which is freed. The result is
 * borrowed until the next call. EXIT_*, trouble told.
 */
int price_call(struct setup *s, struct packer *k, struct value *result);
/* All prices, which live as long as *kept, to free. */
int price_fetch(
    struct setup *s, const char *model, struct tariffs *list, void **kept);
/*
 * The rule that prices a call of that model then; NIL where none does. Either
 * text may be absent.
 */
int price_rule_of(struct setup *s, struct text provider, struct text model,
    int64_t at_ms, struct value *rule);
/* Usage: EXIT_USAGE after one line. */
#define price_misused(...) options_misused(PRICE_NAME, __VA_ARGS__)
/* A pattern as it is kept: lower case. EXIT_*. */
int price_take_pattern(const char *arg, char buf[PRICE_PATTERN_MAX]);
/* --tier and --from into *t. EXIT_*. */
int price_take_when(const struct price_options *o, struct tariff *t);
/* A date, which is its start in the zone in use, or a time. EXIT_*. */
int price_take_time(const char *option, const char *s, int64_t *ms);
/*
 * May it be done? EXIT_OK with --yes, or when somebody at a terminal says so;
 * EXIT_NO when he does not; EXIT_USAGE where nobody can be asked.
 */
int price_confirm(const struct price_options *o, const char *question);

/* --- show.c --------------------------------------------------------------- */

/* A table of prices; EXIT_*. */
int show_prices(
    const struct setup *s, const struct tariff *list, size_t n, bool is_table);
/* One price as a JSON object. */
void show_json(const struct tariff *t);
/* "rates":{…} and the steps after it. */
void show_json_rates(const struct tariff *t);
void show_csv(const struct tariff *list, size_t n);
/* "3.00", for searches "0.01"; "-" where unknown. */
void show_rate(int64_t pico, enum tariff_class class, char buf[FIGURE_MAX]);
/* "provider/model" or the pattern. */
struct text show_name(const struct tariff *t, char buf[PRICE_PATTERN_MAX]);
/* Money and rates as JSON numbers, exact. */
void show_json_money(const char *name, money_sum pico);

#endif
