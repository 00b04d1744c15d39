# >>> tt (by tt-setup); by hand: put these lines into ~/.config/fish/config.fish >>>
if status is-interactive
    # What scripts of this shell send belongs to one session.
    set -q TT_SESSION; or set -gx TT_SESSION "shell-$fish_pid-"(date +%s)
    if test -d "@BINDIR@"; and not contains -- "@BINDIR@" $PATH
        set -gx PATH $PATH "@BINDIR@"
    end
    if command -q tt-notices
        tt-notices --claim 2>/dev/null
    end
end
# <<< tt <<<
