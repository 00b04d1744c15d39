/* The life of the daemon: start, single instance, signals, time, end. */
#include "tests/e2e/harness.h"
#include "tests/e2e/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <criterion/criterion.h>

static struct home home;
static struct peer peer = { .fd = -1 };

static void
setup(void)
{
	home_make(&home);
}

static void
teardown(void)
{
	peer_close(&peer);
	home_finish(&home);
}

TestSuite(daemon, .init = setup, .fini = teardown, .timeout = 120);

static void
connect_peer(void)
{
	peer_close(&peer);
	cr_assert(
	    peer_open(&peer, home.socket), "nobody listens at %s", home.socket);
}

static void
expect_served(void)
{
	struct reply r;

	cr_assert(peer_ask(&peer, "hello", "", &r), "no answer to hello");
	cr_assert_not(r.is_error, "hello: %s", error_name(r.error.code));
}

static uint64_t
hello_number(const char *name)
{
	struct value v = { 0 };
	struct reply r;

	cr_assert(peer_ask(&peer, "hello", "", &r), "no answer to hello");
	cr_assert(unpack_member(r.result, name, &v), "hello has no %s", name);
	return v.type == VALUE_BOOL ? v.b : v.u64;
}

Test(daemon, hello_tells_who_it_is)
{
	struct value v;
	struct reply r;

	daemon_start(&home);
	connect_peer();
	cr_assert(peer_ask(&peer, "hello", "", &r), "no answer to hello");
	cr_assert(unpack_member(r.result, "name", &v), "no name");
	cr_expect(text_is(v.text, "collectord"), "name %.*s", (int)v.text.len,
	    v.text.p);
	cr_assert(unpack_member(r.result, "machine", &v), "no machine");
	cr_expect_gt(v.text.len, 0, "an empty machine id");
	cr_assert(unpack_member(r.result, "limits", &v), "no limits");
	cr_expect_eq(v.type, VALUE_MAP, "limits are no map");
	cr_expect_eq(hello_number("protocol"), PROTOCOL_VERSION);
	cr_expect_eq(hello_number("pid"), (uint64_t)home.pid);
	cr_expect_eq(hello_number("autostarted"), 0);
}

static void
expect_mode(const char *path, mode_t want)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0, "%s: %s", path, strerror(errno));
	cr_expect_eq(st.st_mode & 0777, want, "%s has mode %o, not %o", path,
	    st.st_mode & 0777, want);
}

Test(daemon, nobody_else_can_reach_its_files)
{
	char run[128];

	snprintf(run, sizeof(run), "%s/run", home.dir);
	daemon_start(&home);
	expect_mode(run, 0700);
	expect_mode(home.data, 0700);
	expect_mode(home.socket, 0600);
	expect_mode(home.store, 0600);
}

Test(daemon, a_socket_directory_open_to_others_is_refused)
{
	char run[128];
	int code = 0;

	snprintf(run, sizeof(run), "%s/run", home.dir);
	mkdir(run, 0700);
	chmod(run, 0777);
	cr_expect_not(daemon_try(&home, NULL, &code),
	    "it serves from a directory of mode 0777");
	cr_expect_neq(code, 0, "exit code 0");
	cr_expect_gt(daemon_log_size(&home), 0, "it did not say why");
}

Test(daemon, the_socket_is_gone_after_sigterm_and_back_after_a_crash)
{
	daemon_start(&home);
	daemon_kill(&home);
	daemon_start(&home);
	connect_peer();
	expect_served();
	peer_close(&peer);
	daemon_stop(&home);
	cr_expect_neq(
	    access(home.socket, F_OK), 0, "the socket is still there");
}

Test(daemon, sigterm_in_the_middle_of_puts_keeps_what_was_acked)
{
	static char message[4000][16];
	uint32_t id, acked = 0;
	struct put_counts n;
	struct sums s;
	int i;

	daemon_start(&home);
	connect_peer();
	for (i = 0; i < 4000; i++) {
		struct event ev;

		snprintf(message[i], sizeof(message[i]), "m%d", i);
		ev = sight("s", message[i], 1, 1);
		if (!peer_put_send(&peer, &ev, 1))
			break;
		if (i == 200)
			kill(home.pid, SIGTERM);
	}
	while (peer_put_wait(&peer, &id, &n))
		acked++;
	cr_expect_eq(daemon_wait(&home), 0, "the drain did not end well");
	daemon_start(&home);
	connect_peer();
	s = peer_total(&peer);
	cr_expect_geq(s.n[SUM_CALLS], acked, "%lu calls of %u acked",
	    (unsigned long)s.n[SUM_CALLS], acked);
	cr_expect_eq(s.n[SUM_INPUT], s.n[SUM_CALLS], "%lu tokens in %lu calls",
	    (unsigned long)s.n[SUM_INPUT], (unsigned long)s.n[SUM_CALLS]);
}

