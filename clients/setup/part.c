#include "clients/setup/part.h"

#include <stdio.h>
#include <string.h>

#include "clients/setup/block_edit.h"
#include "clients/setup/contrib.h"
#include "clients/setup/program.h"
#include "clients/setup/toml_edit.h"
#include "proto/lang.h"

#define MODE_NEW 0644

const char *const part_state_names[] = { "absent", "current", "outdated",
	"refused", "skipped" };

/* --- In a text ---------------------------------------------------------- */

static int
add_changes(const struct setting *s, const struct part *p, struct page *text,
    char *why, size_t cap)
{
	const struct json_change *c;
	struct page value = { .p = NULL };
	int rc = 0;

	for (c = p->changes; c < p->changes + p->n && rc == 0; c++) {
		if (c->program != NULL && !program_is_in(s->bindir, c->program))
			continue;
		page_set(&value, "", 0);
		contrib_expand(&value, c->value, s->bindir);
		rc = (c->append ? json_edit_append : json_edit_default)(
		    text, c->path, page_text(&value), why, cap);
	}
	page_free(&value);
	return rc;
}

static int
strip_changes(const struct part *p, struct page *text, char *why, size_t cap)
{
	const struct json_change *c;
	int n = 0, one;

	for (c = p->changes; c < p->changes + p->n; c++) {
		if (c->pattern == NULL)
			continue;
		one = json_edit_remove(text, c->pattern, c->judge, why, cap);
		if (one < 0)
			return -1;
		n += one;
	}
	return n;
}

static int
add_whole(const struct setting *s, const struct part *p, struct page *text,
    char *why, size_t cap)
{
	if (text->len > 0 && part_strip(p, text, why, cap) < 0)
		return -1;
	contrib_expand(text, contrib_find(p->contrib), s->bindir);
	return 0;
}

static int
strip_whole(struct page *text, char *why, size_t cap)
{
	if (text->len == 0)
		return 0;
	if (memmem(text->p, text->len, CONTRIB_MARK, strlen(CONTRIB_MARK)) ==
	    NULL) {
		snprintf(why, cap, _("somebody else's file of that name"));
		return -1;
	}
	page_set(text, "", 0);
	return 1;
}

int
part_add(const struct setting *s, const struct part *p, struct page *text,
    char *why, size_t cap)
{
	struct page block = { .p = NULL };
	char program[PATH_MAX + 16];
	int rc;

	switch (p->kind) {
	case PART_JSON:
		return add_changes(s, p, text, why, cap);
	case PART_TOML:
		snprintf(program, sizeof(program), "%s/tt-import", s->bindir);
		return toml_edit_notify(text, program, why, cap);
	case PART_BLOCK:
		if (p->key != NULL && block_edit_has_key(text, p->key))
			return 0;
		contrib_expand(&block, contrib_find(p->contrib), s->bindir);
		rc = block_edit_add(text, page_text(&block), why, cap);
		page_free(&block);
		return rc;
	case PART_WHOLE:
		break;
	}
	return add_whole(s, p, text, why, cap);
}

int
part_strip(const struct part *p, struct page *text, char *why, size_t cap)
{
	switch (p->kind) {
	case PART_JSON:
		return strip_changes(p, text, why, cap);
	case PART_TOML:
		return toml_edit_remove(text, why, cap);
	case PART_BLOCK:
		return block_edit_remove(text, why, cap);
	case PART_WHOLE:
		break;
	}
	return strip_whole(text, why, cap);
}

/* --- In a file ---------------------------------------------------------- */

/* A file while it is worked on. */
struct work {
	const struct setting *s;
	const struct part *part;
	struct part_result *r;
	struct file f;
	struct page without; /* the text without us */
	struct page with;    /* and with us */
	int ours;            /* how much of it is ours now */
	bool untouched;      /* it is as we left it */
};

static void
work_release(struct work *w)
{
	file_release(&w->f);
	page_free(&w->without);
	page_free(&w->with);
}

static int
refuse(struct work *w)
{
	w->r->state = PART_REFUSED;
	return -1;
}

