#include <criterion/criterion.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/common/spool.h"

static char base[] = "/tmp/tt-spool-XXXXXX";

static void
make_base(void)
{
	cr_assert(mkdtemp(base) != NULL, "no temporary directory");
}

static void
remove_base(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", base);
	cr_expect_eq(system(command), 0, "%s remains", base);
}

TestSuite(spool, .init = make_base, .fini = remove_base);

/* Counts the files of a directory and keeps the name of one. */
static int
list(const char *dir, char name[256])
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	cr_assert(d != NULL, "%s is not there", dir);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, 256, "%s", e->d_name);
		n++;
	}
	closedir(d);
	return n;
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0, "%s is not there", path);
	return st.st_mode & 07777;
}

Test(spool, a_file_is_whole_private_and_named_by_time, .timeout = 30)
{
	char dir[128], name[256], path[512], why[256], got[64];
	size_t n;
	FILE *f;

	snprintf(dir, sizeof(dir), "%s/a/b/spool", base);
	cr_assert_eq(
	    spool_write(dir, 1778580000123, "bytes\0too", 9, why, sizeof(why)),
	    0, "%s", why);
	cr_assert_eq(list(dir, name), 1, "not one file");
	cr_expect_eq(
	    strncmp(name, "1778580000123-", 14), 0, "name is %s", name);
	cr_expect_str_eq(
	    name + strlen(name) - 3, SPOOL_SUFFIX, "name is %s", name);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	cr_expect_eq(mode_of(path), 0600, "file mode is %o, expected 600",
	    mode_of(path));
	cr_expect_eq(mode_of(dir), 0700, "directory mode is %o, expected 700",
	    mode_of(dir));
	f = fopen(path, "r");
	n = fread(got, 1, sizeof(got), f);
	fclose(f);
	cr_expect(n == 9 && memcmp(got, "bytes\0too", 9) == 0,
	    "%zu bytes, expected 9 as written", n);
}

Test(spool, names_never_clash, .timeout = 30)
{
	char name[256], why[256];
	int i, n;

	for (i = 0; i < 50; i++)
		cr_assert_eq(
		    spool_write(base, 1778580000123, "x", 1, why, sizeof(why)),
		    0, "%s", why);
	n = list(base, name);
	cr_expect_eq(n, 50, "%d files, expected 50", n);
}

Test(spool, what_cannot_be_a_directory_is_said, .timeout = 30)
{
	char path[128], why[256] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/file", base);
	f = fopen(path, "w");
	fclose(f);
	cr_expect_eq(spool_write(path, 1, "x", 1, why, sizeof(why)), -1,
	    "a file is taken for a directory");
	cr_expect(
	    strstr(why, path) != NULL, "\"%s\" does not name %s", why, path);
	snprintf(path, sizeof(path), "%s/file/below", base);
	cr_expect_eq(spool_write(path, 1, "x", 1, why, sizeof(why)), -1,
	    "a directory is made below a file");
}

Test(spool, making_a_directory_twice_is_fine, .timeout = 30)
{
	char dir[128], why[256];

	snprintf(dir, sizeof(dir), "%s/x/y", base);
	cr_expect_eq(spool_make_dir(dir, why, sizeof(why)), 0, "%s", why);
	cr_expect_eq(spool_make_dir(dir, why, sizeof(why)), 0, "%s", why);
	cr_expect_eq(mode_of(dir), 0700, "mode is %o", mode_of(dir));
}
