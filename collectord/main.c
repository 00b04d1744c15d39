/*
 * collectord: options, start-up in the one order that is safe, signals.
 * Everything else is the server's.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectord/clock.h"
#include "collectord/ledger/billing/billed.h"
#include "collectord/log.h"
#include "collectord/peers/server.h"
#include "collectord/price_config.h"
#include "collectord/sink_config.h"
#include "collectord/sys.h"
#include "proto/calendar.h"
#include "proto/lang.h"

#define EXIT_USAGE 2
#define EXIT_SYSTEM 5

#define CONFIG_BYTES_MAX (1u << 20)
#define WHY_MAX 512
#define QUOTED_MAX 1200
#define SIGNALS 4

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

struct daemon {
	struct server server;
	/* Options; texts are argv's. */
	const char
	    *config_arg;       /* NULL: the default place, which may be empty */
	const char *level_arg; /* NULL: the file's */
	int notify_fd;         /* -1: none */
	bool is_check;
	int lock;
	uv_signal_t signals[SIGNALS];
};

static const struct option_row {
	const char *name;
	int letter; /* a short option too where it is one */
	const char *arg;
	const char *help;
} option_rows[] = {
	{ "config", 'c', "FILE", N_("read this configuration") },
	{ "check-config", 'n', NULL, N_("check the configuration and exit") },
	{ "notify-fd", 'N', "FD", N_("write a newline there when ready") },
	{ "autostarted", 'A', NULL, N_("a client started us: it may end us") },
	{ "log-level", 'l', "LEVEL", N_("error, warn, info or debug") },
	{ "lang", 'L', "en|zh",
	    N_("language of texts, not of the log (default: the locale's)") },
	{ "help", 'h', NULL, N_("print this and exit") },
	{ "version", 'V', NULL, N_("print the version and exit") },
};

static int
print_help(void)
{
	char left[40];

	fputs(_("usage: collectord [OPTION]...\n"
		"The per-user daemon that owns the ledger of token usage.\n\n"),
	    stdout);
	for (size_t i = 0; i < LENGTH(option_rows); i++) {
		snprintf(left, sizeof(left), "--%s%s%s", option_rows[i].name,
		    option_rows[i].arg == NULL ? "" : "=",
		    option_rows[i].arg == NULL ? "" : option_rows[i].arg);
		printf("  %s%c%s %-22s %s\n",
		    option_rows[i].letter == 'n' ? "-" : " ",
		    option_rows[i].letter == 'n' ? 'n' : ' ',
		    option_rows[i].letter == 'n' ? "," : " ", left,
		    _(option_rows[i].help));
	}
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_SYSTEM;
}

static int
print_version(void)
{
	printf("collectord %s\n", TT_VERSION);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_SYSTEM;
}

static int
usage_error(const char *option, const char *value, const char *why)
{
	fprintf(stderr, "collectord: --%s %s: %s\n", option, value, why);
	return EXIT_USAGE;
}

static int
take_notify_fd(struct daemon *d, const char *s)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(s, &end, 10);
	if (*s < '0' || *s > '9' || *end != '\0' || errno != 0 || v > INT_MAX)
		return usage_error("notify-fd", s, _("not a descriptor"));
	if (fcntl((int)v, F_SETFD, FD_CLOEXEC) != 0)
		return usage_error("notify-fd", s, strerror(errno));
	d->notify_fd = (int)v;
	return -1;
}

static int
take_log_level(struct daemon *d, const char *s)
{
	enum log_level level;

	if (log_level_from_name(s, &level) != 0)
		return usage_error(
		    "log-level", s, _("not error, warn, info or debug"));
	d->level_arg = s;
	return -1;
}

/* The exit code, or -1 to go on. */
static int
take_option(struct daemon *d, int letter, const char *arg)
{
	switch (letter) {
	case 'c':
		d->config_arg = arg;
		return -1;
	case 'n':
		d->is_check = true;
		return -1;
	case 'N':
		return take_notify_fd(d, arg);
	case 'A':
		d->server.is_autostarted = true;
		return -1;
	case 'l':
		return take_log_level(d, arg);
	case 'h':
		return print_help();
	case 'V':
		return print_version();
	case 'L':
		return lang_set(arg) == 0
			   ? -1
			   : usage_error("lang", arg, _("not en or zh"));
	default:
		return EXIT_USAGE;
	}
}

