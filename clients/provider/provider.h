/*
 * What the verbs of tt-provider share: options, calls, and how an account is
 * shown.
 */
#ifndef CLIENTS_PROVIDER_PROVIDER_H
#define CLIENTS_PROVIDER_PROVIDER_H

#include "clients/provider/secret.h"
#include "clients/common/verbs.h"
#include "clients/report/fetch.h"
#include "clients/report/setup.h"

#define PROVIDER_NAME "tt-provider"

struct provider_options {
	struct report_options common; /* first: the macros of setup.h fit */
	struct secret_source key;
	const char *account, *region, *base_url, *low_balance;
	bool is_shared, is_not_shared, no_verify, keep_data;
};

#define PROVIDER_AT(member) offsetof(struct provider_options, member)
#define PROVIDER_HEAD(title) OPTION_ROW_HEAD(title)
#define PROVIDER_FLAG(n, member, h)                                            \
	OPTION_ROW_FLAG(struct provider_options, n, member, h)
#define PROVIDER_WORD(n, member, a, h)                                         \
	OPTION_ROW_TEXT(struct provider_options, n, member, a, h)
#define PROVIDER_KEY                                                           \
	PROVIDER_HEAD(N_("The key")),                                          \
	    PROVIDER_FLAG("key-stdin", key.from_stdin,                         \
		N_("one line of the standard input")),                         \
	    PROVIDER_WORD("key-file", key.file, "FILE",                        \
		N_("the one line of that file")),                              \
	    PROVIDER_WORD("key-command", key.command, "COMMAND",               \
		N_("what this prints; sh -c runs it")),                        \
	    PROVIDER_WORD("key-env", key.variable, "NAME",                     \
		N_("what that variable of the environment says"))
#define PROVIDER_OUTPUT                                                        \
	PROVIDER_HEAD(N_("Output")),                                           \
	    PROVIDER_FLAG("json", common.json, N_("JSON")), REPORT_COMMON

struct provider_verb {
	struct verb verb; /* first */
	/* EXIT_*; args are the operands. */
	int (*run)(struct setup *s, const struct provider_options *o, int nargs,
	    char **args);
};

extern const struct provider_verb provider_add, provider_set, provider_list,
    provider_enable, provider_disable, provider_rm, provider_sync,
    provider_balance, provider_services;

/* --- call.c --------------------------------------------------------------- */

/* Usage: EXIT_USAGE after one line. */
#define provider_misused(...) options_misused(PROVIDER_NAME, __VA_ARGS__)
/* At most one operand, an account's name; NULL where there is none. EXIT_*. */
int provider_take_name(int nargs, char **args, const char **name);
/* Exactly one. EXIT_*. */
int provider_need_name(int nargs, char **args, const char **name);
/* More than a name may be a key, which is not shown. EXIT_*. */
int provider_refuse_more(int nargs);
/*
 * Sends what k holds, wipes and frees it, and waits. The result is borrowed
 * until the next call.
 */
enum client_result provider_ask(
    struct setup *s, struct packer *k, struct value *result);
/* Says why. name is the account that was meant, or NULL. EXIT_*. */
int provider_failed(struct setup *s, enum client_result r, const char *name);
/* Both. EXIT_*. */
int provider_call(
    struct setup *s, struct packer *k, const char *name, struct value *result);
/* Room for a request with a key in it, so that nothing is left behind. */
void provider_make_room(struct packer *k);
/* The accounts, all or the one of that name. EXIT_*, trouble told. */
int provider_fetch(struct setup *s, const char *name, struct value *list);
/*
 * Shows the accounts, all or the one that is named: to people, or as JSON, each
 * an object. EXIT_*.
 */
int provider_show(struct setup *s, int nargs, char **args,
    int (*table)(const struct setup *s, struct value list),
    void (*json)(const struct setup *s, const struct value *account));
enum provider_fate { /* of a key that was given */
	PROVIDER_KEY_TAKEN,
	PROVIDER_KEY_NOT_TRIED,
	PROVIDER_KEY_UNTRIABLE, /* the service would not say */
	PROVIDER_KEY_FATES
};
enum provider_fate provider_fate(const struct value *result);
/*
 * The result of a change: one line, or JSON; what the service said of the key
 * goes with it.
 */
