/**
 * The snippet for /etc/profile.d. It is read by every login shell of the host, so that it must cost nothing where it does not
 * act, leave nothing behind in the shell, and let the shell follow whatever happens to criscope.
 *
 * POSIX sh only: dash, bash, busybox ash, ksh, and zsh where a distribution has it read profile.d.
 */

/** The first line, by which our own file is known; later versions keep it. */
const mark =
	'# criscope login banner: made by "criscope banner --install", removed by "criscope banner --uninstall".';

/** Whether a text is a snippet of ours, of this version or another one. */
export function isSnippet(text: string): boolean {
	return text.startsWith(`${mark}\n`);
}

/** A path as one word of the shell. */
function quoted(path: string): string {
	return `'${path.replaceAll("'", `'\\''`)}'`;
}

/**
 * The second half, run by a shell of its own that no option, trap, alias or function of the user's reaches.
 *
 * The key is SIGQUIT's for the two seconds: the terminal takes it out of the input by itself, and nobody has to read what was
 * typed ahead, which stays for the shell to the last character. Where a shell can see that something was typed without
 * reading it (\`read -t 0\` of bash and busybox), that ends the wait.
 * Holds no single quote, since it stands in two of them.
 */
const script = `criscope=$1
ulimit -c 0
exec 3>&2 2>/dev/null
late=
trap "late=1" USR1
"$criscope" banner --login </dev/null 3>&- &
banner=$!
(
	trap "kill $!; exit" TERM
	sleep $((\${CRISCOPE_BANNER_LIMIT_MS:-300} / 1000 + 1)) &
	wait $!
	kill -USR1 $$
	kill -KILL $banner
) </dev/null >/dev/null 3>&- &
watch=$!
wait $banner
code=$?
kill $watch
[ $code -eq 0 ] && [ -z "$late" ] || exit 0
saved=$(stty -g) || exit 0
opened=
trap "stty "$saved"" EXIT
trap "exit 0" INT TERM HUP
trap "opened=1" QUIT
stty -echo -icanon min 1 time 0 isig noflsh susp undef quit "^I" || exit 0
typed() { false; }
(read -t 0 x </dev/null) && typed() { read -t 0 x; }
tick=0.1 ticks=20
sleep 0.01 || { tick=1 ticks=2; }
while [ $ticks -gt 0 ] && [ -z "$opened" ] && ! typed; do
	sleep $tick &
	wait $!
	ticks=$((ticks - 1))
done
stty "$saved"
[ -n "$opened" ] || exit 0
trap : INT QUIT
"$criscope" --from-banner 2>&3 3>&-
code=$?
stty "$saved"
[ $code -ne 0 ] && case \${TERM:-dumb} in
dumb | unknown) ;;
*) printf "\\033[?1049l\\033[?2004l\\033[?1006l\\033[?1002l\\033[?1000l\\033[?25h\\033[0m" ;;
esac
exit 0`;

/**
 * The whole file.
 * @param criscope absolute path of bin/criscope; where it is gone the snippet is silent
 */
export function snippetText(criscope: string): string {
	return `${mark}
# Says in a few lines how this node is, at an interactive login on a terminal of its own, and nowhere else.
# Without it: touch ~/.hushlogin, or ~/.config/criscope/no-banner, or set CRISCOPE_BANNER=off.
case $- in
*i*) (
	# A child of the shell: nothing that is set here is seen outside.
	set +eux
	criscope=${quoted(criscope)}
	[ -x "$criscope" ] && [ "\${CRISCOPE_BANNER-}" != off ] || exit 0
	# A login shell has a dash before its name; one below another shell, a multiplexer or a forced command is none.
	case \${ZSH_ARGZERO:-$0} in -*) ;; *) exit 0 ;; esac
	case \${SHLVL:-1} in 0 | 1) ;; *) exit 0 ;; esac
	[ -z "\${TMUX-}\${STY-}\${SSH_ORIGINAL_COMMAND-}" ] || exit 0
	[ -t 0 ] && [ -t 1 ] && [ -t 2 ] || exit 0
	[ -n "\${HOME-}" ] && [ ! -e "$HOME/.hushlogin" ] || exit 0
	[ ! -e "\${XDG_CONFIG_HOME:-$HOME/.config}/criscope/no-banner" ] || exit 0
	# Who started this shell: a login, not su, sudo or a terminal's emulator.
	tty=$(tty) || exit 0
	parent=
	read -r parent 2>/dev/null <"/proc/$PPID/comm" || :
	case $parent in
	sshd* | dropbear* | teleport* | '') [ -n "\${SSH_CONNECTION-}" ] && [ "\${SSH_TTY-}" = "$tty" ] || exit 0 ;;
	mosh-server) ;;
	login | init | busybox) case $tty in /dev/pts/*) exit 0 ;; esac ;;
	*) exit 0 ;;
	esac
	unset BASH_ENV ENV
	for shell in /bin/bash /usr/bin/bash /bin/sh; do
		[ ! -x "$shell" ] || break
	done
	saved=$(stty -g 2>/dev/null) || exit 0
	# The key is a signal to all of this; the shell that waits here has to outlive it.
	trap : INT QUIT
	"$shell" -c '${script}' criscope-login "$criscope"
	stty "$saved" 2>/dev/null
) || : ;;
esac
`;
}
