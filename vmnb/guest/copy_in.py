"""Files and trees of the host copied into the guest, verified, whole or not at all."""

import asyncio
import secrets
from pathlib import Path

from vmnb.core.errors import DeadlineError, VmnbError
from vmnb.core.finish import finish
from vmnb.core.progress import report_bytes
from vmnb.core.units import require_seconds
from vmnb.guest.command import Command
from vmnb.guest.copying import COPY_TIMEOUT_S, READY_S, SCRIPT_HEAD, require_success
from vmnb.guest.pack import ROOT, SUMS, pack
from vmnb.guest.run import run
from vmnb.guest.way import Way

__all__ = ["copy_in"]

_REMOVE_S = 10.0
# $1 the target, $2 the directory in which it is made, beside it.
_IN = (
    SCRIPT_HEAD
    + f"""
target=$1
[ "$target" = / ] || target=${{target%/}}
parent=$(dirname "$target")
mkdir -p "$parent" || exit 1
if [ -d "$target" ] && [ "$3" = file ]; then
    trouble "$target is a directory of the guest; to copy into it, end it with a slash"
fi
made=$parent/$2
mkdir -m 700 "$made" || exit 1
trap 'rm -rf "$made"' EXIT
tar -xpof - -C "$made" || trouble "tar in the guest failed"
cd "$made" || exit 1
sums {ROOT} >have
cmp -s have {SUMS} || trouble "what arrived has other contents than what was sent"
if [ -d "$target" ]; then
    tar -cf - -C {ROOT} . | tar -xpf - -C "$target" || exit 1
else
    mv -f {ROOT} "$target" || exit 1
fi
cd /
"""
)
_REMOVE = SCRIPT_HEAD + 'rm -rf "$(dirname "${1%/}")/$2"'


async def copy_in(
    way: Way,
    source: Path,
    target: str,
    *,
    timeout_s: float = COPY_TIMEOUT_S,
) -> None:
    """Copy a file or a tree of the host into the guest.

    Parameters
    ----------
    target
        Its path in the guest; where it ends with ``/``, the directory that it is put in.

    Raises
    ------
    SpecError
        The source cannot be copied; nothing was.
    GuestError
        The guest has no room, or lacks a program, or has other contents than were sent. Nothing
        of it is left there.
    DeadlineError
        It was not done in time, or the guest did not answer.
    """
    require_seconds(timeout_s, "timeout")
    packed = await asyncio.to_thread(pack, source)
    if target.endswith("/"):
        target += packed.name
    what = f"copying {packed.name}"
    made = f".vmnb-{secrets.token_hex(6)}"
    kind = "tree" if packed.is_tree else "file"
    stdin = packed.stream(lambda sent: report_bytes(what, sent, packed.size))
    argv = ["/bin/sh", "-c", _IN, "vmnb", target, made, kind]
    await way.wait_ready(min(timeout_s, READY_S))
    try:
        result = await run(way, Command.of(argv, stdin=stdin), timeout_s=timeout_s)
        require_success(result, f"copying {packed.name!r} into the guest")
    except DeadlineError as error:
        await finish(_removed(way, target, made))
        raise DeadlineError(
            f"copying {packed.name!r} into the guest was not done within {timeout_s:g} s",
            hint="allow more time with timeout=; nothing of it is left in the guest",
        ) from error
    except BaseException:
        await finish(_removed(way, target, made))
        raise


async def _removed(way: Way, target: str, made: str) -> None:
    """Remove what was half made; a guest that does not answer keeps it."""
    argv = ["/bin/sh", "-c", _REMOVE, "vmnb", target, made]
    try:
        await run(way, Command.of(argv), timeout_s=_REMOVE_S)
    except VmnbError:
        return
