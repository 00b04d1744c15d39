/*
 * libcurl, loaded when the first request needs it: it and what it rests on take
 * three times the memory of the daemon and most of its time to start, and few
 * daemons speak HTTP.
 */
#ifndef JOBS_HTTP_LIB_H
#define JOBS_HTTP_LIB_H

#include <curl/curl.h>

/* Those we use, by their names without the curl_. */
#define HTTP_LIB_FUNCTIONS(X)                                                  \
	X(global_init_mem)                                                     \
	X(global_cleanup)                                                      \
	X(free)                                                                \
	X(url)                                                                 \
	X(url_cleanup)                                                         \
	X(url_get)                                                             \
	X(url_set)                                                             \
	X(slist_append)                                                        \
	X(slist_free_all)                                                      \
	X(easy_init)                                                           \
	X(easy_setopt)                                                         \
	X(easy_getinfo)                                                        \
	X(easy_cleanup)                                                        \
	X(multi_init)                                                          \
	X(multi_setopt)                                                        \
	X(multi_assign)                                                        \
	X(multi_add_handle)                                                    \
	X(multi_remove_handle)                                                 \
	X(multi_socket_action)                                                 \
	X(multi_info_read)                                                     \
	X(multi_cleanup)

struct http_lib {
#define MEMBER(name) __typeof__(curl_##name) *name;
	HTTP_LIB_FUNCTIONS(MEMBER)
#undef MEMBER
};

/* 0, or -1: it is not installed. It stays in memory. */
int http_lib_load(struct http_lib *lib);

#endif
