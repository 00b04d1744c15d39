#include "clients/report/agent_state.h"

#include <string.h>

static void
take_text(const struct json *j, const char *path, char out[LIMIT_TEXT + 1])
{
	const struct json_node *n = json_path(j, j->nodes, path);

	if (out[0] != '\0' || n == NULL || n->type != JSON_STRING)
		return;
	if (json_string(j, n, out, LIMIT_TEXT + 1) < 0)
		out[0] = '\0';
}

static uint64_t
take_u64(const struct json *j, const char *path)
{
	const struct json_node *n = json_path(j, j->nodes, path);
	uint64_t v;

	return n != NULL && json_u64(j, n, &v) == 0 ? v : 0;
}

static bool
take_decimal(const struct json *j, const struct json_node *n, int64_t *v)
{
	return n != NULL && n->type == JSON_NUMBER &&
	       money_parse(json_raw(j, n), n->len, v) == 0 && *v >= 0;
}

/* The last part of a path that is not empty. */
static void
take_project(const struct json *j, const char *path, char out[LIMIT_TEXT + 1])
{
	const struct json_node *n = json_path(j, j->nodes, path);
	char dir[4096], *last;
	size_t len;

	if (out[0] != '\0' || n == NULL || n->type != JSON_STRING ||
	    json_string(j, n, dir, sizeof(dir)) < 0)
		return;
	len = strlen(dir);
	while (len > 1 && dir[len - 1] == '/')
		dir[--len] = '\0';
	last = strrchr(dir, '/');
	last = last != NULL ? last + 1 : dir;
	len = strlen(last);
	if (len <= LIMIT_TEXT)
		memcpy(out, last, len + 1);
}

/* Tokens of the last prompt, as told or as a part of the whole. */
static void
take_context(struct agent_state *st, const struct json *j)
{
	const struct json_node *n =
	    json_path(j, j->nodes, "context_window.used_percentage");
	int64_t percent;

	st->context_size = take_u64(j, "context_window.context_window_size");
	st->context_used = take_u64(j, "context_window.total_input_tokens");
	if (st->context_size > LIMIT_TOKENS || st->context_used > LIMIT_TOKENS)
		st->context_size = st->context_used = 0;
	if (st->context_used == 0 && take_decimal(j, n, &percent))
		st->context_used = (uint64_t)((money_sum)st->context_size *
					      percent / (100 * MONEY_USD));
	if (n == NULL && st->context_used == 0)
		st->context_size = 0;
}

static void
take_window(struct agent_state *st, const struct json *j,
    const struct json_node *key, const struct json_node *window)
{
	struct agent_window *w = &st->windows[st->n_windows];
	uint64_t seconds;

	if (json_string(j, key, w->name, sizeof(w->name)) <= 0 ||
	    !take_decimal(
		j, json_get(j, window, "used_percentage"), &w->percent))
		return;
	w->resets_ms = 0;
	if (json_get(j, window, "resets_at") != NULL &&
	    json_u64(j, json_get(j, window, "resets_at"), &seconds) == 0 &&
	    seconds < LIMIT_TS_SECONDS_BELOW)
		w->resets_ms = (int64_t)seconds * 1000;
	st->n_windows++;
}

static void
take_windows(struct agent_state *st, const struct json *j)
{
	const struct json_node *all = json_get(j, j->nodes, "rate_limits");
	const struct json_node *key, *value;

	if (all == NULL || all->type != JSON_OBJECT)
		return;
	key = json_first(j, all);
	while (key != NULL && st->n_windows < AGENT_STATE_WINDOWS) {
		value = json_next(j, all, key);
		if (value->type == JSON_OBJECT)
			take_window(st, j, key, value);
		key = json_next(j, all, value);
	}
}

int
agent_state_read(
    struct agent_state *st, struct json *j, const char *text, size_t len)
{
	memset(st, 0, sizeof(*st));
	if (json_parse(j, text, len) != 0 || j->nodes[0].type != JSON_OBJECT)
		return -1;
	take_text(j, "session_id", st->session);
	take_text(j, "model.display_name", st->model);
	take_text(j, "model.id", st->model_id);
	take_text(j, "model.id", st->model);
	take_project(j, "workspace.project_dir", st->project);
	take_project(j, "workspace.current_dir", st->project);
	take_project(j, "cwd", st->project);
	st->has_cost = take_decimal(
	    j, json_path(j, j->nodes, "cost.total_cost_usd"), &st->cost_pico);
	st->duration_ms = take_u64(j, "cost.total_duration_ms");
	take_context(st, j);
	take_windows(st, j);
	return 0;
}
