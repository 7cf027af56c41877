"""Files and trees copied into the guest and out of it, verified, whole or not at all."""

import asyncio
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from vmnb.core.errors import DeadlineError, GuestError, SpecError, VmnbError
from vmnb.core.finish import finish
from vmnb.core.progress import report
from vmnb.core.units import require_seconds
from vmnb.guest.command import Command
from vmnb.guest.pack import ROOT, SUMS, pack
from vmnb.guest.result import RunResult, inert
from vmnb.guest.run import run
from vmnb.guest.together import together
from vmnb.guest.unpack import place, unpack
from vmnb.guest.way import End, Way

__all__ = ["COPY_TIMEOUT_S", "copy_in", "copy_out", "guest_path"]

COPY_TIMEOUT_S = 3600.0
"""Seconds that a copy may take unless it says otherwise."""

_READY_S = 60.0
_REMOVE_S = 10.0
_SAID_MAX = 64 * 1024 * 1024  # the sums of a million files
_SAID = "vmnb: "
_FAILED = 'trouble() { echo "vmnb: $*" >&2; exit 1; }\n'
_HOME = """case $1 in
    "~" | "~/"*) rest=${1#?}; shift; set -- "${HOME:-/root}$rest" "$@" ;;
esac
"""
_SUMS = r"""sums() {
    find "$1" -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum |
        sed -n 's/^\\\{0,1\}\([0-9a-f]\{64\}\) .*/\1/p'
}
"""
# $1 the target, $2 the directory in which it is made, beside it.
_IN = (
    _FAILED
    + _HOME
    + _SUMS
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
    cp -a {ROOT}/. "$target/" || exit 1
else
    mv -f {ROOT} "$target" || exit 1
fi
cd /
"""
)
_REMOVE = _HOME + 'rm -rf "$(dirname "${1%/}")/$2"'
# Standard output is the archive; standard error the sums of it, after a line of its own.
_OUT = (
    _FAILED
    + _HOME
    + _SUMS
    + """
[ -e "$1" ] || trouble "there is no $1 in the guest"
source=$(readlink -f "$1") || trouble "there is no $1 in the guest"
[ -r "$source" ] || trouble "$1 cannot be read"
cd "$(dirname "$source")" || exit 1
name=./$(basename "$source")
echo "vmnb-size $(du -sk "$name" | cut -f 1)" >&2
tar -cf - "$name" || trouble "tar in the guest failed"
echo vmnb-sums >&2
sums "$name" >&2
"""
)
_SIZE = re.compile(rb"^vmnb-size (\d{1,15})$", re.MULTILINE)


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
    total = max(packed.size, 1)
    made = f".vmnb-{secrets.token_hex(6)}"
    kind = "tree" if packed.is_tree else "file"
    stdin = packed.stream(lambda sent: report(what, sent / total))
    argv = ["/bin/sh", "-c", _IN, "vmnb", target, made, kind]
    await way.wait_ready(min(timeout_s, _READY_S))
    try:
        result = await run(way, Command.of(argv, stdin=stdin), timeout_s=timeout_s)
        _require_success(result, f"copying {packed.name!r} into the guest")
    except DeadlineError as error:
        await finish(_removed(way, target, made))
        raise DeadlineError(
            f"copying {packed.name!r} into the guest was not done within {timeout_s:g} s",
            hint="allow more time with timeout=; nothing of it is left in the guest",
        ) from error
    except BaseException:
        await finish(_removed(way, target, made))
        raise


async def copy_out(
    way: Way,
    source: str,
    target: Path,
    *,
    into: bool,
    timeout_s: float = COPY_TIMEOUT_S,
) -> None:
    """Copy a file or a tree of the guest to the host.

    Parameters
    ----------
    target
        Where to.
    into
        Whether `target` is the directory that it is put in, under its own name.

    Raises
    ------
    GuestError
        It is not there, its contents changed on the way, or it has what cannot be copied. Nothing
        of it is left here.
    SpecError
        It cannot be written here.
    DeadlineError
        It was not done in time, or the guest did not answer.
    """
    require_seconds(timeout_s, "timeout")
    await way.wait_ready(min(timeout_s, _READY_S))
    with _beside(target if into else target.parent) as made:
        fetch = _Fetch(way, source, timeout_s)
        sums = await fetch.into(made)
        if [sums[name] for name in sorted(sums)] != fetch.sums():
            raise GuestError(
                f"{source} of the guest has other contents than what arrived",
                hint="did something write to it meanwhile? copy it again",
            )
        await asyncio.to_thread(_put, made, _place_for(source, made, target, into=into))


class _Fetch:
    """One stream from the guest's tar into files."""

    def __init__(self, way: Way, source: str, timeout_s: float) -> None:
        self._way = way
        self._source = source
        self._timeout_s = timeout_s
        self._said = bytearray()
        self._sums: dict[bytes, str] = {}

    async def into(self, made: Path) -> dict[bytes, str]:
        """Write all of it into the directory `made`, and return the sums of what was written."""
        here, there = os.pipe()
        with os.fdopen(here, "rb") as reader, os.fdopen(there, "wb", buffering=0) as writer:
            await together(self._send(writer), self._receive(reader, made))
        return self._sums

    def sums(self) -> list[str]:
        """Return what the guest says of its files."""
        return self._said.partition(b"vmnb-sums\n")[2].decode(errors="replace").split()

    async def _send(self, writer: BinaryIO) -> None:
        async def sink(stream: int, data: bytes) -> None:
            if stream == 1:
                await finish(asyncio.to_thread(_write, writer, data))
            else:
                self._hear(data)

        argv = ["/bin/sh", "-c", _OUT, "vmnb", self._source]
        try:
            end = await self._way.perform(
                Command.of(argv), timeout_s=self._timeout_s, sink=sink, live=True
            )
        finally:
            writer.close()
        self._require_end(end)

    def _require_end(self, end: End) -> None:
        if not end.in_time:
            raise DeadlineError(
                f"copying {self._source} out of the guest was not done within "
                f"{self._timeout_s:g} s",
                hint="allow more time with timeout=; nothing of it is left here",
            )
        result = RunResult(
            command=self._source,
            exit_code=end.exit_code,
            signal=end.signal,
            stderr_bytes=bytes(self._said),
        )
        _require_success(result, f"copying {self._source} out of the guest")

    def _hear(self, data: bytes) -> None:
        self._said += data
        if len(self._said) > _SAID_MAX:
            raise GuestError(f"the guest has too much to say of {self._source}")

    async def _receive(self, reader: BinaryIO, made: Path) -> None:
        what = f"copying {Path(self._source).name}"

        def received(count: int) -> None:
            size = _SIZE.search(self._said)
            report(what, min(count / (int(size[1]) * 1024 or 1), 1.0) if size else 0.0)

        try:
            self._sums = await finish(asyncio.to_thread(unpack, reader, made, received))
        except OSError as error:
            raise _unwritable(made, error) from error
        finally:
            reader.close()


def _write(writer: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    try:
        while view:
            view = view[writer.write(view) :]
    except (BrokenPipeError, ValueError):  # who reads has given up, and says why
        pass


@contextmanager
def _beside(parent: Path) -> Iterator[Path]:
    """Give a new directory in `parent`, and remove it at the end."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".vmnb-", dir=parent))
    except OSError as error:
        raise _unwritable(parent, error) from error
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _place_for(source: str, made: Path, target: Path, *, into: bool) -> Path:
    if not into:
        return target
    own = PurePosixPath(source).name
    return target / (next(path.name for path in made.iterdir()) if own in ("", "~") else own)


def _put(made: Path, there: Path) -> None:
    found = list(made.iterdir())
    if len(found) != 1:
        raise GuestError("what the guest sent is not what was asked for; nothing was copied")
    try:
        place(found[0], there)
    except OSError as error:
        raise _unwritable(there, error) from error


async def _removed(way: Way, target: str, made: str) -> None:
    """Remove what was half made; a guest that does not answer keeps it."""
    argv = ["/bin/sh", "-c", _REMOVE, "vmnb", target, made]
    try:
        await run(way, Command.of(argv), timeout_s=_REMOVE_S)
    except VmnbError:
        return


def _require_success(result: RunResult, what: str) -> None:
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


def _unwritable(path: Path, error: OSError) -> SpecError:
    return SpecError(
        f"cannot write {error.filename or path}: {error.strerror}",
        hint="make room, or name a place that you may write to",
    )
