#!/bin/sh
# Who may include whom: proto <- clients, proto <- collectord, and each library
# behind its one door. Names every offence, and ends with `ok NAME` or `not ok
# NAME`. Before that it proves on a tree of offences that it finds each of them.
set -eu
cd "$(dirname "$0")/.."

# rule FILES EXCEPT FORBIDDEN WHY: no file whose path matches the first pattern
# and not the second may include what matches the third (all grep -E).
rule() {
	found=$(find . -name '*.[ch]' | grep -E "^\./($1)" | grep -Ev "$2" |
	    xargs -r grep -HnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($3)" || :)
	[ -n "$found" ] || return 0
	printf '%s\n  ^ %s\n' "$found" "$4"
	offences=$((offences + 1))
}

# Judges the tree below the current directory; $offences counts broken rules.
judge() {
	offences=0
	none='^$'
	rule proto/ $none 'collectord/|clients/' 'proto rests on nothing above it'
	rule proto/ $none 'uv\.h|lmdb\.h|curl/|pthread\.h|sys/socket\.h' \
	    'proto is pure: no loop, no store, no socket'
	rule clients/ $none 'collectord/|lmdb\.h' 'clients see only proto'
	rule clients/ 'clients/import/follow\.c$' 'uv\.h' \
	    'of the clients only tt-import --follow has a loop'
	rule 'proto/|collectord/|clients/' 'clients/import/database\.c$' \
	    'sqlite3\.h' 'SQLite lives in import/database.c'
	rule 'proto/|collectord/|clients/' 'clients/common/table_lib\.h$' \
	    'libsmartcols' 'libsmartcols is loaded by table_lib, when it is needed'
	rule clients/ $none 'curl/' 'a client with libcurl starts ten times slower'
	rule collectord/ $none 'clients/' 'the daemon does not know its clients'
	rule collectord/ledger/ $none 'collectord/(peers|jobs)/|uv\.h|curl/' \
	    'the ledger sees no loop, no socket and no job'
	rule collectord/ 'ledger/store\.c$' 'lmdb\.h' 'LMDB lives in ledger/store.c'
	rule collectord/ 'collectord/(main\.c|peers/|jobs/)' 'uv\.h' \
	    'libuv lives in main, peers and jobs'
	rule collectord/ 'collectord/jobs/' 'curl/' 'libcurl lives in jobs'
	rule collectord/jobs/providers/ $none \
	    'collectord/(peers|ledger)/|collectord/jobs/(sync/)?[a-z_]*\.h|uv\.h|curl/|sys/socket\.h' \
	    'providers build requests and read bytes: no loop, no socket'
	rule 'proto/|collectord/|clients/' '^\./proto/codec\.c$' \
	    'msgpack(\.h|/)' 'msgpack-c lives in the codec'
	rule 'proto/|collectord/|clients/' $none 'tests/' \
	    'programs do not lean on tests'
}

# One offence of each rule, in a tree of its own.
offend() {
	mkdir -p proto clients collectord/ledger collectord/peers \
	    collectord/jobs/providers
	echo '#include "collectord/log.h"' >proto/a.c
	echo '# include <uv.h>' >proto/b.h
	echo '#include "collectord/sys.h"' >clients/a.c
	echo '	#include <curl/curl.h>' >clients/b.c
	echo '#include "clients/common/client.h"' >collectord/a.c
	echo '#include "collectord/peers/conn.h"' >collectord/ledger/a.c
	echo '#include <lmdb.h>' >collectord/ledger/ledger.c
	echo '#include <uv.h>' >collectord/log.c
	echo '#include <curl/curl.h>' >collectord/peers/conn.c
	echo '#include <msgpack.h>' >collectord/peers/batch.c
	echo '#include "tests/e2e/harness.h"' >clients/c.c
	echo '#include <uv.h>' >clients/d.c
	echo '#include <curl/curl.h>' >collectord/jobs/providers/a.c
	echo '#include <sqlite3.h>' >clients/e.c
	echo '#include <libsmartcols/libsmartcols.h>' >clients/f.c
	# And what is allowed.
	echo '#include <lmdb.h>' >collectord/ledger/store.c
	echo '#include <uv.h>' >collectord/main.c
	echo '#include <msgpack.h>' >proto/codec.c
}

rules=$(grep -c '^	rule ' tests/layers.sh)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
(
	cd "$tree"
	offend
	judge >found
	echo "$offences of $rules rules broken" >>found
	[ "$offences" = "$rules" ] && ! grep -qE '(store|main|codec)\.c:' found
) && echo 'ok layers: each offence of a bad tree is found' || {
	cat "$tree/found"
	echo 'not ok layers: each offence of a bad tree is found'
	exit 1
}

judge
if [ $offences = 0 ]; then
	echo 'ok layers: nobody includes what is not his'
else
	echo 'not ok layers: nobody includes what is not his'
	exit 1
fi
