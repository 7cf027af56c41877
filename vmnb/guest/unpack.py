"""A stream of a guest's ``tar`` as files of the host, of which none lands where it should not.

The stream is not trusted. Files and directories are made one by one in a new directory, in which
there is no link yet; links come last, and only such as stay in the tree.
"""

import hashlib
import os
import shutil
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import IO

from vmnb.core.errors import GuestError

__all__ = ["place", "unpack"]

_CHUNK = 1024 * 1024


def unpack(stream: IO[bytes], into: Path, received: Callable[[int], None]) -> dict[bytes, str]:
    """Make what `stream` has in the empty directory `into`.

    Returns
    -------
    dict
        The SHA-256 of each file by its name.

    Raises
    ------
    GuestError
        It is no such stream, or something in it may not be here: a device, a link that leads out
        of the tree, a name with ``..``.
    OSError
        The host could not write it.
    """
    tree = _Tree(into, received)
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                tree.take(archive, member)
    except (tarfile.TarError, ValueError, LookupError, OverflowError) as error:
        # The library takes some fields for numbers without a look at them.
        raise GuestError(f"what the guest sent is no archive: {str(error)[:200]}") from error
    tree.finish()
    return tree.sums


class _Tree:
    def __init__(self, into: Path, received: Callable[[int], None]) -> None:
        self.sums: dict[bytes, str] = {}
        self._into = into
        self._received = received
        self._count = 0
        self._links: list[tuple[Path, str]] = []
        self._modes: list[tuple[Path, int]] = []

    def take(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        name = _inside(member.name)
        path = self._into / name
        if member.isdir():
            path.mkdir(mode=0o700, exist_ok=True)
            self._modes.append((path, member.mode))
        elif member.issym():
            _require_inside(name, member.linkname)
            self._links.append((path, member.linkname))
        elif member.islnk():
            first = _inside(member.linkname)
            path.hardlink_to(self._into / first)
            self.sums[os.fsencode(name)] = self.sums[os.fsencode(first)]
        elif member.isreg() and not member.issparse():
            self.sums[os.fsencode(name)] = self._write(archive, member, path)
        else:
            raise GuestError(
                f"{str(name)!r:.200} in the guest is neither a file, a directory nor a link",
                hint="sockets, pipes and devices cannot be copied",
            )

    def finish(self) -> None:
        for path, mode in reversed(self._modes):
            path.chmod(mode & 0o777 | 0o700)  # its owner can always move and remove it
        for path, target in self._links:
            path.symlink_to(target)

    def _write(self, archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> str:
        content, digest = archive.extractfile(member), hashlib.sha256()
        assert content is not None  # noqa: S101 - it is a file
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            while piece := content.read(_CHUNK):
                digest.update(piece)
                file.write(piece)
                self._count += len(piece)
                self._received(self._count)
            os.fchmod(file.fileno(), member.mode & 0o777)
        with suppress(OverflowError, ValueError):  # no time that this system knows
            os.utime(path, (member.mtime, member.mtime))
        return digest.hexdigest()


def place(made: Path, target: Path) -> None:
    """Move `made` to `target`; a directory that is there gets what `made` has, and keeps the rest.

    Raises
    ------
    OSError
        A file is where a directory should be, or the other way round.
    """
    if not (made.is_dir() and not made.is_symlink() and target.is_dir()):
        made.replace(target)
        return
    if target.is_symlink():
        target = target.resolve()
    for child in list(made.iterdir()):
        there = target / child.name
        if there.is_symlink():
            there.unlink()
        place(child, there)
    shutil.copymode(made, target)


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\0" in name:
        raise _outside(name)
    return path


def _require_inside(name: PurePosixPath, leads_to: str) -> None:
    """Raise GuestError where the link `name` leads out of the tree."""
    parts = PurePosixPath(leads_to).parts
    down = [part for part in parts if part != ".."]
    up = len(parts) - len(down)
    # After a name it might lead through another link, and ".." would not be where it seems.
    ups_first = ".." not in parts[up:]
    if leads_to.startswith("/") or "\0" in leads_to or not ups_first or up > len(name.parts) - 2:
        raise _outside(f"{name} -> {leads_to}")


def _outside(name: str) -> GuestError:
    return GuestError(
        f"{name!r:.300} in the guest leads out of what is copied; nothing was copied",
        hint="copy parts without it, or let tar make an archive in the guest and copy that",
    )
