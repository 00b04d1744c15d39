/*
 * The loop: the listening socket, who is connected, and how much of everything
 * there may be at a time. All on one thread; the batch has another.
 */
#ifndef PEERS_SERVER_H
#define PEERS_SERVER_H

#include <stdatomic.h>
#include <uv.h>

#include "collectord/jobs/drain.h"
#include "collectord/jobs/http.h"
#include "collectord/jobs/sink.h"
#include "collectord/jobs/spool.h"
#include "collectord/jobs/sync/sync.h"
#include "collectord/jobs/tick.h"
#include "collectord/ledger/ledger.h"
#include "collectord/peers/batch.h"
#include "collectord/peers/conn.h"
#include "collectord/peers/listen.h"
#include "proto/config.h"
#include "proto/notice_text.h"
#include "proto/places.h"

#define SERVER_INPUT_BYTES (64u << 10) /* one read */
/*
 * What peers can make us hold: input, puts that wait or are being committed,
 * output. Above the mark half-sent requests are no longer read.
 */
#define SERVER_BUFFERS_MAX (32u << 20)
#define SERVER_BUFFERS_MARK (24u << 20)
/* Puts that wait: above the first who sends is not read, until the second. */
#define SERVER_BEHIND_MAX (16u << 20)
#define SERVER_BEHIND_LOW (8u << 20)

struct server {
	uv_loop_t loop;
	/* Filled by main before server_init. */
	struct places places;
	struct config config;
	const char *config_path;
	char definitions_dir[PLACES_PATH_MAX]; /* of providers */
	bool is_autostarted;
	size_t file_limit;
	struct ledger *ledger;
	uint32_t schema;
	struct listen_socket socket;
	const char *sentences_zh[NOTICE_SENTENCES];

	struct batch batch;
	struct spool spool;
	struct timers timers;
	struct tick tick;
	struct drain drain;
	struct http http;
	struct sinks sinks;
	struct sync sync;
	struct provider_call *provider_calls;
	bool has_secret_input; /* input is to be wiped */
	uv_poll_t listener;
	uv_timer_t pause;  /* after EMFILE */
	uv_timer_t linger; /* how long acks may take at the end */
	bool is_crowded;   /* somebody waits for a place */

	/* Every connection, and on one list each, in the order of since_ms. */
	struct conn *all;
	struct conn *cursor; /* the next of a walk over all */
	struct conn_list idle, partial, busy;
	struct conn_list ready; /* yielded: whole requests, not looked at */
	size_t nconns;
	uint32_t last_id;

	/* One timer for the earliest deadline; none where nothing is due. */
	uv_timer_t deadline;
	uint64_t deadline_ms; /* 0: not set */
	uint64_t trim_ms;     /* when to give memory back; 0: nothing to */
	uv_prepare_t before_poll;
	uv_idle_t again;   /* keeps the poll from sleeping */
	uint32_t turn;     /* of the loop */
	size_t turn_spent; /* events decoded in it, or as much work */

	size_t buffered; /* connections' input and output buffers */
	size_t peak;     /* of everything since memory was given back */
	bool is_full;    /* above the mark */
	bool is_behind;  /* too many puts wait */

	struct packer reply; /* scratch of reply.c */
	unsigned nreports;   /* with a slot */
	unsigned nworking;   /* of those, on the pool */
	uint64_t last_token;
	/* Calls of the ledger's methods: those in line for the pool, … */
	struct method_call *line, *line_last;
	unsigned nwaiting, nrunning; /* in line, on the pool */
	size_t calling;              /* weight of all that are under way */
	atomic_bool methods_stop;    /* the loop sets it, others look */
	struct follower *followers;

	int64_t started_ms; /* clock_mono_ms */
	int64_t told_commit_ms, told_files_ms;
	const char *stop_why; /* not NULL: stop before the next poll */
	bool is_stopping;
	bool is_over;                   /* all handles are being closed */
	char input[SERVER_INPUT_BYTES]; /* free whenever no on_read runs */
};

/* 0 or a negative uv error, after which only exiting is left. */
int server_init(struct server *s);
/* Until it has stopped; then every handle is closed. */
void server_run(struct server *s);
/* Before the next poll; why is static text for the log. Idempotent. */
void server_stop_soon(struct server *s, const char *why);
/* What it holds, to the log. */
void server_dump(const struct server *s);

/* For connections. */

/*
 * May c's next message, of len bytes, be handled in this turn of the loop? One
 * small one always may: many who send much must not keep a query waiting.
 */
bool server_has_turn(struct server *s, struct conn *c, size_t len);
size_t server_buffered(const struct server *s);
/*
 * May c's buffers grow by n bytes? Closes who has been half-sent or unread for
 * longest where there is no room, c too. False: no.
 */
bool server_reserve(struct server *s, struct conn *c, size_t n);
void server_check_behind(struct server *s);
void server_adopt(struct server *s, struct conn *c);
/* Moves c to the end of a list, as of now. */
void server_list(struct server *s, struct conn *c, struct conn_list *to);
void server_forget(struct server *s, struct conn *c);

#endif
