#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "collectord/clock.h"
#include "collectord/log.h"

#define WHEN "ts=2026-11-22T00:10:26.123Z "

static int seen_fd; /* what is written to stderr can be read here */

static void
catch_stderr(void)
{
	int fds[2];

	cr_assert_eq(pipe2(fds, O_NONBLOCK), 0);
	cr_assert_geq(dup2(fds[1], STDERR_FILENO), 0);
	seen_fd = fds[0];
	clock_set_ms(1795306226123);
	log_set_level(LOGL_INFO);
}

TestSuite(log, .init = catch_stderr, .timeout = 30);

static const char *
seen(void)
{
	static char text[8192];
	ssize_t n = read(seen_fd, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void
check_seen(const char *expected)
{
	const char *is = seen();

	cr_assert_str_eq(is, expected, "\"%s\", expected \"%s\"", is, expected);
}

Test(log, a_line_has_time_level_and_module)
{
	log_warn("store", "msg=\"slow commit\" ms=%d", 5);
	check_seen(WHEN "level=warn mod=store msg=\"slow commit\" ms=5\n");
	log_error("conn", "n=%d", 1);
	log_info("conn", "n=%d", 2);
	check_seen(
	    WHEN "level=error mod=conn n=1\n" WHEN "level=info mod=conn n=2\n");
}

static int looked_at;

static int
look(void)
{
	return ++looked_at;
}

Test(log, a_level_that_is_off_costs_no_formatting)
{
	log_debug("conn", "n=%d", look());
	check_seen("");
	cr_assert_eq(looked_at, 0, "looked at %d times", looked_at);
	log_set_level(LOGL_DEBUG);
	log_debug("conn", "n=%d", look());
	check_seen(WHEN "level=debug mod=conn n=1\n");
	log_set_level(LOGL_ERROR);
	log_warn("conn", "n=%d", look());
	check_seen("");
	log_error("conn", "n=%d", look());
	check_seen(WHEN "level=error mod=conn n=2\n");
}

Test(log, a_line_that_is_too_long_is_cut_and_ends)
{
	char big[5000];
	const char *is;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_info("conn", "big=%s", big);
	is = seen();
	cr_assert_eq(strlen(is), 2048, "%zu", strlen(is));
	cr_assert_eq(strchr(is, '\n'), is + 2047);
}

Test(log, errno_is_kept)
{
	errno = ENOSPC;
	log_error("store", "n=1");
	cr_assert_eq(errno, ENOSPC, "%d", errno);
	close(STDERR_FILENO);
	log_error("store", "n=1");
	cr_assert_eq(errno, ENOSPC, "%d", errno);
}

Test(log, levels_have_names)
{
	enum log_level level = LOGL_ERROR;

	cr_assert_eq(log_level_from_name("debug", &level), 0);
	cr_assert_eq(level, LOGL_DEBUG, "%d", (int)level);
	cr_assert_eq(log_level_from_name("warn", &level), 0);
	cr_assert_eq(level, LOGL_WARN, "%d", (int)level);
	cr_assert_eq(log_level_from_name("loud", &level), -1);
	cr_assert_eq(level, LOGL_WARN, "%d", (int)level);
}

static void
check_quote(struct text t, size_t cap, const char *expected)
{
	char buf[128];

	memset(buf, '#', sizeof(buf));
	log_quote(buf, cap, t);
	cr_assert_str_eq(buf, expected, "%s, expected %s", buf, expected);
	cr_assert_lt(strlen(buf), cap, "%zu bytes in %zu", strlen(buf), cap);
	cr_assert_eq(buf[cap], '#');
}

Test(log, what_a_peer_gave_is_quoted)
{
	check_quote(TEXT(""), 64, "\"\"");
	check_quote(TEXT("a b=c"), 64, "\"a b=c\"");
	check_quote(TEXT("a\"b\\c\nd"), 64, "\"a\\\"b\\\\c\\nd\"");
	check_quote(
	    TEXT("\x1b[31m\r\x7f\0"), 64, "\"\\x1b[31m\\x0d\\x7f\\x00\"");
	check_quote(TEXT("\xe4\xbd\xa0\xff\xc2\x85"), 64,
	    "\"\xe4\xbd\xa0\\xff\\xc2\\x85\"");
	check_quote((struct text){ NULL, 0 }, 64, "\"\"");
}

Test(log, a_quote_is_cut_between_characters)
{
	check_quote(TEXT("abcdefghij"), 16, "\"abcdefghij\"");
	check_quote(TEXT("abcdefghijk"), 16, "\"abcdefghij\xe2\x80\xa6\"");
	check_quote(TEXT("abcdefghi\nk"), 16, "\"abcdefghi\xe2\x80\xa6\"");
	check_quote(TEXT("abcdefgh\x01z"), 16, "\"abcdefgh\xe2\x80\xa6\"");
	check_quote(TEXT("abcdef"), 8, "\"ab\xe2\x80\xa6\"");
	for (size_t cap = 8; cap < 64; cap++) {
		char buf[64];

		log_quote(buf, cap,
		    TEXT("\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0"
			 "\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0"));
		cr_assert(text_is_clean(text_of(buf)), "%zu: %s", cap, buf);
		cr_assert_lt(strlen(buf), cap);
	}
}

Test(log, a_repeated_complaint_is_made_once_a_minute)
{
	int64_t last = 0;

	cr_assert(log_once_a_minute(&last, 1000));
	cr_assert_not(log_once_a_minute(&last, 1000));
	cr_assert_not(log_once_a_minute(&last, 60999));
	cr_assert(log_once_a_minute(&last, 61000));
	cr_assert_not(log_once_a_minute(&last, 61001));
	/* The clock was set back. */
	cr_assert(log_once_a_minute(&last, 500));
}
