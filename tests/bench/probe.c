/*
 * probe SOCKET MILLISECONDS [PAUSE_US [METHOD]]: what a question costs: the
 * last seven days as `tt-report week` asks for them, or a method without
 * parameters, over one connection, with a pause after each answer.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "proto/codec.h"
#include "tests/bench/bench.h"

#define DAY_MS 86400000ll
#define EDGES 8

static char answer[LIMIT_REQUEST_BYTES];

static void
pack_week(struct packer *k)
{
	int64_t edges[EDGES], tomorrow;
	struct report_query q = { .edges = edges, .nedges = EDGES };
	int i;

	tomorrow = (bench_wall_ms() / DAY_MS + 1) * DAY_MS;
	for (i = 0; i < EDGES; i++)
		edges[i] = tomorrow + (i + 1 - EDGES) * DAY_MS;
	packer_clear(k);
	pack_report(k, 1, &q);
	if (k->failed)
		errx(1, "pack_report");
}

static void
pack_question(struct packer *k, const char *method)
{
	if (method == NULL) {
		pack_week(k);
		return;
	}
	packer_clear(k);
	pack_request(k, 1, method);
	pack_map(k, 0);
}

static size_t
read_answer(int fd)
{
	enum wire_result r = WIRE_MORE;
	struct wire_scan scan;
	size_t len = 0, used;
	ssize_t n;

	wire_scan_init(&scan);
	while (r == WIRE_MORE) {
		n = read(fd, answer + len, sizeof(answer) - len);
		if (n <= 0)
			err(1, "read");
		r = wire_scan_feed(&scan, answer + len, (size_t)n, &used);
		len += used;
	}
	if (r != WIRE_DONE)
		errx(1, "answer: %s", wire_strerror(r));
	return len;
}

static void
ask(int fd, const struct packer *k)
{
	struct reply reply;
	size_t len;

	if (write(fd, k->p, k->len) != (ssize_t)k->len)
		err(1, "write");
	len = read_answer(fd);
	if (unpack_reply(answer, len, &reply) != 0)
		errx(1, "not a reply");
	if (reply.is_error)
		errx(1, "%s", error_name(reply.error.code));
}

int
main(int argc, char **argv)
{
	struct samples lat = { 0 };
	struct packer k = { 0 };
	struct timespec pause = { 0 };
	uint64_t before, now, end;
	int fd;

	if (argc < 3 || argc > 5)
		errx(2, "usage: probe SOCKET MILLISECONDS [PAUSE_US [METHOD]]");
	if (argc >= 4)
		pause.tv_nsec = (long)(bench_number(argv[3]) % 1000000 * 1000);
	fd = bench_connect(argv[1]);
	now = bench_now_ns();
	end = now + bench_number(argv[2]) * 1000000;
	while (now < end) {
		pack_question(&k, argc == 5 ? argv[4] : NULL);
		before = bench_now_ns();
		ask(fd, &k);
		samples_add(&lat, bench_now_ns() - before);
		nanosleep(&pause, NULL);
		now = bench_now_ns();
	}
	printf("queries=%zu ", lat.n);
	samples_print(&lat, "query");
	printf("\n");
	samples_free(&lat);
	packer_free(&k);
	close(fd);
	return 0;
}
