/*
 * Changes to a JSON file that somebody else wrote, as splices of its text: all
 * that is not changed keeps its bytes, its order and its spacing, and what is
 * added looks like what is around it. Only strict JSON is touched.
 *
 * A path names members from the root down: "hooks.Stop". In a pattern "*" is
 * any member or element, and a name that ends in "!" goes together with what is
 * in it: its container is removed too when it becomes empty.
 */
#ifndef SETUP_JSON_EDIT_H
#define SETUP_JSON_EDIT_H

#include "clients/setup/page.h"
#include "proto/json.h"

/* Is that node ours? */
typedef bool json_edit_judge(
    const struct json *j, const struct json_node *node);

/*
 * Appends a value, given as JSON, to the array at path unless an equal one is
 * in it; makes what is missing on the way. 0, or -1 with why and the text as
 * it was. An empty text is an empty object.
 */
int json_edit_append(struct page *text, const char *path, const char *value,
    char *why, size_t cap);
/* The same for a member that is only set where there is none. */
int json_edit_default(struct page *text, const char *path, const char *value,
    char *why, size_t cap);
/*
 * Removes all that the pattern matches and the judge (NULL: everything) calls
 * ours, and the containers below the root that this leaves empty. How many
 * that were, or -1 with why.
 */
int json_edit_remove(struct page *text, const char *pattern,
    json_edit_judge *judge, char *why, size_t cap);

#endif
