/*
 * Before version 1.2 each message was a file, storage/message/SESSION/ID.json,
 * and each session one below storage/session/PROJECT/.
 */
#include "clients/import/agents/opencode.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/import/agents/beside.h"

static void
take_session(struct source *s, const char *text, size_t len,
    struct opencode_place *place)
{
	const struct json_node *root;

	if (json_parse(&s->json, text, len) != 0)
		return;
	root = s->json.nodes;
	place->parent = source_member(s, root, "parentID");
	place->directory = source_member(s, root, "directory");
	place->session_ms =
	    source_time(s, json_path(&s->json, root, "time.created"));
}

/* One session is in one project. */
static void
find_session(struct source *s, struct text storage, struct text session,
    struct opencode_place *place)
{
	char sessions[PATH_MAX], name[NAME_MAX * 2];
	int n = snprintf(sessions, sizeof(sessions), "%.*s/session",
	    (int)storage.len, storage.p);
	DIR *dir = n < (int)sizeof(sessions) ? opendir(sessions) : NULL;
	struct dirent *project;
	char *text = NULL;
	size_t len;

	while (
	    dir != NULL && text == NULL && (project = readdir(dir)) != NULL) {
		snprintf(name, sizeof(name), "%s/%.*s.json", project->d_name,
		    (int)session.len, session.p);
		if (project->d_name[0] != '.')
			text = beside_read(text_of(sessions), name, &len);
	}
	if (text != NULL)
		take_session(s, text, len, place);
	free(text);
	if (dir != NULL)
		closedir(dir);
}

int
opencode_document(struct source *s, const char *text, size_t len)
{
	struct text path = text_of(s->path), dir = path_dir(path);
	struct text message = path_stem(path_base(path), ".json");
	struct text session = path_base(dir);
	struct opencode_place place = {
		.message = source_text(s, message.p, message.len),
		.session = source_text(s, session.p, session.len),
	};

	find_session(s, path_dir(path_dir(dir)), session, &place);
	return opencode_message(s, text, len, &place);
}
