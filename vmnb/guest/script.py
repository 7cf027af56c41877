"""Scripts of the host that run in the guest."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from vmnb.core.errors import SpecError
from vmnb.guest.command import Command

__all__ = ["script_command", "script_text"]

# The script has no name, so that nothing of it is left however it ends: its first line's program
# opens it by the descriptor. Its input is empty, for ours was the script.
_RUN = """umask 077
for place in /var/tmp /tmp /dev/shm; do
    file=$(mktemp "$place/vmnb.XXXXXX" 2>/dev/null) && break
done
cat >"$file" && chmod 700 "$file" && exec 9<"$file" && rm "$file" || exit 1
exec /proc/self/fd/9 "$@" </dev/null
"""


def script_text(script: str | os.PathLike[str]) -> bytes:
    """Return a script: text as it is, or what a file has.

    Raises
    ------
    SpecError
        It is empty, or the file cannot be read.
    """
    if isinstance(script, str):
        text = script.encode(errors="surrogateescape")
    elif isinstance(script, os.PathLike):
        text = _read(Path(script))
    else:
        raise SpecError(
            f"the script is of type {type(script).__name__}",
            hint='give its text, or the Path of a file: Path("setup.sh")',
        )
    if not text.strip():
        raise SpecError("the script is empty")
    return text


def script_command(
    text: bytes,
    arguments: Sequence[str] = (),
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    user: str | None = None,
) -> Command:
    """Return what runs the script `text`: by the program of its ``#!`` line, else by ``sh``.

    Raises
    ------
    SpecError
        Something that was given is not usable.
    """
    argv = ["/bin/sh", "-c", _RUN, "script", *arguments]
    command = Command.of(argv, stdin=text, env=env, cwd=cwd, user=user)
    return replace(command, asked=text.decode(errors="replace"))


def _read(path: Path) -> bytes:
    try:
        return path.expanduser().read_bytes()
    except OSError as error:
        raise SpecError(
            f"the script {path} cannot be read: {error.strerror}",
            hint="name a file that is there and that you may read",
        ) from error
