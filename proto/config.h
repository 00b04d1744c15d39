/*
 * The configuration: one INI file for daemon and clients, one table of keys.
 * Pure: parses text that the caller has read. Sections and keys, defaults and
 * bounds stand in config.c's table, and the man page is held against it.
 */
#ifndef PROTO_CONFIG_H
#define PROTO_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_TEXT_MAX 256

/* The keys of [price "anthropic/claude-x"], as texts: what they are worth is
 * for the daemon to say. */
enum config_price_key {
	CONFIG_PRICE_INPUT,
	CONFIG_PRICE_OUTPUT,
	CONFIG_PRICE_CACHE_READ,
	CONFIG_PRICE_CACHE_WRITE,
	CONFIG_PRICE_CACHE_WRITE_1H,
	CONFIG_PRICE_WEB_SEARCH,
	CONFIG_PRICE_TIER,
	CONFIG_PRICE_FROM,
	CONFIG_PRICE_ABOVE,
	CONFIG_PRICE_ABOVE_INPUT,
	CONFIG_PRICE_ABOVE_OUTPUT,
	CONFIG_PRICE_ABOVE_CACHE_READ,
	CONFIG_PRICE_ABOVE_CACHE_WRITE,
	CONFIG_PRICE_KEYS
};
extern const char *const config_price_keys[CONFIG_PRICE_KEYS];

/* The keys of [sink "team"], likewise. */
enum config_sink_key {
	CONFIG_SINK_COMMAND,
	CONFIG_SINK_WEBHOOK,
	CONFIG_SINK_WEBHOOK_FILE,
	CONFIG_SINK_BODY,
	CONFIG_SINK_KINDS,
	CONFIG_SINK_LEVEL,
	CONFIG_SINK_LANG,
	CONFIG_SINK_TIMEOUT,
	CONFIG_SINK_KEYS
};
extern const char *const config_sink_keys[CONFIG_SINK_KEYS];

/* One such section. */
struct config_section {
	int line;   /* of its head */
	char *name; /* owned, as the texts are */
	struct {
		char *text; /* NULL: absent */
		int line;
	} key[CONFIG_PRICE_KEYS];
};

struct config_sections {
	struct config_section *item; /* owned: config_release */
	size_t n, cap;
};

struct config {
	/* [core] */
	char machine[CONFIG_TEXT_MAX]; /* "": the id made with the store */
	bool autostart;                /* clients start a missing daemon */
	bool auto_import;              /* reports read the agents' logs first */
	/* [report] */
	char tz[CONFIG_TEXT_MAX]; /* "": TZ, else the system's */
	int64_t week_start;       /* 1 Monday … 7 Sunday; names in the file */
	int64_t day_start;        /* hour, 0 to 23 */
	int64_t
	    month_start; /* day of the month a billing cycle begins, 1 to 28 */
	char lang[8];    /* "": TT_LANG, else the locale's */
	char source[8];  /* seen, billed or best: what sums are made of */
	/* [price] */
	bool prefers_reported;      /* cost_mode = reported, not table */
	char plan[CONFIG_TEXT_MAX]; /* "claude-code, codex/work" */
	/* [notice] */
	bool tells_daily, tells_weekly; /* digests */
	int64_t daily_hour;             /* when the daily one is due */
	int64_t silent_days; /* until a source counts as silent; 0: never */
	/* [price "…"] and [sink "…"], in their order; only where
	 * keeps_sections was set before the parse, which clients have no need
	 * to do. A sink's texts are secrets. */
	bool keeps_sections;
	struct config_sections prices, sinks;
	/* [daemon] */
	char log_level[16];          /* error, warn, info, debug */
	int64_t max_connections;     /* also bounded by the file limit */
	int64_t idle_timeout_s;      /* a silent connection is closed */
	int64_t request_timeout_s;   /* a half-sent request is closed */
	char proxy[CONFIG_TEXT_MAX]; /* for https; "": none. May hold a secret.
				      */
};

void config_init(struct config *c); /* the defaults; frees nothing */
/* Frees what the parse kept; after config_init it is safe to repeat. */
void config_release(struct config *c);
/* Do both say the same, in the same order? */
bool config_sections_same(
    const struct config_sections *a, const struct config_sections *b);
/*
 * Reads INI text over what *c holds. 0, or the number of the first bad line
 * with why filled ("unknown key \"tzz\" in [report]").
 */
int config_parse(struct config *c, const char *text, char *why, size_t cap);
/* Calls each for every key: "report.tz", its default as text, its meaning. */
void config_each(void (*each)(void *arg, const char *name, const char *dflt,
		     const char *meaning),
    void *arg);

#endif
