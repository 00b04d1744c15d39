/*
 * A disk that is really full: a tmpfs of four megabytes, mounted where nobody
 * else sees it. Skipped where mounting is not allowed.
 */
#include "tests/e2e/harness.h"
#include "tests/e2e/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

static struct home home;
static struct peer peer = { .fd = -1 };
static char mounted[96]; /* "" while nothing is */

static void
teardown(void)
{
	peer_close(&peer);
	if (home.pid != 0)
		daemon_stop(&home);
	if (mounted[0] != '\0')
		umount2(mounted, MNT_DETACH);
	home_finish(&home);
}

static void
setup(void)
{
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
}

TestSuite(full_disk, .init = setup, .fini = teardown, .timeout = 120);

static void
write_once(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	close(fd);
}

/* Ours alone: root simply, others as root of a name space of their own. */
static bool
own_mounts(void)
{
	char map[64];
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (uid == 0)
		return unshare(CLONE_NEWNS) == 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return false;
	write_once("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	write_once("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	write_once("/proc/self/gid_map", map);
	return true;
}

static bool
mount_small(void)
{
	mkdir(home.data, 0700);
	if (!own_mounts() ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return false;
	if (mount("tt", home.data, "tmpfs", MS_NOSUID, "size=4m,mode=0700"))
		return false;
	snprintf(mounted, sizeof(mounted), "%s", home.data);
	return true;
}

/* Takes a megabyte that is given back later. */
static void
ballast_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_eq(ftruncate(fd, 0), 0);
	cr_assert_eq(posix_fallocate(fd, 0, 1 << 20), 0, "no ballast");
	close(fd);
}

/* Puts of ten until one is refused; the number of events acked. */
static uint64_t
fill(uint64_t from)
{
	static char message[200000][12];
	uint64_t i;

	for (i = from; i + 10 < 200000; i += 10) {
		struct event evs[10];
		struct reply r;
		int k;

		for (k = 0; k < 10; k++) {
			snprintf(message[i + k], sizeof(message[0]), "%lu",
			    (unsigned long)i + (unsigned long)k);
			evs[k] = sight("s", message[i + k], 1, 1);
		}
		cr_assert(peer_put_send(&peer, evs, 10), "hung up");
		cr_assert(
		    peer_read(&peer, &r), "no answer at %lu", (unsigned long)i);
		if (!r.is_error)
			continue;
		cr_expect_eq(r.error.code, ERR_STORE_FULL, "%s",
		    error_name(r.error.code));
		return i;
	}
	return i;
}

static void
expect_calls(uint64_t want, const char *when)
{
	uint64_t got = peer_total(&peer).n[SUM_CALLS];

	cr_expect_eq(got, want, "%s: %lu calls, %lu were acked", when,
	    (unsigned long)got, (unsigned long)want);
}

Test(full_disk, it_is_an_error_and_readers_go_on_and_space_heals_it)
{
	uint64_t acked, more;
	char ballast[128];
	struct run r;

	if (!mount_small())
		cr_skip_test("cannot mount a tmpfs here");
	snprintf(ballast, sizeof(ballast), "%s/ballast", home.data);
	ballast_write(ballast);
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
	acked = fill(0);
	cr_assert(
	    acked > 0 && acked < 190000, "%lu acked", (unsigned long)acked);
	expect_calls(acked, "while full");
	RUN(&home, &r, "tt-report", "today", "--json");
	cr_expect_eq(r.code, 0, "tt-report: exit code %d: %s", r.code, r.err);
	run_free(&r);
	unlink(ballast);
	more = fill(acked);
	cr_expect_gt(more, acked, "nothing is taken after space came back");
	expect_calls(more, "full again");
	peer_close(&peer);
	daemon_kill(&home);
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
	expect_calls(more, "after a crash");
}

Test(full_disk, tt_send_keeps_or_tells_but_never_just_loses)
{
	uint64_t acked, calls;
	struct run r;

	if (!mount_small())
		cr_skip_test("cannot mount a tmpfs here");
	daemon_start(&home);
	cr_assert(peer_open(&peer, home.socket), "no connection");
	acked = fill(0);
	RUN(&home, &r, "tt-send", "--session", "late", "--message", "m",
	    "--output", "1");
	/* One event may fit where ten did not. */
	calls = peer_total(&peer).n[SUM_CALLS];
	if (r.code == 0)
		cr_expect(calls == acked + 1 || dir_count(home.spool) >= 1,
		    "exit code 0, and neither stored nor spooled: %s", r.err);
	else
		cr_expect_gt(
		    strlen(r.err), 0, "exit code %d, and no word", r.code);
	cr_expect_geq(calls, acked, "%lu calls, %lu were acked",
	    (unsigned long)calls, (unsigned long)acked);
	run_free(&r);
}