static int
begin(struct work *w, const struct setting *s, const char *dir,
    const struct part *p, struct part_result *r)
{
	const struct manifest_entry *e;
	int n = snprintf(r->path, sizeof(r->path), "%s/%s", dir, p->file);

	*w = (struct work){ .s = s, .part = p, .r = r };
	r->state = PART_ABSENT;
	r->changed = false;
	r->why[0] = '\0';
	if (n < 0 || (size_t)n >= sizeof(r->path)) {
		snprintf(r->why, sizeof(r->why),
		    _("a path is longer than %d bytes"), PLACES_PATH_MAX - 1);
		return refuse(w);
	}
	if (file_load(&w->f, r->path, r->why, sizeof(r->why)) != 0)
		return refuse(w);
	e = manifest_find(s->manifest, r->path);
	w->untouched =
	    e != NULL && w->f.exists &&
	    e->hash == file_hash(page_text(&w->f.text), w->f.text.len);
	return 0;
}

/* What an error of the text is about. */
static int
refuse_text(struct work *w, const char *why)
{
	snprintf(w->r->why, sizeof(w->r->why), "%s: %s", w->r->path, why);
	return refuse(w);
}

/* Makes both texts. */
static int
compare(struct work *w)
{
	struct page again = { .p = NULL };
	char why[256] = "";
	int rc = -1, wanted;

	page_set(&w->without, page_text(&w->f.text), w->f.text.len);
	w->ours = part_strip(w->part, &w->without, why, sizeof(why));
	if (w->ours < 0)
		return refuse_text(w, why);
	page_set(&w->with, page_text(&w->without), w->without.len);
	if (part_add(w->s, w->part, &w->with, why, sizeof(why)) != 0)
		return refuse_text(w, why);
	/* As it should be, if nothing is missing and there is no more. */
	page_set(&again, page_text(&w->with), w->with.len);
	wanted = part_strip(w->part, &again, why, sizeof(why));
	page_set(&again, page_text(&w->f.text), w->f.text.len);
	if (w->ours == 0)
		w->r->state = wanted == 0 ? PART_CURRENT : PART_ABSENT;
	else if (part_add(w->s, w->part, &again, why, sizeof(why)) == 0 &&
		 page_equal(&again, &w->f.text) && w->ours == wanted)
		w->r->state = PART_CURRENT;
	else
		w->r->state = PART_OUTDATED;
	if (w->f.text.failed || w->with.failed || again.failed)
		refuse_text(w, _("out of memory"));
	else
		rc = 0;
	page_free(&again);
	return rc;
}

static bool
is_skipped(const struct work *w)
{
	return w->part->only_if_there && !w->f.exists;
}

void
part_check(const struct setting *s, const char *dir, const struct part *p,
    struct part_result *r)
{
	struct work w;

	if (begin(&w, s, dir, p, r) == 0) {
		if (is_skipped(&w))
			r->state = PART_SKIPPED;
		else
			compare(&w);
	}
	work_release(&w);
}

/* What the file was before us, once more with us, if nobody else was there. */
static int
start_over(struct work *w, struct manifest_entry *e, bool *existed)
{
	char why[256] = "";

	*existed = w->f.exists && (e == NULL || e->existed);
	if (e == NULL || !w->untouched)
		return 0;
	if (manifest_backup(w->s->manifest, e, &w->without, w->r->why,
		sizeof(w->r->why)) != 0)
		return refuse(w);
	page_set(&w->with, page_text(&w->without), w->without.len);
	if (part_add(w->s, w->part, &w->with, why, sizeof(why)) != 0)
		return refuse_text(w, why);
	return 0;
}

