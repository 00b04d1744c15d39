#include "tests/bench/bench.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

static int64_t
clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

uint64_t
bench_now_ns(void)
{
	return (uint64_t)clock_ns(CLOCK_MONOTONIC);
}

int64_t
bench_wall_ms(void)
{
	return clock_ns(CLOCK_REALTIME) / 1000000;
}

uint64_t
bench_mix(uint64_t v)
{
	v += 0x9e3779b97f4a7c15u;
	v = (v ^ v >> 32) * 0xd6e8feb86659fd93u;
	v = (v ^ v >> 32) * 0xd6e8feb86659fd93u;
	return v ^ v >> 32;
}

uint64_t
bench_number(const char *s)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(s, &end, 10);
	if (*s < '0' || *s > '9' || *end != '\0' || errno != 0)
		errx(2, "%s: not a number", s);
	return v;
}

int
bench_connect(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd;

	if (len >= sizeof(a.sun_path))
		errx(1, "%s: too long for a socket", path);
	memcpy(a.sun_path, path, len + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		err(1, "%s", path);
	return fd;
}

void
samples_add(struct samples *s, uint64_t ns)
{
	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 4096 : s->cap * 2;
		s->ns = realloc(s->ns, s->cap * sizeof(s->ns[0]));
		if (s->ns == NULL)
			err(1, "samples");
	}
	s->ns[s->n++] = ns;
}

static int
compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
quantile_us(const struct samples *s, double q)
{
	if (s->n == 0)
		return 0;
	return (double)s->ns[(size_t)((double)(s->n - 1) * q)] / 1000;
}

void
samples_print(struct samples *s, const char *name)
{
	if (s->n > 0)
		qsort(s->ns, s->n, sizeof(s->ns[0]), compare);
	printf("%s_p50_us=%.1f %s_p99_us=%.1f %s_max_us=%.1f", name,
	    quantile_us(s, 0.5), name, quantile_us(s, 0.99), name,
	    quantile_us(s, 1));
}

void
samples_free(struct samples *s)
{
	free(s->ns);
	*s = (struct samples){ 0 };
}