void provider_tell(
    const struct setup *s, const struct value *result, const char *line);

/* Of an account whose key is refused: one line, how to give it another. */
void provider_tell_remedy(const char *name);

/* --- low.c ---------------------------------------------------------------- */

/* What --low-balance says. */
struct provider_low {
	bool is_given, is_none;
	money_sum amount;
	char currency[8]; /* "": any, each by itself */
};
/* EXIT_*. */
int provider_take_low(
    const struct provider_options *o, struct provider_low *low);
/* Has the account, or the service, a balance that could be low? EXIT_*. */
int provider_check_low(
    const struct provider_low *low, const struct value *owner);
/* The members that it is sent as, and how many. */
uint32_t provider_low_members(const struct provider_low *low);
void provider_pack_low(struct packer *k, const struct provider_low *low);
/* "low_balance":10,"low_balance_currency":"CNY" */
void provider_json_low(const struct value *account);
/* Has the account a threshold for that balance? Is it below, by the daemon's
 * rule? */
bool provider_low_watches(
    const struct value *account, const struct value *balance);
bool provider_is_low(const struct value *account, const struct value *balance);

/* --- show.c --------------------------------------------------------------- */

/* "12.34 CNY": amounts of currencies stand beside each other here. */
#define PROVIDER_AMOUNT_MAX 80
void provider_amount(
    money_sum amount, struct text currency, char buf[PROVIDER_AMOUNT_MAX]);
/* What the daemon says, in our language. */
#define PROVIDER_SAID_MAX 400
const char *provider_said(struct text said, char buf[PROVIDER_SAID_MAX]);
/* In words, for people; of what is not known as it is. */
struct text provider_state(struct text state);
struct text provider_outcome(struct text outcome);
struct text provider_balance_of(struct text what);
/* "key":"2026-05-12T10:00:00Z" or null where it is 0. */
void provider_json_time(
    const struct value *map, const char *key, const char *name);
/* "key":"text", null where it is absent. */
void provider_json_text(const struct value *map, const char *key);
/* A number of decimal text, null where it is absent. */
void provider_json_money(const struct value *map, const char *key);
/* Is "cost" among what a feed gives? */
bool provider_gives(const struct value *feed, const char *what);
/* "gives":["cost"] of a feed. */
void provider_json_gives(const struct value *feed);
/* "balances":[…],"windows":[…] */
void provider_json_left(const struct setup *s, const struct value *account);

/* --- as_of.c -------------------------------------------------------------- */

#define PROVIDER_AGE_MAX 200
/* When what that feed of it told (len 0: those of windows) came; 0: unknown. */
int64_t provider_as_of(const struct value *account, struct text feed);
/* "3 h ago (disabled)"; "" of what was told just now by an account that is ok.
 */
void provider_age(const struct value *account, int64_t as_of_ms, int64_t now_ms,
    char buf[PROVIDER_AGE_MAX]);
/* Has the window been reset since it was told of? */
bool provider_is_over(const struct value *window, int64_t now_ms);

/* --- remains.c ------------------------------------------------------------ */

/* What accounts that were removed have left: of the reply that came last. */
void provider_put_remains(const struct setup *s);
/* "remains":["openai"] */
void provider_json_remains(const struct setup *s);
/* Asks whether that name is one of them. */
bool provider_is_remains(struct setup *s, const char *name);

/* --- services.c ----------------------------------------------------------- */

/*
 * Before a key is taken: is there such a provider, is its definition fine, has
 * it that region (NULL: any), and a balance where that is to be watched? Says
 * which kind of key it takes where that is going to be asked for. EXIT_*.
 */
int provider_check_service(struct setup *s, struct text provider,
    const char *region, const struct provider_low *low, bool tells_kind);
/* Which kind of key it takes, where that is known. EXIT_*. */
int provider_tell_kind(struct setup *s, struct text provider);

#endif