static int
install(struct work *w)
{
	struct manifest *m = w->s->manifest;
	char *why = w->r->why;
	size_t cap = sizeof(w->r->why);
	unsigned made = file_missing_dirs(&w->f);
	const struct page *before;
	char ignored[256];
	bool existed, known = manifest_find(m, w->r->path) != NULL;

	if (compare(w) != 0)
		return -1;
	if (w->r->state == PART_CURRENT)
		return 0;
	if (start_over(w, manifest_find(m, w->r->path), &existed) != 0)
		return -1;
	/* A file of ours that we know nothing of was not there before us. */
	if (w->part->kind == PART_WHOLE && w->without.len == 0)
		existed = false;
	before = existed ? &w->without : NULL;
	if (manifest_record(m, w->r->path, before, &w->with, made, why, cap) !=
	    0)
		return refuse(w);
	if (file_store(&w->f, &w->with, MODE_NEW, why, cap) != 0) {
		/* The file is what it was, and so is what we know of it. */
		if (known)
			manifest_record(m, w->r->path, before, &w->f.text, made,
			    ignored, sizeof(ignored));
		else
			manifest_forget(
			    m, w->r->path, ignored, sizeof(ignored));
		return refuse(w);
	}
	w->r->state = PART_CURRENT;
	w->r->changed = true;
	return 0;
}

void
part_install(const struct setting *s, const char *dir, const struct part *p,
    struct part_result *r)
{
	struct work w;

	if (begin(&w, s, dir, p, r) == 0) {
		if (is_skipped(&w))
			r->state = PART_SKIPPED;
		else
			install(&w);
	}
	work_release(&w);
}

/* The text that is left has nothing in it. */
static bool
is_nothing(const struct work *w)
{
	const char *p = page_text(&w->without);

	if (w->part->kind == PART_JSON) {
		p += strspn(p, " \t\r\n");
		p += *p == '{';
		p += strspn(p, " \t\r\n");
		p += *p == '}';
	}
	return p[strspn(p, " \t\r\n")] == '\0';
}

/* May anything in it be ours? Then one has to be able to read it. */
static bool
names_us(const struct work *w)
{
	return w->part->kind != PART_WHOLE &&
	       (strstr(page_text(&w->f.text), "tt-import") != NULL ||
		   strstr(page_text(&w->f.text), "tt-report") != NULL ||
		   strstr(page_text(&w->f.text), "tt-notices") != NULL);
}

/* The text without us, and whether there was a file before us. */
static int
recall(struct work *w, const struct manifest_entry *e, bool *existed)
{
	char why[256] = "";

	*existed = e != NULL ? e->existed : w->part->kind != PART_WHOLE;
	if (w->untouched)
		return manifest_backup(w->s->manifest, e, &w->without,
			   w->r->why, sizeof(w->r->why)) == 0
			   ? 0
			   : refuse(w);
	page_set(&w->without, page_text(&w->f.text), w->f.text.len);
	w->ours = part_strip(w->part, &w->without, why, sizeof(why));
	if (w->ours < 0 && e == NULL && !names_us(w)) {
		page_set(&w->without, page_text(&w->f.text), w->f.text.len);
		return 0;
	}
	return w->ours < 0 ? refuse_text(w, why) : 0;
}

static int
uninstall(struct work *w)
{
	struct manifest *m = w->s->manifest;
	const struct manifest_entry *e = manifest_find(m, w->r->path);
	unsigned made = e == NULL ? 0 : e->made;
	char *why = w->r->why;
	size_t cap = sizeof(w->r->why);
	bool existed = false;
	int rc = 0;

	if (w->f.exists && recall(w, e, &existed) != 0)
		return -1;
	if (w->f.exists && !page_equal(&w->without, &w->f.text)) {
		w->r->changed = true;
		if (!existed && is_nothing(w))
			rc = file_remove(&w->f, made, why, cap);
		else
			rc = file_store(&w->f, &w->without, MODE_NEW, why, cap);
	}
	if (rc != 0 || manifest_forget(m, w->r->path, why, cap) != 0) {
		w->r->changed = false;
		return refuse(w);
	}
	return 0;
}

void
part_uninstall(const struct setting *s, const char *dir, const struct part *p,
    struct part_result *r)
{
	struct work w;

	if (begin(&w, s, dir, p, r) == 0)
		uninstall(&w);
	work_release(&w);
}
