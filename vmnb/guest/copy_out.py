"""Files and trees of the guest copied to the host, verified, whole or not at all."""

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from vmnb.core.errors import DeadlineError, GuestError, SpecError
from vmnb.core.finish import finish
from vmnb.core.progress import report_bytes
from vmnb.core.units import require_seconds
from vmnb.guest.command import Command
from vmnb.guest.copying import COPY_TIMEOUT_S, READY_S, SCRIPT_HEAD, require_success
from vmnb.guest.result import RunResult
from vmnb.guest.together import together
from vmnb.guest.unpack import place, unpack
from vmnb.guest.way import End, Way

__all__ = ["copy_out"]

_SAID_MAX = 64 * 1024 * 1024  # the sums of a million files
# Standard output is the archive; standard error the sums of it, after a line of its own.
_OUT = (
    SCRIPT_HEAD
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
    await way.wait_ready(min(timeout_s, READY_S))
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
        require_success(result, f"copying {self._source} out of the guest")

    def _hear(self, data: bytes) -> None:
        self._said += data
        if len(self._said) > _SAID_MAX:
            raise GuestError(f"the guest has too much to say of {self._source}")

    async def _receive(self, reader: BinaryIO, made: Path) -> None:
        what = f"copying {Path(self._source).name}"

        def received(count: int) -> None:
            size = _SIZE.search(self._said)
            report_bytes(what, count, max(int(size[1]) * 1024, count) if size else None)

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
    if there.is_dir() and not found[0].is_dir():
        raise SpecError(
            f"{there} is a directory", hint=f'to copy into it, end it with a slash: "{there}/"'
        )
    try:
        place(found[0], there)
    except OSError as error:
        raise _unwritable(there, error) from error


def _unwritable(path: Path, error: OSError) -> SpecError:
    return SpecError(
        f"cannot write {error.filename or path}: {error.strerror}",
        hint="make room, or name a place that you may write to",
    )