/* getopt says it too, but not in our languages. */
static int
option_error(int letter, const char *arg)
{
	if (letter == ':')
		fprintf(stderr, _("collectord: %s needs a value\n"), arg);
	else
		fprintf(stderr,
		    _("collectord: %s is no option, or takes no value (see "
		      "collectord --help)\n"),
		    arg);
	return EXIT_USAGE;
}

static int
take_options(struct daemon *d, int argc, char **argv)
{
	struct option longs[LENGTH(option_rows) + 1] = { 0 };
	int letter, code = -1;

	for (size_t i = 0; i < LENGTH(option_rows); i++) {
		longs[i].name = option_rows[i].name;
		longs[i].val = option_rows[i].letter;
		longs[i].has_arg = option_rows[i].arg == NULL
				       ? no_argument
				       : required_argument;
	}
	lang_scan(argc, argv);
	while (code < 0 &&
	       (letter = getopt_long(argc, argv, ":n", longs, NULL)) != -1)
		code = letter == ':' || letter == '?'
			   ? option_error(letter, argv[optind - 1])
			   : take_option(d, letter, optarg);
	if (code < 0 && optind < argc) {
		fprintf(stderr, _("collectord: unexpected argument: %s\n"),
		    argv[optind]);
		code = EXIT_USAGE;
	}
	return code;
}

/* 0, or the line of a price that is none. */
static int
judge_prices(const struct config *c, char *why, size_t cap)
{
	struct price_config prices;
	int line = price_config_read(&prices, c, why, cap);

	price_config_release(&prices);
	return line;
}

/* 0, or -1: in no line that is known any more. */
static int
judge_proxy(const struct config *c, char *why, size_t cap)
{
	const char *said = http_judge_proxy(c->proxy);

	if (said != NULL)
		snprintf(why, cap, "daemon.proxy: %s", _(said));
	return said == NULL ? 0 : -1;
}

/* 0, or -1 with the one line that says where and why, and nothing to free. */
static int
read_config(const struct daemon *d, struct config *c, char *why, size_t cap)
{
	const char *path = d->server.config_path;
	char detail[WHY_MAX];
	size_t len;
	char *text;
	int line;

	config_init(c);
	c->keeps_sections = true;
	text = sys_read_file(path, CONFIG_BYTES_MAX, &len, why, cap);
	if (text == NULL)
		return errno == ENOENT && d->config_arg == NULL ? 0 : -1;
	line = config_parse(c, text, detail, sizeof(detail));
	if (line == 0)
		line = judge_prices(c, detail, sizeof(detail));
	if (line == 0)
		line = sink_config_check(&c->sinks, detail, sizeof(detail));
	free(text);
	if (line == 0)
		line = judge_proxy(c, detail, sizeof(detail));
	if (line == 0)
		return 0;
	if (line < 0)
		snprintf(why, cap, "%s: %s", path, detail);
	else
		snprintf(why, cap, "%s:%d: %s", path, line, detail);
	config_release(c);
	return -1;
}

static void
use_log_level(const struct daemon *d)
{
	const char *name =
	    d->level_arg != NULL ? d->level_arg : d->server.config.log_level;
	enum log_level level;

	if (log_level_from_name(name, &level) == 0)
		log_set_level(level);
}

static int
complain(const char *op, const char *why)
{
	char quoted[QUOTED_MAX];

	log_error("main", "op=%s err=%s", op,
	    log_quote(quoted, sizeof(quoted), text_of(why)));
	return -1;
}

static bool
is_calendar_same(const struct config *a, const struct config *b)
{
	return strcmp(a->tz, b->tz) == 0 && a->week_start == b->week_start &&
	       a->day_start == b->day_start && a->month_start == b->month_start;
}

