"""The small script in the guest that sets environment, directory and user of a command."""

import shlex

from vmnb.core.errors import GuestError
from vmnb.guest.command import Command
from vmnb.guest.result import RunResult, inert

__all__ = ["AS_ROOT", "as_root", "raise_trouble", "wrapped"]

AS_ROOT = 'if [ "$(id -u)" != 0 ] && sudo -n true; then echo sudo; fi 2>/dev/null'
"""Asks in the guest how whoever logged in becomes root; see :func:`as_root`."""

_TROUBLE = 125
_SAID = "vmnb: "
# $1 the directory, $2 the user, $3 the command in one line; then NAME=value up to "--", and
# the command. getent is not everywhere, and /etc/passwd not everything. Where there is runuser,
# setpriv is that of util-linux, which leaves the session and the environment as they are.
_SCRIPT = """
trouble() { echo "vmnb: $*" >&2; exit 125; }
cwd=$1 user=$2 line=$3
shift 3
if [ -n "$user" ]; then
    while IFS=: read -r name _ uid gid _ home shell; do
        [ "$name" != "$user" ] || break
    done <<END
$(getent passwd "$user" 2>/dev/null || cat /etc/passwd)
END
    [ "$name" = "$user" ] || trouble "there is no user $user in the guest"
    export HOME="$home" USER="$user" LOGNAME="$user" SHELL="$shell"
fi
while [ "$1" != -- ]; do export "$1"; shift; done
shift
case $cwd in
    "~") cwd=${HOME:-/root} ;;
    "~/"*) cwd=${HOME:-/root}/${cwd#??} ;;
esac
[ -z "$cwd" ] || cd "$cwd" 2>/dev/null || trouble "the directory $cwd cannot be entered"
if [ -z "$user" ] || [ "$(id -u)" = "$uid" ]; then exec "$@"; fi
[ "$(id -u)" = 0 ] || trouble "$(id -un) cannot become $user: there is no sudo that lets it"
if command -v runuser >/dev/null && command -v setpriv >/dev/null; then
    exec setpriv --reuid "$uid" --regid "$gid" --init-groups -- "$@"
fi
if command -v su >/dev/null; then exec su -p -s /bin/sh -c "$line" "$user"; fi
trouble "there is neither setpriv nor su to become $user"
"""


def as_root(said: bytes) -> list[str]:
    """Return the words before a command that let it run as root, if anything does."""
    return ["sudo", "-n", "--"] if said.strip() == b"sudo" else []


def wrapped(command: Command) -> list[str]:
    """Return what to run for `command`, where the user and the directory are not as it wants."""
    if not (command.env or command.cwd or command.user):
        return list(command.argv)
    variables = [f"{name}={value}" for name, value in command.env.items()]
    line = shlex.join(command.argv) if command.user else ""
    facts = [command.cwd or "", command.user or "", line]
    return ["/bin/sh", "-c", _SCRIPT, "vmnb", *facts, *variables, "--", *command.argv]


def raise_trouble(result: RunResult) -> None:
    """Raise GuestError where it was not the command that ended, but the script before it."""
    last = result.stderr.rstrip("\n").rpartition("\n")[2]
    if result.exit_code == _TROUBLE and last.startswith(_SAID):
        raise GuestError(
            f"nothing was run: {inert(last.removeprefix(_SAID))[:500]}",
            hint="make the user or the directory in the guest first, or name another",
        )
