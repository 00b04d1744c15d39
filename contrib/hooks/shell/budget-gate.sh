#!/bin/sh
# A gate for agents and tools that stop a hook's caller at exit code 2 and read
# why on stderr, and for make and CI: a budget that is used up gives 2 and one
# line for each. Anything else, a collectord that does not answer among it, is
# no reason to stop. Arguments go to tt-budget: a name, --warn, --session ID.
command -v tt-budget >/dev/null 2>&1 || exit 0
why=$(tt-budget check --deadline 500 "$@" 2>/dev/null)
[ $? -eq 1 ] || exit 0
printf '%s\n' "$why" >&2
exit 2