static void
reload(struct daemon *d)
{
	struct config fresh;
	char why[WHY_MAX + PLACES_PATH_MAX];

	if (read_config(d, &fresh, why, sizeof(why)) != 0) {
		complain("reload", why);
		return;
	}
	if (strcmp(fresh.machine, d->server.config.machine) != 0)
		log_warn("main", "op=reload msg=\"a new core.machine is taken "
				 "at the next start\"");
	if (!price_config_same(&fresh, &d->server.config))
		log_warn("main", "op=reload msg=\"new prices and cost_mode "
				 "are taken at the next start\"");
	if (!d->server.is_stopping &&
	    (sink_config_has_files(&fresh.sinks) ||
		!config_sections_same(&fresh.sinks, &d->server.config.sinks)))
		sinks_configure(&d->server.sinks, &fresh.sinks);
	if (!d->server.is_stopping)
		sync_reload(&d->server.sync);
	if (!is_calendar_same(&fresh, &d->server.config))
		log_warn("main",
		    "op=reload msg=\"new zones and starts of days, "
		    "weeks and months are taken for budgets at "
		    "the next start\"");
	config_release(&d->server.config);
	d->server.config = fresh;
	use_log_level(d);
	log_info("main", "op=reload");
}

static void
on_signal(uv_signal_t *h, int number)
{
	struct daemon *d = h->data;

	if (number == SIGHUP)
		reload(d);
	else if (number == SIGUSR1)
		server_dump(&d->server);
	else
		server_stop_soon(
		    &d->server, number == SIGTERM ? "SIGTERM" : "SIGINT");
}

static int
watch_signals(struct daemon *d)
{
	static const int numbers[SIGNALS] = { SIGTERM, SIGINT, SIGHUP,
		SIGUSR1 };
	int rc = 0;

	for (size_t i = 0; i < SIGNALS && rc == 0; i++) {
		rc = uv_signal_init(&d->server.loop, &d->signals[i]);
		d->signals[i].data = d;
		if (rc == 0)
			rc = uv_signal_start(
			    &d->signals[i], on_signal, numbers[i]);
	}
	return rc;
}

/* Budgets and digests go by local days. */
static int
take_zone(const struct config *c, char *why, size_t cap)
{
	if (calendar_use_zone(c->tz) == 0)
		return 0;
	if (c->tz[0] != '\0') {
		snprintf(why, cap, "report.tz: no time zone \"%s\"", c->tz);
		return -1;
	}
	log_warn(
	    "main", "op=start err=\"TZ names no time zone, so it is UTC\"");
	return calendar_use_zone("UTC");
}

/* Directories, then the lock; everything later rests on holding it. */
static int
take_places(struct daemon *d, char *why, size_t cap)
{
	const struct places *p = &d->server.places;

	if (sys_private_dir(p->data, why, cap) != 0 ||
	    sys_private_dir(p->run, why, cap) != 0 ||
	    sys_private_dir(p->spool, why, cap) != 0)
		return -1;
	if (sys_is_network_fs(p->data) == 1) {
		snprintf(why, cap, "%s: a network file system cannot hold it",
		    p->data);
		return -1;
	}
	d->lock = sys_lock_dir(p->data, why, cap);
	return d->lock < 0 ? -1 : 0;
}

/* What a walk left half is swept later: on a full disk at a later start. */
static int
recover_bills(struct ledger *l)
{
	int rc = ledger_bill_recover(l);

	if (rc != -ERR_STORE_FULL)
		return rc;
	log_warn("main", "op=recover err=\"%s\"", error_name(ERR_STORE_FULL));
	return 0;
}

static int
open_ledger(struct server *s, char *why, size_t cap)
{
	struct ledger_options opt = {
		.dir = s->places.data,
		.machine = s->config.machine,
		.plan = s->config.plan,
		.prefers_reported = s->config.prefers_reported,
		.calendar = { (int)s->config.week_start,
		    (int)s->config.day_start, (int)s->config.month_start },
		.tells_daily = s->config.tells_daily,
		.tells_weekly = s->config.tells_weekly,
		.daily_hour = (int)s->config.daily_hour,
		.silent_days = (int)s->config.silent_days,
		.now_us = clock_now_us,
	};
	struct price_config prices;
	struct ledger_status st;
	int rc;

	if (price_config_read(&prices, &s->config, why, cap) != 0)
		return -1;
	opt.prices = prices.items;
	opt.n_prices = prices.n;
	rc = ledger_open(&s->ledger, &opt, why, cap);
	price_config_release(&prices);
	if (rc != 0)
		return -1;
	if (recover_bills(s->ledger) != 0 ||
	    ledger_status(s->ledger, &st) != 0) {
		snprintf(why, cap, "%s: the store cannot be read", opt.dir);
		return -1;
	}
	s->schema = st.schema;
	return 0;
}

