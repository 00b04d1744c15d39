/*
 * Every limit of the wire and of an event, in one place. PROTOCOL.md lists the
 * same numbers; `hello` answers them.
 */
#ifndef PROTO_LIMITS_H
#define PROTO_LIMITS_H

#define TT_VERSION "0.1.0"
#define PROTOCOL_VERSION 1

#define LIMIT_REQUEST_BYTES (4u << 20) /* one message, either direction */
#define LIMIT_DEPTH 8                  /* nested arrays and maps */
#define LIMIT_NODES 1000000u           /* values in one message, keys too */
#define LIMIT_PUT_EVENTS 10000u        /* events in one put */
#define LIMIT_PUT_CURSORS 1000u        /* cursors in one put */
#define LIMIT_CURSOR_BYTES 4096u       /* the value of one cursor */
#define LIMIT_TEXT 255u                /* bytes of any text of an event */
#define LIMIT_TOKENS 10000000000ull    /* 10^10, any count of one event */
#define LIMIT_COST_USD 1000000         /* 10^6 USD, the cost of one event */
#define LIMIT_LATENCY_MS 4294967295ull /* u32 */
#define LIMIT_REPORT_EDGES 20001u      /* 20,000 periods in one report */
#define LIMIT_REPORT_KEYS 12u          /* keys to group by */
#define LIMIT_FILTER_PATTERNS 32u      /* patterns in one report */
#define LIMIT_PAGE_ROWS 2000u          /* rows of a report in one reply */

/* Time stamps outside [2020-01-01, now + 1 day] are impossible. */
#define LIMIT_TS_MIN_MS 1577836800000ll
#define LIMIT_TS_AHEAD_MS 86400000ll
/* A bare number below this is seconds, else milliseconds. */
#define LIMIT_TS_SECONDS_BELOW 100000000000ll

#endif
