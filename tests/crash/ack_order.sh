#!/bin/sh
# The ack leaves the daemon only after the event's data is on the disk: seen in
# the system calls of a real collectord under strace. Prints `ok`, `not ok` or
# `skip NAME`. TT_BUILD: where the programs are (build).
set -eu
cd "$(dirname "$0")/../.."
build=${TT_BUILD:-build}
name='ack_order: an ack follows the sync of its data'

# Reads a trace; fails unless the reply that says "stored" comes when every
# earlier write to the store is synced, by fdatasync or by a descriptor that
# syncs each write. strace -y prints a descriptor as 5</path>, so a sync is
# known by its path. A call that another thread interrupts is two lines, and
# counts as done with the second.
judge() {
	awk '
	function path_of(line,    p) {
		if (!match(line, /<[^>]*>/))
			return ""
		return substr(line, RSTART + 1, RLENGTH - 2)
	}
	function fd_of(line,    p) {
		match(line, /\([0-9]+/)
		return substr(line, RSTART + 1, RLENGTH - 1)
	}
	function is_store(path) { return path ~ /\/data\/data\.mdb$/ }
	function done(pid, what) {
		if (what ~ /^f(data)?sync\(/ && is_store(path_of(what))) {
			dirty = 0
			syncs++
		}
		if (what ~ /^pwritev?(64)?\(/ && is_store(path_of(what)) &&
		    fd_of(what) in each_write_syncs)
			syncs++
	}
	{
		pid = $1
		call = $0
		sub(/^[0-9]+ +/, "", call)
	}
	call ~ /^openat\(.*data\.mdb.*O_D?SYNC/ {
		if (match(call, /= [0-9]+/))
			each_write_syncs[substr(call, RSTART + 2, RLENGTH - 2)]
	}
	call ~ /^pwritev?(64)?\(|^writev?\(/ && is_store(path_of(call)) &&
	    !(fd_of(call) in each_write_syncs) { dirty++; writes++ }
	call ~ /^(write|writev|sendto|sendmsg)\(.*stored/ {
		acks++
		if (dirty || !syncs || !writes || pending_sync())
			early++
	}
	function pending_sync(    p) {
		for (p in pending)
			if (pending[p] ~ /^pwrite/)
				return 1
		return 0
	}
	call ~ /<unfinished \.\.\.>$/ {
		if (is_store(path_of(call)))
			pending[pid] = call
		next
	}
	call ~ /^<\.\.\. .* resumed>/ {
		if (pid in pending && call !~ /= -1/)
			done(pid, pending[pid])
		delete pending[pid]
		next
	}
	call !~ /= -1/ { done(pid, call) }
	END {
		if (acks != 1 || early)
			printf "%d acks, %d of them early, %d writes, %d syncs\n",
			    acks, early, writes, syncs
		exit acks != 1 || early
	}' "$1"
}

skip() {
	echo "skip $name: $1"
	exit 0
}

# Traces that must fail: the ack before the sync, before the meta page, or
# without any; and one that must not.
self_check() {
	open='9 openat(AT_FDCWD, "/h/data/data.mdb", O_RDWR|O_DSYNC) = 6</h/data/data.mdb>'
	page='9 pwrite64(5</h/data/data.mdb>, "x", 4096, 8192) = 4096'
	sync='9 fdatasync(5</h/data/data.mdb>) = 0'
	meta='9 pwrite64(6</h/data/data.mdb>, "m", 120, 16) = 120'
	half='9 pwrite64(6</h/data/data.mdb>, "m", 120, 16 <unfinished ...>'
	ack='8 write(9<UNIX-STREAM:[1]>, "\224\1stored\1", 40) = 40'
	printf '%s\n' "$open" "$page" "$sync" "$meta" "$ack" >"$dir/t"
	judge "$dir/t" || return 1
	printf '%s\n' "$open" "$page" "$ack" "$sync" "$meta" >"$dir/t"
	! judge "$dir/t" >/dev/null || return 1
	printf '%s\n' "$open" "$page" "$sync" "$half" "$ack" >"$dir/t"
	! judge "$dir/t" >/dev/null || return 1
	printf '%s\n' "$open" "$page" "$meta" "$ack" >"$dir/t"
	! judge "$dir/t" >/dev/null || return 1
	printf '%s\n' "$ack" >"$dir/t"
	! judge "$dir/t" >/dev/null
}

dir=$(mktemp -d)
daemon=
# strace ends with what it traces; the daemon is its only child.
end_daemon() {
	[ -n "$daemon" ] || return 0
	kill -TERM $(cat "/proc/$daemon/task/$daemon/children") || :
	wait "$daemon" || :
	daemon=
}
clean() {
	end_daemon 2>/dev/null
	rm -rf "$dir"
}
trap clean EXIT

if self_check; then
	echo 'ok ack_order: a trace with an early ack is found out'
else
	echo 'not ok ack_order: a trace with an early ack is found out'
	exit 1
fi
command -v strace >/dev/null || skip 'no strace'
strace -o /dev/null true 2>/dev/null || skip 'strace cannot run here'

export TT_HOME="$dir/home" TT_AUTOSTART=0
# A leak checker cannot run below a tracer.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
mkdir "$dir/home"
mkfifo "$dir/ready"
strace -f -y -s 256 -o "$dir/trace" \
    -e trace=openat,write,writev,pwrite64,pwritev,fsync,fdatasync,sendto,sendmsg \
    "$build/collectord" --notify-fd 3 3>"$dir/ready" 2>"$dir/log" &
daemon=$!
read -r line <"$dir/ready" || {
	cat "$dir/log"
	echo "not ok $name: the daemon did not start"
	exit 1
}
"$build/tt-send" --no-spool --connect-timeout 20000 --ack-timeout 20000 \
    --session s --output 1
end_daemon
if judge "$dir/trace"; then
	echo "ok $name"
else
	echo "not ok $name"
	exit 1
fi