static void
tell_ready(struct daemon *d)
{
	const struct server *s = &d->server;
	char store[QUOTED_MAX], sock[QUOTED_MAX];

	log_info("main",
	    "op=start version=%s pid=%ld store=%s socket=%s schema=%u",
	    TT_VERSION, (long)getpid(),
	    log_quote(store, sizeof(store), text_of(s->places.data)),
	    log_quote(sock, sizeof(sock), text_of(s->places.socket)),
	    s->schema);
	if (sys_notify_systemd("READY=1") != 0)
		log_warn("main", "op=notify err=\"%s\"", strerror(errno));
	if (d->notify_fd < 0)
		return;
	if (write(d->notify_fd, "\n", 1) != 1)
		log_warn("main", "op=notify err=\"%s\"", strerror(errno));
	close(d->notify_fd);
}

static int
serve(struct daemon *d, char *why, size_t cap)
{
	struct server *s = &d->server;
	int rc;

	if (take_zone(&s->config, why, cap) != 0 ||
	    take_places(d, why, cap) != 0 || open_ledger(s, why, cap) != 0 ||
	    listen_open(&s->socket, &s->places, why, cap) != 0)
		return -1;
	rc = server_init(s);
	rc = rc != 0 ? rc : watch_signals(d);
	if (rc != 0) {
		listen_close(&s->socket, &s->places);
		snprintf(why, cap, "%s", uv_strerror(rc));
		return -1;
	}
	tell_ready(d);
	server_run(s);
	log_info("main", "op=exit puts=%ju commits=%ju rejected=%ju",
	    (uintmax_t)s->batch.puts, (uintmax_t)s->batch.commits,
	    (uintmax_t)s->batch.rejected);
	return 0;
}

static int
run(struct daemon *d)
{
	char why[WHY_MAX + PLACES_PATH_MAX];
	int rc;

	use_log_level(d);
	if (clock_init() != 0)
		return EXIT_USAGE;
	lang_texts_zh(
	    notice_sentences, NOTICE_SENTENCES, d->server.sentences_zh);
	/* What follows goes to the log and over the wire. */
	lang_end();
	d->server.file_limit = sys_raise_file_limit();
	d->server.socket.fd = d->lock = -1;
	rc = serve(d, why, sizeof(why));
	if (rc != 0)
		complain("start", why);
	ledger_close(d->server.ledger);
	if (d->lock >= 0)
		close(d->lock);
	return rc == 0 ? EXIT_SUCCESS : EXIT_SYSTEM;
}

/* Definitions of providers lie beside the configuration. */
static void
find_definitions(struct server *s)
{
	const char *slash = strrchr(s->config_path, '/');
	int len = slash == NULL ? 1 : (int)(slash - s->config_path);

	snprintf(s->definitions_dir, sizeof(s->definitions_dir),
	    "%.*s/providers", len, slash == NULL ? "." : s->config_path);
}

static int
configure(struct daemon *d)
{
	struct server *s = &d->server;
	char why[WHY_MAX + PLACES_PATH_MAX];

	if (places_find(&s->places, why, sizeof(why)) != 0) {
		fprintf(stderr, "collectord: %s\n", why);
		return EXIT_USAGE;
	}
	s->config_path =
	    d->config_arg != NULL ? d->config_arg : s->places.config;
	find_definitions(s);
	if (read_config(d, &s->config, why, sizeof(why)) != 0) {
		fprintf(stderr, "%s\n", why);
		return EXIT_USAGE;
	}
	return d->is_check ? EXIT_SUCCESS : -1;
}

/*
 * Two threads allocate. Blocks of up to a megabyte stay on the heap: to map and
 * fault them in anew for every request would cost more than the commit.
 */
static void
prepare_process(void)
{
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	mallopt(M_TRIM_THRESHOLD, 2 << 20);
	umask(077);
	sys_forbid_cores();
	signal(SIGPIPE, SIG_IGN);
}

int
main(int argc, char **argv)
{
	struct daemon *d = calloc(1, sizeof(*d));
	int code;

	if (d == NULL)
		return EXIT_SYSTEM;
	d->notify_fd = -1;
	code = take_options(d, argc, argv);
	if (code < 0)
		code = configure(d);
	if (code < 0) {
		prepare_process();
		code = run(d);
	}
	config_release(&d->server.config);
	free(d);
	return code;
}
