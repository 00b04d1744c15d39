# >>> tt (by tt-setup); by hand: put these lines into ~/.bashrc >>>
case $- in
*i*)
	# What scripts of this shell send belongs to one session.
	export TT_SESSION="${TT_SESSION:-shell-$$-$(date +%s)}"
	if [ -d "@BINDIR@" ]; then
		case ":$PATH:" in
		*:"@BINDIR@":*) ;;
		*) PATH="$PATH:@BINDIR@" ;;
		esac
	fi
	# shellcheck disable=SC1091
	if [ -r "@BINDIR@/../share/tt/completions/tt.bash" ]; then
		. "@BINDIR@/../share/tt/completions/tt.bash"
	fi
	if command -v tt-notices >/dev/null 2>&1; then
		tt-notices --claim 2>/dev/null || :
	fi
	;;
esac
# <<< tt <<<
