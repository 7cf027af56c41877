"""What copying in and copying out have in common: paths of the guest, its scripts, their words."""

import os
import re

from vmnb.core.errors import GuestError, SpecError
from vmnb.guest.result import RunResult, inert

__all__ = ["COPY_TIMEOUT_S", "READY_S", "SCRIPT_HEAD", "guest_path", "require_success"]

COPY_TIMEOUT_S = 3600.0
"""Seconds that a copy may take unless it says otherwise."""

READY_S = 60.0
"""Seconds of them that the guest is given to boot."""

_SAID = "vmnb: "
SCRIPT_HEAD = r"""
trouble() { echo "vmnb: $*" >&2; exit 1; }
sums() {
    find "$1" -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum |
        sed -n 's/^\\\{0,1\}\([0-9a-f]\{64\}\) .*/\1/p'
}
case $1 in
    "~" | "~/"*) rest=${1#?}; shift; set -- "${HOME:-/root}$rest" "$@" ;;
esac
"""
"""How a script for the guest begins, whose first argument is a path of it."""


def guest_path(path: str | os.PathLike[str]) -> str:
    """Return a path of the guest: absolute, or in root's home by ``~``.

    Raises
    ------
    SpecError
        It is no such path.
    """
    text = os.fspath(path) if isinstance(path, str | os.PathLike) else path
    if not isinstance(text, str) or not re.match(r"/|~(/|$)", text) or "\0" in text:
        raise SpecError(
            f"{path!r:.200} is no path of the guest", hint='such as "/srv/site" or "~/notes.txt"'
        )
    return text


def require_success(result: RunResult, what: str) -> None:
    """Raise GuestError, with what the script said, unless it succeeded."""
    if result.ok:
        return
    said = result.stderr.partition("vmnb-size")[0] or result.stderr
    lines = [line for line in inert(said).splitlines() if line.strip()][-4:]
    told = "; ".join(line.removeprefix(_SAID) for line in reversed(lines))[:600]
    known = bool(lines) and lines[-1].startswith(_SAID)
    raise GuestError(
        f"{what} failed: {told or result.outcome}",
        hint="nothing of it is left"
        + ("" if known else "; it takes tar, find, sort, xargs and sha256sum in the guest"),
    )
