"""A file or a tree of the host as one stream for ``tar``, read as it is sent."""

import asyncio
import hashlib
import os
import stat
import tarfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vmnb.core.errors import SpecError

__all__ = ["ROOT", "SUMS", "Packed", "pack"]

ROOT = "it"
"""The name in the stream of what is sent."""

SUMS = "sums"
"""The name of the stream's last file: the SHA-256 of each file, in the order of their names."""

_CHUNK = 1024 * 1024
_END = bytes(2 * tarfile.BLOCKSIZE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What is to be sent.

    Parameters
    ----------
    name
        Its own name.
    is_tree
        Whether it is a directory.
    entries
        Each path of the host with its name in the stream.
    size
        Bytes in all files.
    """

    name: str
    is_tree: bool
    entries: tuple[tuple[Path, str], ...]
    size: int

    async def stream(self, sent: Callable[[int], None]) -> AsyncIterator[bytes]:
        """Yield the stream, and tell how many bytes of the files it has so far.

        Raises
        ------
        SpecError
            A file cannot be read, or changed while it was.
        """
        pieces, count = self._pieces(), 0
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            yield piece
            count += len(piece)
            sent(min(count, self.size))

    def _pieces(self) -> Iterator[bytes]:
        sums: dict[bytes, str] = {}
        for path, name in self.entries:
            info = _info(path, name)
            yield _header(info)
            if info.isreg():
                digest = hashlib.sha256()
                for piece in _content(path, info.size):
                    digest.update(piece)
                    yield piece
                yield bytes(-info.size % tarfile.BLOCKSIZE)
                sums[os.fsencode(name)] = digest.hexdigest()
        yield _small(SUMS, "".join(f"{sums[name]}\n" for name in sorted(sums)).encode()) + _END


def pack(source: Path) -> Packed:
    """Return what is to be sent for `source`, a file or a directory; links in it stay links.

    Raises
    ------
    SpecError
        It is not there, cannot be read, or has something in it that is neither a file, a
        directory nor a link.
    """
    try:
        top = source.resolve(strict=True)
        entries = list(_walk(top, ROOT))
        size = sum(path.lstat().st_size for path, _ in entries if not path.is_symlink())
    except OSError as error:
        raise _unreadable(Path(error.filename or source), error) from error
    for path, _ in entries:
        kind = stat.S_IFMT(path.lstat().st_mode)
        if kind not in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
            raise SpecError(
                f"{path} is neither a file, a directory nor a link",
                hint="sockets, pipes and devices cannot be copied; leave them out",
            )
    return Packed(name=top.name, is_tree=top.is_dir(), entries=tuple(entries), size=size)


def _walk(path: Path, name: str) -> Iterator[tuple[Path, str]]:
    yield path, name
    if path.is_dir() and not path.is_symlink():
        for child in sorted(path.iterdir()):
            yield from _walk(child, f"{name}/{child.name}")
    elif not path.is_symlink() and not os.access(path, os.R_OK):
        raise PermissionError(13, "Permission denied", str(path))


def _info(path: Path, name: str) -> tarfile.TarInfo:
    """Return what the stream says of `path`: as root's, for users here mean nothing there."""
    try:
        facts = path.lstat()
        info = tarfile.TarInfo(name)
        info.mode, info.mtime = stat.S_IMODE(facts.st_mode), int(facts.st_mtime)
        if stat.S_ISDIR(facts.st_mode):
            info.type = tarfile.DIRTYPE
        elif stat.S_ISLNK(facts.st_mode):
            info.type, info.linkname = tarfile.SYMTYPE, str(path.readlink())
        else:
            info.size = facts.st_size
    except OSError as error:
        raise _unreadable(path, error) from error
    return info


def _header(info: tarfile.TarInfo) -> bytes:
    # GNU's form is the one that every tar knows also where names are long.
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _content(path: Path, size: int) -> Iterator[bytes]:
    left = size
    try:
        with path.open("rb") as file:
            while left and (piece := file.read(min(left, _CHUNK))):
                left -= len(piece)
                yield piece
    except OSError as error:
        raise _unreadable(path, error) from error
    if left:
        raise SpecError(f"{path} became shorter while it was copied", hint="copy it again")


def _small(name: str, data: bytes) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    padded = data + bytes(-len(data) % tarfile.BLOCKSIZE)
    return _header(info) + padded


def _unreadable(path: Path, error: OSError) -> SpecError:
    return SpecError(
        f"cannot read {path}: {error.strerror}", hint="name a file or directory that you may read"
    )
