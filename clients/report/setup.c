#include "clients/report/setup.h"

#include <stdio.h>
#include <string.h>

#include "clients/common/launch.h"
#include "clients/common/output.h"
#include "clients/common/text_lang.h"

#define DEADLINE_MS 10000

int
setup_refuse(const struct setup *s, const char *why)
{
	complain(s->program, "%s", why);
	return EXIT_USAGE;
}

static int
find_config(struct setup *s)
{
	char why[512];

	if (places_find(&s->places, why, sizeof(why)) != 0 ||
	    client_config(&s->places, &s->config, why, sizeof(why)) != 0)
		return setup_refuse(s, why);
	lang_configure(s->config.lang);
	return EXIT_OK;
}

static int
find_zone(struct setup *s)
{
	const char *tz = s->opts->tz != NULL ? s->opts->tz : s->config.tz;
	char why[CONFIG_TEXT_MAX + 80];

	if ((s->opts->tz == NULL || tz[0] != '\0') &&
	    calendar_use_zone(tz) == 0)
		return EXIT_OK;
	snprintf(why, sizeof(why), _("no time zone \"%.255s\""), tz);
	if (s->opts->tz == NULL && tz[0] == '\0')
		snprintf(why, sizeof(why), _("TZ names no time zone"));
	return setup_refuse(s, why);
}

static int
find_rules(struct setup *s)
{
	const char *name = s->opts->week_start;
	char why[PERIOD_WHY_MAX];

	s->rules.week_start = (int)s->config.week_start;
	s->rules.day_start = (int)s->config.day_start;
	if (s->opts->day_start_seen)
		s->rules.day_start = (int)s->opts->day_start;
	if (name == NULL)
		return EXIT_OK;
	s->rules.week_start = period_weekday(name);
	if (s->rules.week_start != 0)
		return EXIT_OK;
	snprintf(why, sizeof(why),
	    _("--week-start: %.40s is not a day (monday to sunday)"), name);
	return setup_refuse(s, why);
}

int
setup_calendar(struct setup *s)
{
	int rc = find_zone(s);

	return rc == EXIT_OK ? find_rules(s) : rc;
}

static int
check_output(struct setup *s)
{
	const struct report_options *o = s->opts;
	char why[120];

	if (o->json + o->csv + o->tsv > 1)
		return setup_refuse(
		    s, _("only one of --json, --csv and --tsv is possible"));
	if (o->cents && o->exact)
		return setup_refuse(
		    s, _("only one of --cents and --exact is possible"));
	s->color = table_color_parse(o->color);
	if (s->color != COLOR_BAD)
		return EXIT_OK;
	snprintf(why, sizeof(why),
	    _("--color: %.40s is not auto, always or never"), o->color);
	return setup_refuse(s, why);
}

int
setup_init(
    struct setup *s, const char *program, const struct report_options *opts)
{
	int rc;

	memset(s, 0, sizeof(*s));
	s->program = program;
	s->opts = opts;
	client_init(&s->client);
	s->deadline_ms =
	    client_now_ms() +
	    (opts->deadline_seen ? (int64_t)opts->deadline_ms : DEADLINE_MS);
	rc = check_output(s);
	if (rc == EXIT_OK)
		rc = find_config(s);
	if (rc == EXIT_OK)
		rc = setup_calendar(s);
	s->now_ms = client_wall_ms();
	return rc;
}

int
setup_connect(struct setup *s)
{
	enum client_result r;

	if (s->client.fd >= 0)
		return EXIT_OK;
	r = launch_connect(&s->client, &s->places, &s->config, s->deadline_ms);
	return r == CLIENT_OK ? EXIT_OK : setup_failed(s, r);
}

int
setup_failed(struct setup *s, enum client_result r)
{
	complain(s->program, "%s", s->client.why);
	return client_exit_code(r);
}

size_t
setup_width(const struct setup *s)
{
	if (s->opts->width_seen)
		return (size_t)s->opts->width;
	return table_output_width(stdout);
}

enum figure_decimals
setup_decimals(const struct setup *s)
{
	if (s->opts->exact)
		return FIGURE_EXACT;
	return s->opts->cents ? FIGURE_CENTS : FIGURE_BY_SIZE;
}

void
setup_allow(struct setup *s, int64_t ms)
{
	if (!s->opts->deadline_seen)
		s->deadline_ms = client_now_ms() + ms;
}

int
setup_print(const struct setup *s, struct table *t)
{
	int rc = table_print(
	    t, stdout, setup_width(s), table_color_wanted(s->color, stdout));

	table_free(t);
	if (rc == 0)
		return EXIT_OK;
	complain(s->program, _("the table could not be drawn"));
	return EXIT_SYSTEM;
}

void
setup_free(struct setup *s)
{
	client_close(&s->client);
}
