#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/places.h"

static void
clear_environment(void)
{
	static const char *const names[] = { "TT_HOME", "TT_SOCKET",
		"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "HOME" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
}

TestSuite(places, .init = clear_environment, .timeout = 30);

static struct places p;

static void
find(void)
{
	char why[256] = "";

	cr_assert_eq(places_find(&p, why, sizeof(why)), 0, "%s", why);
}

static void
check_bad(const char *expected)
{
	char why[256] = "";

	cr_assert_eq(places_find(&p, why, sizeof(why)), -1);
	cr_assert_str_eq(
	    why, expected, "\"%s\", expected \"%s\"", why, expected);
}

static void
check(const char *is, const char *expected)
{
	cr_assert_str_eq(is, expected, "\"%s\", expected \"%s\"", is, expected);
}

Test(places, tt_home_holds_everything)
{
	setenv("TT_HOME", "/t", 1);
	setenv("XDG_DATA_HOME", "/elsewhere", 1);
	setenv("XDG_RUNTIME_DIR", "/elsewhere", 1);
	find();
	check(p.config, "/t/config");
	check(p.data, "/t/data");
	check(p.spool, "/t/data/spool");
	check(p.run, "/t/run");
	check(p.socket, "/t/run/sock");
}

Test(places, a_relative_tt_home_is_made_absolute)
{
	setenv("TT_HOME", "t/u", 1);
	cr_assert_eq(chdir("/tmp"), 0);
	find();
	check(p.data, "/tmp/t/u/data");
	cr_assert_eq(chdir("/"), 0);
	find();
	check(p.data, "/t/u/data");
}

Test(places, xdg_has_its_defaults_below_home)
{
	setenv("HOME", "/home/me", 1);
	find();
	check(p.config, "/home/me/.config/tt/config");
	check(p.data, "/home/me/.local/share/tt");
	check(p.spool, "/home/me/.local/share/tt/spool");
	check(p.run, "/home/me/.local/share/tt/run");
	check(p.socket, "/home/me/.local/share/tt/run/sock");
}

Test(places, xdg_variables_are_honoured_without_home)
{
	setenv("XDG_CONFIG_HOME", "/c", 1);
	setenv("XDG_DATA_HOME", "/d", 1);
	setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
	find();
	check(p.config, "/c/tt/config");
	check(p.data, "/d/tt");
	check(p.spool, "/d/tt/spool");
	check(p.run, "/run/user/1/tt");
	check(p.socket, "/run/user/1/tt/sock");
}

Test(places, relative_or_empty_xdg_values_are_ignored)
{
	setenv("HOME", "/h", 1);
	setenv("XDG_CONFIG_HOME", "c", 1);
	setenv("XDG_DATA_HOME", "", 1);
	setenv("XDG_RUNTIME_DIR", "./run", 1);
	find();
	check(p.config, "/h/.config/tt/config");
	check(p.data, "/h/.local/share/tt");
	check(p.run, "/h/.local/share/tt/run");
}

Test(places, an_empty_tt_home_is_as_none)
{
	setenv("HOME", "/h", 1);
	setenv("TT_HOME", "", 1);
	setenv("TT_SOCKET", "", 1);
	find();
	check(p.data, "/h/.local/share/tt");
	check(p.socket, "/h/.local/share/tt/run/sock");
}

Test(places, without_home_it_says_so)
{
	check_bad("HOME is not set");
	setenv("XDG_CONFIG_HOME", "/c", 1);
	check_bad("HOME is not set");
}

Test(places, tt_socket_overrides_the_socket_alone)
{
	setenv("TT_HOME", "/t", 1);
	setenv("TT_SOCKET", "/s/other.sock", 1);
	find();
	check(p.socket, "/s/other.sock");
	check(p.run, "/s");
	check(p.data, "/t/data");
	setenv("TT_SOCKET", "/top", 1);
	find();
	check(p.run, "/");
	setenv("TT_SOCKET", "near", 1);
	cr_assert_eq(chdir("/tmp"), 0);
	find();
	check(p.socket, "/tmp/near");
	check(p.run, "/tmp");
}

/* A path of len bytes. */
static const char *
path_of(size_t len)
{
	static char path[8192];

	memset(path, 'x', len);
	path[0] = '/';
	path[len] = '\0';
	return path;
}

Test(places, a_socket_path_is_at_most_107_bytes)
{
	char expected[256];

	setenv("TT_HOME", "/t", 1);
	setenv("TT_SOCKET", path_of(107), 1);
	find();
	check(p.socket, path_of(107));
	setenv("TT_SOCKET", path_of(108), 1);
	snprintf(expected, sizeof(expected),
	    "%s: a socket's path of 108 bytes, the limit is 107", path_of(108));
	check_bad(expected);
}

Test(places, a_long_home_can_do_with_a_short_socket)
{
	char data[256];

	setenv("TT_HOME", path_of(200), 1);
	setenv("TT_SOCKET", "/s/k", 1);
	find();
	snprintf(data, sizeof(data), "%s/data", path_of(200));
	check(p.data, data);
}

Test(places, an_impossibly_long_path_is_told)
{
	setenv("TT_HOME", path_of(5000), 1);
	check_bad("a path is longer than 4095 bytes");
	setenv("TT_HOME", path_of(4092), 1);
	check_bad("a path is longer than 4095 bytes");
	setenv("TT_HOME", "/t", 1);
	setenv("TT_SOCKET", path_of(5000), 1);
	check_bad("a path is longer than 4095 bytes");
}
