#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clients/provider/secret.h"

static struct secret key;
static char why[300], path[64];

static void
setup(void)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/tt-secret-XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0, "no temporary file");
	close(fd);
}

static void
teardown(void)
{
	unlink(path);
	secret_wipe(&key);
}

TestSuite(secret, .init = setup, .fini = teardown, .timeout = 30);

static void
write_file(const char *bytes, size_t len)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f, "%s", path);
	cr_assert_eq(fwrite(bytes, 1, len, f), len);
	cr_assert_eq(fclose(f), 0);
}

static int
take_file(const char *bytes)
{
	struct secret_source src = { .file = path };

	secret_wipe(&key);
	write_file(bytes, strlen(bytes));
	return secret_take(&key, &src, "openai", why, sizeof(why));
}

Test(secret, blanks_around_a_key_are_not_part_of_it)
{
	cr_assert_eq(take_file(" \tsk-abcd\r\n\n"), 0, "%s", why);
	cr_expect_str_eq(key.bytes, "sk-abcd", "\"%s\"", key.bytes);
	cr_expect_eq(key.len, 7, "%zu bytes", key.len);
}

Test(secret, what_is_no_key_is_refused_without_repeating_it)
{
	static const char *const bad[] = { "", "  \n", "sk-1 sk-2",
		"sk-1\nsk-2", "sk-\x01", "sk-\xc3\xa9" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_eq(take_file(bad[i]), -1, "\"%s\" is taken", bad[i]);
		cr_expect_null(strstr(why, "sk-"), "the key is told: %s", why);
	}
}

Test(secret, a_key_has_an_end)
{
	char *long_key = malloc(SECRET_MAX + 2);

	cr_assert_not_null(long_key);
	memset(long_key, 'k', SECRET_MAX + 1);
	long_key[SECRET_MAX + 1] = '\0';
	cr_expect_eq(take_file(long_key), -1, "one byte too many is taken");
	long_key[SECRET_MAX] = '\0';
	cr_expect_eq(take_file(long_key), 0, "the longest: %s", why);
	cr_expect_eq(key.len, SECRET_MAX, "%zu bytes", key.len);
	free(long_key);
}

Test(secret, a_command_prints_it_and_must_end_well)
{
	struct secret_source src = { .command = "echo sk-$((40 + 2))" };

	cr_expect_eq(
	    secret_take(&key, &src, "openai", why, sizeof(why)), 0, "%s", why);
	cr_expect_str_eq(key.bytes, "sk-42", "\"%s\"", key.bytes);
	secret_wipe(&key);
	src.command = "echo sk-1; exit 3";
	cr_expect_eq(secret_take(&key, &src, "openai", why, sizeof(why)), -1,
	    "a failed command's key is taken");
	cr_expect_not_null(strstr(why, "exit code 3"), "%s", why);
}

Test(secret, the_environment_forgets_it)
{
	struct secret_source src = { .variable = "TT_TEST_SECRET" };

	setenv("TT_TEST_SECRET", "sk-env", 1);
	cr_assert_eq(
	    secret_take_variable(&key, &src, why, sizeof(why)), 0, "%s", why);
	cr_expect_str_eq(key.bytes, "sk-env", "\"%s\"", key.bytes);
	cr_expect_null(getenv("TT_TEST_SECRET"), "it is still there");
	cr_expect_eq(secret_take(&key, &src, "openai", why, sizeof(why)), 0,
	    "it is asked for twice: %s", why);
	secret_wipe(&key);
	cr_expect_eq(secret_take_variable(&key, &src, why, sizeof(why)), -1,
	    "what is not set is taken");
}

Test(secret, what_is_wiped_is_gone)
{
	size_t i;

	cr_assert_eq(take_file("sk-wiped"), 0, "%s", why);
	secret_wipe(&key);
	for (i = 0; i < sizeof(key.bytes); i++)
		cr_assert_eq(key.bytes[i], 0, "byte %zu is left", i);
	cr_expect(!key.is_taken && key.len == 0);
}

Test(secret, the_process_leaves_no_core)
{
	struct rlimit limit;

	secret_guard();
	cr_assert_eq(getrlimit(RLIMIT_CORE, &limit), 0);
	cr_expect_eq(limit.rlim_max, 0, "a core of %lu bytes",
	    (unsigned long)limit.rlim_max);
	cr_expect_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0, "it is dumpable");
}
