#!/bin/sh
# What `make check` runs once all is built: style, every test, the tests under
# address and undefined sanitizers, the daemon under the thread sanitizer. Ends
# with one line, "N passed, N failed". Usage: tests/check.sh BUILD
set -u
cd "$(dirname "$0")/.."
build=${1:-build}
passed=0 failed=0 skipped=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# Criterion leaks a few bytes of its own when its tests run side by side.
LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp:print_suppressions=0"
export LSAN_OPTIONS

number() {
	tail -n 2 "$out" |
	    sed -n "s/.*\(^\|[ ,]\)\([0-9][0-9]*\) $1.*/\2/p" | tail -n 1
}

# stage TITLE COMMAND…: a run that ends with its own "N passed, N failed".
stage() {
	echo "== $1"
	shift
	"$@" >"$out" 2>&1
	code=$?
	cat "$out"
	p=$(number passed) f=$(number failed) s=$(number skipped)
	passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0}))
	skipped=$((skipped + ${s:-0}))
	[ $code = 0 ] || [ "${f:-0}" != 0 ] || failed=$((failed + 1))
}

# one TITLE COMMAND…: one test by its exit code, quiet when it passes.
one() {
	if title=$1 && shift && "$@" >"$out" 2>&1; then
		echo "ok   $title"
		passed=$((passed + 1))
	else
		echo "FAIL $title"
		cat "$out"
		failed=$((failed + 1))
	fi
}

sources() {
	find proto collectord clients tests -name '*.[ch]'
}

formatted() {
	clang-format --dry-run -Werror $(sources)
}

# STYLE notes only say that pages it refers to are not installed.
pages() {
	mandoc -T lint -W warning clients/*.1 collectord/*.8
}

installs() {
	to=$(mktemp -d)
	make -s B="$build" DESTDIR="$to" PREFIX=/usr install &&
	    [ -x "$to/usr/bin/tt-send" ] &&
	    [ -f "$to/usr/share/man/man1/tt-send.1" ] &&
	    make -s B="$build" DESTDIR="$to" PREFIX=/usr uninstall &&
	    [ -z "$(find "$to" -type f)" ]
	code=$?
	rm -rf "$to"
	return $code
}

racing() {
	TT_BUILD=$build/tsan TSAN_OPTIONS=halt_on_error=1 TT_KILLS=5 \
	    "$build/e2e/$1" --timeout 300
}

echo "== style"
one 'clang-format' formatted
one 'man pages' pages
one 'install and uninstall' installs
one 'demo' contrib/demo "$build"
stage 'tests' env TT_BUILD="$build" tests/run.sh
stage 'address and undefined sanitizers' \
	env TT_BUILD="$build/asan" TT_KILLS=10 tests/run.sh
echo "== thread sanitizer"
for t in test_put test_report test_kills test_daemon test_provider; do
	one "$t" racing $t
done

[ $skipped = 0 ] || echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
