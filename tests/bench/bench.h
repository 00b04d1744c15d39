/*
 * What the bench programs share: a clock, a bag of latencies, a socket. They
 * print one line of key=value and leave at the first thing that goes wrong.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

uint64_t bench_now_ns(void); /* monotonic */
int64_t bench_wall_ms(void);
/* Mixes the bits of v: equal in, equal out, otherwise as if random. */
uint64_t bench_mix(uint64_t v);
/* A decimal option; leaves with status 2 for anything else. */
uint64_t bench_number(const char *s);
/* A connected Unix stream socket. */
int bench_connect(const char *path);

/* Durations, for their quantiles. Starts as {0}. */
struct samples {
	uint64_t *ns; /* owned */
	size_t n, cap;
};

void samples_add(struct samples *s, uint64_t ns);
/* Prints `name_p50_us=… name_p99_us=… name_max_us=…`; sorts. */
void samples_print(struct samples *s, const char *name);
void samples_free(struct samples *s);

#endif
