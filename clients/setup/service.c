#include "clients/setup/service.h"

#include <stdio.h>
#include <stdlib.h>

#include "clients/common/client.h"
#include "clients/setup/program.h"
#include "proto/lang.h"

#define DRAIN_MS 5000
#define SYSTEMCTL(quiet, ...)                                                  \
	program_run(                                                           \
	    (const char *const[]){ "systemctl", "--user", __VA_ARGS__, NULL }, \
	    quiet)

static bool
is_set(const char *name)
{
	const char *s = getenv(name);

	return s != NULL && *s != '\0';
}

bool
service_is_for_us(char *why, size_t cap)
{
	if (!is_set("TT_HOME") && !is_set("TT_SOCKET"))
		return true;
	snprintf(why, cap,
	    _("TT_HOME or TT_SOCKET is set: the service is only for the usual "
	      "places"));
	return false;
}

bool
service_is_possible(char *why, size_t cap)
{
	char path[PATH_MAX];

	if (!service_is_for_us(why, cap))
		return false;
	if (program_find("systemctl", path) &&
	    SYSTEMCTL(true, "show-environment") == 0)
		return true;
	snprintf(why, cap,
	    _("no user session of systemd: collectord starts when a program "
	      "needs it"));
	return false;
}

/*
 * A daemon that was started by a client holds the ledger: it goes, so that the
 * service can have it. One that was started otherwise stays.
 */
static void
drain(const struct places *p)
{
	int64_t deadline_ms = client_now_ms() + DRAIN_MS;
	struct packer k = { 0 };
	struct client c;

	client_init(&c);
	pack_request(&k, 1, "drain");
	pack_map(&k, 0);
	/* It closes the connection last of all. */
	if (client_connect(&c, p->socket, deadline_ms) == CLIENT_OK &&
	    client_send(&c, &k, deadline_ms) == CLIENT_OK &&
	    client_wait(&c, 1, deadline_ms) == CLIENT_OK)
		client_wait(&c, 2, deadline_ms);
	packer_free(&k);
	client_close(&c);
}

int
service_start(const struct places *p, bool changed, char *why, size_t cap)
{
	int code = SYSTEMCTL(true, "is-active", "collectord.socket");

	if (code == 0 && !changed)
		return 0;
	if (code != 0)
		drain(p);
	code = SYSTEMCTL(false, "daemon-reload");
	if (code == 0)
		code = SYSTEMCTL(false, "enable", "--now", "collectord.socket",
		    "tt-import.service");
	if (code == 0 && changed)
		code = SYSTEMCTL(false, "try-restart", "collectord.service",
		    "tt-import.service");
	if (code == 0)
		return 0;
	snprintf(why, cap, _("systemctl --user ended with %d"), code);
	return -1;
}

void
service_stop(void)
{
	SYSTEMCTL(true, "disable", "--now", "tt-import.service",
	    "collectord.socket", "collectord.service");
}

void
service_forget(void)
{
	SYSTEMCTL(true, "daemon-reload");
}