Test(daemon, a_second_one_on_the_same_data_refuses_and_says_why)
{
	struct home second = home;
	char other[128];
	int code = 0;
	char *log;

	daemon_start(&home);
	/* Its own socket, log and pid; the same directory. */
	memset(second.env, 0, sizeof(second.env));
	snprintf(second.log, sizeof(second.log), "%s/second", home.dir);
	snprintf(other, sizeof(other), "%s/other.sock", home.dir);
	home_env(&second, "TT_HOME", home.dir);
	home_env(&second, "TT_SOCKET", other);
	cr_expect_not(daemon_try(&second, NULL, &code), "two daemons serve");
	cr_expect_neq(code, 0, "exit code 0");
	log = file_read(second.log);
	cr_expect(strstr(log, "data") != NULL || strstr(log, "lock") != NULL,
	    "it does not say why: %s", log);
	free(log);
	home_env(&second, "TT_HOME", NULL);
	home_env(&second, "TT_SOCKET", NULL);
	free(second.env[0]);
	free(second.env[1]);
	connect_peer();
	expect_served();
}

/*
 * It serves before it is ended. That also brings its loop to where it waits: a
 * signal right at the start is lost by the thread sanitizer of gcc 12, which
 * puts off what does not interrupt a system call.
 */
static void
end_server(const char *socket, pid_t pid)
{
	int code;

	cr_assert(peer_open(&peer, socket), "nobody listens at %s", socket);
	expect_served();
	peer_close(&peer);
	kill(pid, SIGTERM);
	code = child_wait(pid);
	cr_expect_eq(code, 0, "SIGTERM ends it with %d", code);
}

/* Both race for the data directory; returns how many serve. */
static int
race(const char *sockets[2])
{
	pid_t pid[2];
	int pipes[2][2], null, i, serving = 0;

	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (i = 0; i < 2; i++) {
		char fd[16];
		const char *argv[] = { "collectord", "--notify-fd", fd, NULL };

		home_env(&home, "TT_SOCKET", sockets[i]);
		cr_assert_eq(pipe2(pipes[i], O_CLOEXEC), 0);
		snprintf(fd, sizeof(fd), "%d", pipes[i][1]);
		pid[i] = child_start(
		    &home, argv, (int[]){ null, null, null }, pipes[i][1], -1);
		close(pipes[i][1]);
	}
	close(null);
	for (i = 0; i < 2; i++) {
		char c = 0;
		bool ready = read(pipes[i][0], &c, 1) == 1;

		serving += ready;
		if (!ready)
			cr_expect_neq(child_wait(pid[i]), 0,
			    "the one that does not serve exits with 0");
		close(pipes[i][0]);
		pid[i] = ready ? pid[i] : 0;
	}
	for (i = 0; i < 2; i++)
		if (pid[i] != 0)
			end_server(sockets[i], pid[i]);
	return serving;
}

Test(daemon, of_two_started_at_once_on_one_directory_one_serves)
{
	char a[128], b[128];
	const char *sockets[2] = { a, b };
	int i, n;

	snprintf(a, sizeof(a), "%s/a.sock", home.dir);
	snprintf(b, sizeof(b), "%s/b.sock", home.dir);
	for (i = 0; i < 20; i++) {
		n = race(sockets);
		cr_assert_eq(n, 1, "%d of 2 serve in round %d", n, i);
	}
}

Test(daemon, sighup_with_a_bad_config_keeps_serving)
{
	size_t from;

	daemon_start(&home);
	connect_peer();
	home_write(&home, "config", "[daemon]\nno_such_key = 1\n");
	from = daemon_log_size(&home);
	kill(home.pid, SIGHUP);
	cr_expect(daemon_log_has(&home, from, "no_such_key"),
	    "the log does not name the bad key");
	expect_served();
}

Test(daemon, sighup_takes_a_good_config)
{
	struct peer silent;
	size_t from;

	daemon_start(&home);
	connect_peer();
	home_write(&home, "config", "[daemon]\nidle_timeout = 1\n");
	from = daemon_log_size(&home);
	kill(home.pid, SIGHUP);
	cr_assert(daemon_log_has(&home, from, "op=reload"), "no reload");
	cr_assert(peer_open(&silent, home.socket), "no connection");
	cr_expect(peer_is_closed(&silent), "a silent peer is kept for ever");
	peer_close(&silent);
}

Test(daemon, sigusr1_dumps_its_state_to_the_log)
{
	size_t from;

	daemon_start(&home);
	connect_peer();
	expect_served();
	from = daemon_log_size(&home);
	kill(home.pid, SIGUSR1);
	cr_expect(daemon_log_has(&home, from, "conn"),
	    "the dump says nothing of connections");
	expect_served();
}

