#!/bin/sh
# Runs test programs and ends with one line, "N passed, N failed"; above it stands
# how many were skipped, where some were. Without arguments: all that was built in
# $TT_BUILD (build), and the scripts. Exits with 1 on any failure.
#
# A Criterion program tells its own numbers. Whatever else prints `ok NAME`,
# `not ok NAME` or `skip NAME` is counted by these lines, and a program that
# prints none is one test by its exit code.
set -u
cd "$(dirname "$0")/.."
TT_BUILD=${TT_BUILD:-build}
export TT_BUILD

passed=0 failed=0 skipped=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# The number after a word in Criterion's last line.
synthesis() {
	sed -n "s/^\[====\] Synthesis:.*$1: \([0-9]*\).*/\1/p" "$out" | tail -n 1
}

count() {
	if grep -q '^\[====\] Synthesis:' "$out"; then
		p=$(synthesis Passing) f=$(synthesis Failing)
		s=$(grep -c '^\[SKIP\]' "$out")
	else
		p=$(grep -c '^ok ' "$out") f=$(grep -c '^not ok ' "$out")
		s=$(grep -c '^skip ' "$out")
		[ $((p + f + s)) != 0 ] || [ "$1" != 0 ] || p=1
	fi
	# An end that no test of it accounts for is a failure all the same.
	[ "$1" = 0 ] || [ "$f" != 0 ] || f=1
}

# What a reader needs: of a failure all that was said, else what was skipped.
show() {
	line="$1: $p passed"
	[ "$f" = 0 ] || line="$line, $f failed"
	[ "$s" = 0 ] || line="$line, $s skipped"
	if [ "$f" = 0 ]; then
		echo "ok   $line"
		grep -E '^(\[SKIP\]|skip )' "$out" | sed 's/^/     /'
	else
		echo "FAIL $line"
		grep -vE '^\[(RUN |PASS)\]' "$out" | sed 's/^/     /'
	fi
}

# run NAME COMMAND…
run() {
	name=$1
	shift
	"$@" >"$out" 2>&1 </dev/null
	count $?
	show "$name"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

run_one() {
	case $1 in
	*.sh | *.py) run "${1#tests/}" "$1" ;;
	*/fuzz/*) run "${1#"$TT_BUILD"/} (replay)" "$1" "tests/fuzz/corpus/${1##*/}" ;;
	*) run "${1#"$TT_BUILD"/}" "$1" --verbose ;;
	esac
}

# Only what still has its source: a build folder keeps what was once built.
built() {
	for src in tests/unit/*/test_*.c tests/e2e/test_*.c tests/crash/test_*.c; do
		[ ! -f "$src" ] || echo "$TT_BUILD/${src#tests/}" | sed 's/\.c$//'
	done
	for src in tests/fuzz/fuzz_*.c; do
		[ ! -f "$src" ] || echo "$TT_BUILD/${src#tests/}" |
		    sed 's,fuzz/fuzz_,fuzz/,; s/\.c$//'
	done
}

[ $# != 0 ] || set -- tests/layers.sh tests/lang.sh $(built) tests/crash/ack_order.sh \
    tests/e2e/year.py tests/e2e/quarter.py
for t; do
	run_one "$t"
done

[ $skipped = 0 ] || echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed != 0 ]
