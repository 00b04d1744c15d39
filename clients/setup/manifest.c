#include "clients/setup/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "clients/common/output.h"
#include "clients/common/spool.h"
#include "proto/json.h"
#include "proto/lang.h"

/* Room for the names that are put behind the directory's. */
#define NAME_ROOM 64

static int
lock(struct manifest *m, char *why, size_t cap)
{
	char path[PATH_MAX + NAME_ROOM];

	if (spool_make_dir(m->dir, why, cap) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/lock", m->dir);
	m->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (m->lock_fd >= 0 && flock(m->lock_fd, LOCK_EX) == 0)
		return 0;
	snprintf(why, cap, "%s: %s", path, strerror(errno));
	return -1;
}

static void
take_entry(
    struct manifest *m, const struct json *j, const struct json_node *node)
{
	struct manifest_entry e = { .path = NULL };
	const struct json_node *existed = json_get(j, node, "existed");
	char path[PATH_MAX], hash[32];
	uint64_t made = 0;

	if (m->n == MANIFEST_MAX ||
	    json_string(j, json_get(j, node, "path"), path, sizeof(path)) < 0 ||
	    json_string(j, json_get(j, node, "hash"), hash, sizeof(hash)) < 0)
		return;
	json_u64(j, json_get(j, node, "made"), &made);
	e.existed = existed != NULL && existed->type == JSON_TRUE;
	e.hash = strtoull(hash, NULL, 16);
	e.made = made > PATH_MAX ? 0 : (unsigned)made;
	e.path = strdup(path);
	if (e.path != NULL)
		m->entries[m->n++] = e;
}

static int
load(struct manifest *m, char *why, size_t cap)
{
	const struct json_node *files, *c;
	struct json j = { .text = NULL };
	char path[PATH_MAX + NAME_ROOM];
	struct file f;
	int rc;

	snprintf(path, sizeof(path), "%s/manifest.json", m->dir);
	rc = file_load(&f, path, why, cap);
	if (rc == 0 && f.exists) {
		rc = json_parse(&j, page_text(&f.text), f.text.len);
		if (rc != 0)
			snprintf(why, cap, _("%s: not plain JSON"), path);
		files = rc == 0 ? json_get(&j, j.nodes, "files") : NULL;
		for (c = files == NULL ? NULL : json_first(&j, files);
		     c != NULL; c = json_next(&j, files, c))
			take_entry(m, &j, c);
	}
	json_release(&j);
	file_release(&f);
	return rc;
}

int
manifest_open(struct manifest *m, const struct places *p, bool change,
    char *why, size_t cap)
{
	int n = snprintf(m->dir, sizeof(m->dir), "%s/setup", p->data);

	m->lock_fd = -1;
	m->n = 0;
	if (n < 0 || (size_t)n >= sizeof(m->dir) - NAME_ROOM) {
		snprintf(why, cap, _("a path is longer than %d bytes"),
		    PLACES_PATH_MAX - 1);
		return -1;
	}
	if (change && lock(m, why, cap) != 0)
		return -1;
	return load(m, why, cap);
}

void
manifest_close(struct manifest *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		free(m->entries[i].path);
	m->n = 0;
	if (m->lock_fd >= 0)
		close(m->lock_fd);
	m->lock_fd = -1;
}

struct manifest_entry *
manifest_find(struct manifest *m, const char *path)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (strcmp(m->entries[i].path, path) == 0)
			return &m->entries[i];
	return NULL;
}

static void
backup_path(
    const struct manifest *m, const char *path, char out[PATH_MAX + NAME_ROOM])
{
	snprintf(out, PATH_MAX + NAME_ROOM, "%s/before-%016" PRIx64, m->dir,
	    file_hash(path, strlen(path)));
}

int
manifest_backup(const struct manifest *m, const struct manifest_entry *e,
    struct page *text, char *why, size_t cap)
{
	char path[PATH_MAX + NAME_ROOM];
	struct file f;
	int rc = 0;

	page_set(text, "", 0);
	if (!e->existed)
		return 0;
	backup_path(m, e->path, path);
	rc = file_load(&f, path, why, cap);
	if (rc == 0 && !f.exists) {
		snprintf(why, cap, "%s: %s", path, strerror(ENOENT));
		rc = -1;
	}
	if (rc == 0)
		page_set(text, page_text(&f.text), f.text.len);
	file_release(&f);
	return rc;
}

static void
write_entries(const struct manifest *m, FILE *out)
{
	const struct manifest_entry *e;
	size_t i;

	fputs("{\"schema_version\":1,\"files\":[", out);
	for (i = 0; i < m->n; i++) {
		e = &m->entries[i];
		fputs(i == 0 ? "\n" : ",\n", out);
		fputs("{\"path\":", out);
		json_put_str(out, e->path);
		fprintf(out,
		    ",\"existed\":%s,\"hash\":\"%016" PRIx64 "\",\"made\":%u}",
		    e->existed ? "true" : "false", e->hash, e->made);
	}
	fputs("\n]}\n", out);
}

static int
store_private(const char *path, const struct page *text, char *why, size_t cap)
{
	struct file f;
	int rc = file_load(&f, path, why, cap);

	if (rc == 0)
		rc = file_store(&f, text, 0600, why, cap);
	file_release(&f);
	return rc;
}

static int
save(const struct manifest *m, char *why, size_t cap)
{
	char path[PATH_MAX + NAME_ROOM], *bytes = NULL;
	struct page text = { .p = NULL };
	size_t len = 0;
	FILE *out = open_memstream(&bytes, &len);
	int rc = -1;

	snprintf(path, sizeof(path), "%s/manifest.json", m->dir);
	if (out != NULL) {
		write_entries(m, out);
		rc = fclose(out);
	}
	if (rc == 0) {
		page_put(&text, bytes, len);
		rc = store_private(path, &text, why, cap);
	} else {
		snprintf(why, cap, _("out of memory"));
	}
	free(bytes);
	page_free(&text);
	return rc;
}

int
manifest_record(struct manifest *m, const char *path, const struct page *before,
    const struct page *after, unsigned made, char *why, size_t cap)
{
	struct manifest_entry *e = manifest_find(m, path);
	char backup[PATH_MAX + NAME_ROOM];

	backup_path(m, path, backup);
	if (before != NULL && store_private(backup, before, why, cap) != 0)
		return -1;
	if (e == NULL && m->n < MANIFEST_MAX) {
		e = &m->entries[m->n];
		*e = (struct manifest_entry){ .path = strdup(path) };
		m->n += e->path != NULL;
		e = e->path != NULL ? e : NULL;
	}
	if (e == NULL) {
		snprintf(why, cap, _("out of memory"));
		return -1;
	}
	e->existed = before != NULL;
	e->hash = file_hash(page_text(after), after->len);
	e->made = made > e->made ? made : e->made;
	return save(m, why, cap);
}

int
manifest_forget(struct manifest *m, const char *path, char *why, size_t cap)
{
	struct manifest_entry *e = manifest_find(m, path);
	char backup[PATH_MAX + NAME_ROOM];

	if (e == NULL)
		return 0;
	backup_path(m, path, backup);
	free(e->path);
	m->n--;
	memmove(e, e + 1, (size_t)(m->entries + m->n - e) * sizeof(*e));
	if (save(m, why, cap) != 0)
		return -1;
	unlink(backup);
	return 0;
}
