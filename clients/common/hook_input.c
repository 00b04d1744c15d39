#include "clients/common/hook_input.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "clients/common/client.h"
#include "clients/common/slim.h"

#define CHUNK (16u << 10)

static void
take(const struct json *j, const char *name, char *out, size_t cap)
{
	const struct json_node *n = json_get(j, j->nodes, name);

	if (n == NULL || n->type != JSON_STRING ||
	    json_string(j, n, out, cap) < 0)
		out[0] = '\0';
}

/* OpenClaw's "agent:main:subagent:…" names who asks in its key. */
static bool
names_subagent(const char *key)
{
	const char *at = strstr(key, "subagent:");

	return at != NULL && (at == key || at[-1] == ':');
}

void
hook_input_parse(struct hook_input *in, const char *json, size_t len)
{
	struct json j = { 0 };
	char agent[LIMIT_TEXT + 1], key[LIMIT_TEXT + 1];

	memset(in, 0, sizeof(*in));
	if (json_parse(&j, json, len) == 0 && j.nodes->type == JSON_OBJECT) {
		take(&j, "session_id", in->session, sizeof(in->session));
		if (in->session[0] == '\0')
			take(&j, "sessionId", in->session, sizeof(in->session));
		take(&j, "hook_event_name", in->event, sizeof(in->event));
		take(&j, "source", in->source, sizeof(in->source));
		take(&j, "agent_id", agent, sizeof(agent));
		take(&j, "sessionKey", key, sizeof(key));
		in->is_subagent = agent[0] != '\0' || names_subagent(key);
	}
	json_release(&j);
}

static ssize_t
read_some(int fd, char *buf, size_t cap, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left = deadline_ms - client_now_ms();
	ssize_t n;

	if (left <= 0 || poll(&p, 1, (int)left) <= 0)
		return 0;
	do {
		n = read(fd, buf, cap);
	} while (n < 0 && errno == EINTR);
	return n;
}

void
hook_input_read(struct hook_input *in, int fd, int64_t deadline_ms)
{
	char chunk[CHUNK];
	struct slim s = { 0 };
	ssize_t n = 1;

	memset(in, 0, sizeof(*in));
	if (isatty(fd))
		return;
	while (s.state == SLIM_MORE && n > 0) {
		n = read_some(fd, chunk, sizeof(chunk), deadline_ms);
		if (n > 0)
			slim_feed(&s, chunk, (size_t)n);
	}
	if (s.state == SLIM_DONE)
		hook_input_parse(in, s.p, s.len);
	slim_release(&s);
}

bool
hook_input_is_wanted(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "--hook", 6) == 0)
			return true;
	return false;
}
