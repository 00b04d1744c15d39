/*
 * Runs a fuzz target over stored inputs without a fuzzer:
 *     replay FILE-OR-DIRECTORY...
 * A directory that is missing or empty is an error, so that a lost corpus does
 * not pass for a clean run.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

static int
complain(const char *path, const char *what)
{
	fprintf(stderr, "replay: %s: %s\n", path, what);
	return -1;
}

/* The memory ends with the input, so that a sanitizer sees reads beyond it. */
static int
run_bytes(FILE *f, const char *path, size_t size)
{
	uint8_t *bytes = malloc(size == 0 ? 1 : size);
	bool complete;

	if (bytes == NULL)
		return complain(path, "no memory");
	complete = fread(bytes, 1, size, f) == size;
	if (complete)
		LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
	return complete ? 0 : complain(path, "cannot be read");
}

static int
run_file(const char *path, size_t size, size_t *n)
{
	FILE *f = fopen(path, "re");
	int rc;

	if (f == NULL)
		return complain(path, "cannot be opened");
	rc = run_bytes(f, path, size);
	fclose(f);
	*n += rc == 0;
	return rc;
}

static int
run_entry(const char *dir, const char *name, size_t *n)
{
	char path[4096];
	struct stat st;
	int len = snprintf(path, sizeof(path), "%s/%s", dir, name);

	if (len < 0 || (size_t)len >= sizeof(path) || stat(path, &st) != 0)
		return complain(dir, "has an entry that cannot be read");
	return S_ISREG(st.st_mode) ? run_file(path, (size_t)st.st_size, n) : 0;
}

static int
run_directory(const char *path, size_t *n)
{
	DIR *dir = opendir(path);
	size_t before = *n;
	struct dirent *e;
	int rc = 0;

	if (dir == NULL)
		return complain(path, "cannot be opened");
	while (rc == 0 && (e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.')
			rc = run_entry(path, e->d_name, n);
	closedir(dir);
	if (rc == 0 && *n == before)
		rc = complain(path, "is empty");
	return rc;
}

static int
run(const char *path, size_t *n)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return complain(path, "is missing");
	if (S_ISDIR(st.st_mode))
		return run_directory(path, n);
	return run_file(path, (size_t)st.st_size, n);
}

int
main(int argc, char **argv)
{
	size_t n = 0;
	int i, rc = 0;

	if (argc < 2)
		rc = complain("usage", "replay FILE-OR-DIRECTORY...");
	for (i = 1; i < argc && rc == 0; i++)
		rc = run(argv[i], &n);
	printf("%zu inputs\n", n);
	return rc == 0 ? 0 : 1;
}
