/*
 * disk FILE MILLISECONDS: how fast this disk takes a durable write. Overwrites
 * 4 KB of a preallocated file, the next place each time, and waits for
 * fdatasync.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/bench.h"

#define PAGE 4096
#define PAGES 4096

/* Has every page written once, so that no later write allocates. */
static int
open_filled(const char *path, const char page[PAGE])
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		err(1, "%s", path);
	if (st.st_size == PAGES * PAGE)
		return fd;
	for (off_t i = 0; i < PAGES; i++)
		if (pwrite(fd, page, PAGE, i * PAGE) != PAGE)
			err(1, "%s", path);
	if (fsync(fd) != 0)
		err(1, "%s", path);
	return fd;
}

int
main(int argc, char **argv)
{
	struct samples lat = { 0 };
	char page[PAGE];
	uint64_t start, before, now, end;
	int fd;

	if (argc != 3)
		errx(2, "usage: disk FILE MILLISECONDS");
	memset(page, 'x', sizeof(page));
	fd = open_filled(argv[1], page);
	start = now = bench_now_ns();
	end = start + bench_number(argv[2]) * 1000000;
	while (now < end) {
		before = now;
		if (pwrite(fd, page, PAGE, (off_t)(lat.n % PAGES) * PAGE) !=
			PAGE ||
		    fdatasync(fd) != 0)
			err(1, "%s", argv[1]);
		now = bench_now_ns();
		samples_add(&lat, now - before);
	}
	printf("rate=%.1f ", (double)lat.n * 1e9 / (double)(now - start));
	samples_print(&lat, "sync");
	printf("\n");
	samples_free(&lat);
	close(fd);
	return 0;
}
