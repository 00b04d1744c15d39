# >>> tt (by tt-setup); by hand: put these lines into ~/.zshrc >>>
if [[ -o interactive ]]; then
	# What scripts of this shell send belongs to one session.
	export TT_SESSION="${TT_SESSION:-shell-$$-$(date +%s)}"
	if [[ -d "@BINDIR@" && ":$PATH:" != *:"@BINDIR@":* ]]; then
		PATH="$PATH:@BINDIR@"
	fi
	if command -v tt-notices >/dev/null 2>&1; then
		tt-notices --claim 2>/dev/null || :
	fi
fi
# <<< tt <<<