Test(daemon, log_lines_are_key_and_value)
{
	char *log, *line, *rest;

	daemon_start(&home);
	kill(home.pid, SIGUSR1);
	cr_expect(daemon_log_has(&home, 0, "conn"), "no dump");
	daemon_stop(&home);
	log = file_read(home.log);
	for (line = strtok_r(log, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		cr_expect_not_null(
		    strstr(line, "level="), "log line: %s", line);
	free(log);
}

Test(daemon, the_config_check_passes_a_good_file_and_makes_nothing)
{
	struct run r;

	home_write(&home, "config", "[daemon]\nidle_timeout = 5\n");
	RUN(&home, &r, "collectord", "-n");
	cr_expect_eq(r.code, 0, "exit code %d: %s", r.code, r.err);
	cr_expect_neq(access(home.data, F_OK), 0, "it made %s", home.data);
	run_free(&r);
}

Test(daemon, the_config_check_names_the_line)
{
	struct run r;

	home_write(&home, "config",
	    "[daemon]\nidle_timeout = 5\n\n[report]\ntzz = UTC\n");
	RUN(&home, &r, "collectord", "-n");
	cr_expect_neq(r.code, 0, "a bad config passed");
	cr_expect(strstr(r.err, "5") != NULL && strstr(r.err, "tzz") != NULL,
	    "neither line nor key in: %s", r.err);
	run_free(&r);
}

Test(daemon, a_bad_config_is_no_start)
{
	int code = 0;

	home_write(&home, "config", "[daemon]\nidle_timeout = soon\n");
	cr_expect_not(daemon_try(&home, NULL, &code), "it serves");
	cr_expect_neq(code, 0, "exit code 0");
}

static int
listen_at(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0,
	    "bind %s: %s", path, strerror(errno));
	chmod(path, 0600);
	cr_assert_eq(listen(fd, 16), 0, "listen: %s", strerror(errno));
	return fd;
}

Test(daemon, an_inherited_listening_socket_is_served_and_left_in_place)
{
	char path[96];
	struct event ev = sight("s", "m", 1, 1);
	int fd;

	snprintf(path, sizeof(path), "%s/inherited", home.dir);
	fd = listen_at(path);
	home_env(&home, "TT_NOW", NOW_TEXT);
	daemon_start_listening(&home, fd);
	cr_assert(peer_open(&peer, path), "no connection");
	peer_put(&peer, &ev, 1);
	cr_expect_eq(peer_total(&peer).n[SUM_CALLS], 1);
	daemon_stop(&home);
	cr_expect_eq(access(path, F_OK), 0, "it removed a socket not its own");
	close(fd);
}

static void
expect_number(const struct run *r, const char *name, uint64_t want)
{
	char key[64], *at;
	uint64_t got = UINT64_MAX;

	snprintf(key, sizeof(key), "\"%s\":", name);
	at = strstr(r->out, key);
	if (at != NULL)
		got = strtoull(at + strlen(key), NULL, 10);
	cr_expect_eq(got, want, "%s %lu, expected %lu, in %s", name,
	    (unsigned long)got, (unsigned long)want, r->out);
}

Test(daemon, both_accounts_of_its_status_say_the_same)
{
	struct event evs[3] = {
		sight("a", "m", 1, 1),
		sight("a", "n", 1, 1),
		sight("b", "m", 1, 1),
	};
	struct event bad = sight("", "m", 1, 1);
	struct run r;

	home_env(&home, "TT_NOW", NOW_TEXT);
	daemon_start(&home);
	connect_peer();
	peer_put(&peer, evs, 3);
	peer_put(&peer, evs, 1);
	peer_put(&peer, &bad, 1);
	cr_expect_eq(peer_status(&peer, "store.calls"), 3);
	cr_expect_eq(peer_status(&peer, "store.events"), 3);
	cr_expect_eq(peer_status(&peer, "store.sessions"), 2);
	cr_expect_eq(peer_status(&peer, "puts"), 3);
	cr_expect_eq(peer_status(&peer, "rejected"), 1);
	cr_expect_eq(peer_status(&peer, "pid"), (uint64_t)home.pid);
	RUN(&home, &r, "tt-report", "status", "--json");
	cr_expect_eq(r.code, 0, "exit code %d: %s", r.code, r.err);
	expect_number(&r, "calls", 3);
	expect_number(&r, "sessions", 2);
	expect_number(&r, "pid", (uint64_t)home.pid);
	expect_number(&r, "rejected", 1);
	run_free(&r);
}

Test(daemon, the_clock_moves_only_where_it_was_set)
{
	struct event ev = sight("s", "m", 1, 1);
	int64_t edges[3] = { NOW_MS + 3600000, NOW_MS + 7200000,
		NOW_MS + 10800000 };
	struct report_query q = { .edges = edges, .nedges = 3 };
	struct table t;
	struct reply r;

	home_env(&home, "TT_NOW", NOW_TEXT);
	daemon_start(&home);
	connect_peer();
	cr_assert(peer_clock(&peer, edges[1] + 1000, &r), "no reply");
	cr_assert_not(r.is_error, "clock: %s", error_name(r.error.code));
	ev.ts_ms = 0;
	peer_put(&peer, &ev, 1);
	peer_report(&peer, &q, &t);
	cr_assert_eq(t.n, 1, "%zu rows", t.n);
	cr_expect_eq(t.rows[0].period, 1, "its receipt is in period %u",
	    t.rows[0].period);
	table_free(&t);
}

Test(daemon, the_clock_is_denied_without_tt_now)
{
	struct reply r;

	daemon_start(&home);
	connect_peer();
	cr_assert(peer_clock(&peer, NOW_MS, &r), "no reply");
	cr_assert(r.is_error, "the clock moved");
	cr_expect_eq(r.error.code, ERR_DENIED, "%s", error_name(r.error.code));
}

Test(daemon, drain_is_denied_where_nobody_autostarted_it)
{
	struct reply r;

	daemon_start(&home);
	connect_peer();
	cr_assert(peer_ask(&peer, "drain", "", &r), "no reply");
	cr_assert(r.is_error, "it drains");
	cr_expect_eq(r.error.code, ERR_DENIED, "%s", error_name(r.error.code));
	expect_served();
}

static bool
ends(pid_t pid)
{
	struct pollfd p = { .events = POLLIN };
	bool gone;

	p.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	gone = p.fd < 0 || poll(&p, 1, DEADLINE_MS) == 1;
	close(p.fd);
	return gone;
}

Test(daemon, a_client_starts_a_missing_daemon_which_drains_when_asked)
{
	struct reply reply;
	struct run r;
	pid_t pid;

	home_env(&home, "TT_AUTOSTART", NULL);
	RUN(&home, &r, "tt-report", "today", "--json");
	cr_expect_eq(r.code, 0, "exit code %d: %s", r.code, r.err);
	run_free(&r);
	connect_peer();
	cr_expect_eq(hello_number("autostarted"), 1);
	pid = (pid_t)hello_number("pid");
	cr_assert(peer_ask(&peer, "drain", "", &reply), "no reply");
	cr_expect_not(
	    reply.is_error, "drain: %s", error_name(reply.error.code));
	cr_expect(ends(pid), "daemon %d does not end", (int)pid);
	if (!ends(pid))
		kill(pid, SIGKILL);
}

Test(daemon, many_connections_come_and_go)
{
	static struct peer many[300];
	struct reply r;
	int i;

	daemon_start(&home);
	for (i = 0; i < 300; i++) {
		cr_assert(peer_open(&many[i], home.socket), "peer %d", i);
		cr_assert(peer_ask(&many[i], "hello", "", &r), "peer %d", i);
	}
	connect_peer();
	cr_expect_eq(peer_status(&peer, "connections"), 301);
	for (i = 0; i < 300; i++)
		peer_close(&many[i]);
	expect_served();
}

Test(daemon, silent_peers_at_the_limit_do_not_lock_others_out)
{
	int64_t deadline = now_us() + DEADLINE_MS * 1000ll;
	static struct peer many[40];
	bool served;
	struct reply r;
	int i;

	home_write(&home, "config", "[daemon]\nmax_connections = 16\n");
	daemon_start(&home);
	for (i = 0; i < 40; i++)
		peer_open(&many[i], home.socket);
	/* It may be put off, or closed at once; asking again must help. */
	do {
		connect_peer();
		served = peer_ask(&peer, "hello", "", &r);
	} while (!served && now_us() < deadline);
	cr_expect(served, "40 silent peers keep everybody else out");
	for (i = 0; i < 40; i++)
		peer_close(&many[i]);
}

Test(daemon, newcomers_do_not_put_out_a_peer_at_work)
{
	static struct peer many[40];
	int64_t last;
	int i, round;

	home_write(&home, "config", "[daemon]\nmax_connections = 16\n");
	daemon_start(&home);
	connect_peer();
	expect_served();
	last = now_us();
	for (round = 0; round < 5; round++) {
		struct reply r;
		bool served;

		for (i = 0; i < 40; i++)
			peer_open(&many[i], home.socket);
		served = peer_ask(&peer, "hello", "", &r);
		/* A second of idleness would be reason enough. */
		cr_assert(served || now_us() - last >= 1000000,
		    "closed in round %d, idle for %ld us", round,
		    (long)(now_us() - last));
		last = now_us();
		for (i = 0; i < 40; i++)
			peer_close(&many[i]);
		if (!served)
			break;
	}
}
