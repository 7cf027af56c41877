"""Images that were built or got: a directory each, made by one process, checked at each use.

A directory appears whole, by rename. Its ``manifest.json`` says what was built and how large, how
old and of which SHA-256 each file is. A use compares size and time, which costs nothing; only where
they differ (a copied cache, a damaged file) the content is read and decides.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from vmnb.core.finish import finish
from vmnb.core.paths import cache_home
from vmnb.images.lock import locked

__all__ = ["Entry", "FileFacts", "ImageCache", "is_whole"]

_MANIFEST = "manifest.json"
_WORK_PREFIX = ".work-"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """How a file of an image was when it was built."""

    size_bytes: int
    mtime_ns: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An image in the cache, its files as they were built."""

    folder: Path
    recipe: str
    files: dict[str, FileFacts]

    @property
    def digest(self) -> str:
        """SHA-256 over the digests of the files."""
        lines = "".join(f"{name} {facts.sha256}\n" for name, facts in sorted(self.files.items()))
        return hashlib.sha256(lines.encode()).hexdigest()


class ImageCache:
    """The images of one kind in the user's cache.

    Parameters
    ----------
    kind
        What the directory below ``images`` is called.
    """

    def __init__(self, kind: str) -> None:
        self.folder = cache_home() / "images" / kind

    @property
    def lock(self) -> Path:
        """The file that is locked by who builds here."""
        return self.folder / ".lock"

    def find(self, recipe: str) -> Entry | None:
        """Return the newest image made by `recipe` whose files are whole; nothing is written."""
        entries = [entry for entry in self.entries() if entry.recipe == recipe]
        entries.sort(key=lambda entry: (entry.folder / _MANIFEST).stat().st_mtime_ns, reverse=True)
        return next(filter(is_whole, entries), None)

    def entries(self) -> Iterator[Entry]:
        """Yield every image, whole or not; nothing is written."""
        for path in self.folder.glob(f"[!.]*/{_MANIFEST}"):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                manifest = json.loads(path.read_text())
                listed = {name: FileFacts(**facts) for name, facts in manifest["files"].items()}
                yield Entry(folder=path.parent, recipe=manifest["recipe"], files=listed)

    def locked(
        self, on_wait: Callable[[], None] = lambda: None
    ) -> contextlib.AbstractAsyncContextManager[None]:
        """Keep every other process and task from building here; waits for one that does.

        Parameters
        ----------
        on_wait
            Called once when there is one to wait for.

        Raises
        ------
        OSError
            The directory cannot be written to.
        """
        return locked(self.lock, on_wait)

    def remove(self, name: str) -> None:
        """Remove the image `name`, for who holds the lock; first from sight, so that it is gone."""
        going = self.folder / f"{_WORK_PREFIX}{uuid4().hex}"
        with contextlib.suppress(FileNotFoundError):
            (self.folder / name).rename(going)
            shutil.rmtree(going)

    def left_work(self) -> list[Path]:
        """Return the folders in which something was begun; where nobody is at it, it is left."""
        return sorted(self.folder.glob(f"{_WORK_PREFIX}*"))

    @contextlib.asynccontextmanager
    async def work_folder(self) -> AsyncIterator[Path]:
        """Make a folder that is removed at the end; for who holds the lock.

        What a builder that was killed has left is removed first.
        """
        folder = self.folder / f"{_WORK_PREFIX}{uuid4().hex}"
        try:
            await finish(asyncio.to_thread(self._begin_work, folder))
            yield folder
        finally:
            await finish(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))

    def publish(self, made: Path, *, recipe: str, name: str) -> Entry:
        """Make the directory `made` the image `name`, for who holds the lock.

        A broken image of that name is replaced. The files become read-only.
        """
        facts = {path.name: _seal(path) for path in sorted(made.iterdir())}
        entry = Entry(folder=self.folder / name, recipe=recipe, files=facts)
        manifest = {"recipe": recipe, "files": {key: asdict(value) for key, value in facts.items()}}
        (made / _MANIFEST).write_text(json.dumps(manifest, indent=2))
        _seal(made / _MANIFEST)
        if entry.folder.exists():
            shutil.rmtree(entry.folder)
        made.rename(entry.folder)
        _sync(self.folder)
        return entry

    def _begin_work(self, folder: Path) -> None:
        for left in self.left_work():
            shutil.rmtree(left, ignore_errors=True)
        folder.mkdir(mode=0o700)


def _sync(folder: Path) -> None:
    """Let what was renamed in `folder` outlast a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _seal(path: Path) -> FileFacts:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    path.chmod(0o400)
    status = path.stat()
    return FileFacts(size_bytes=status.st_size, mtime_ns=status.st_mtime_ns, sha256=digest)


def is_whole(entry: Entry) -> bool:
    """Return whether every file is as it was built; it is read only where its time differs."""
    return all(_is_unchanged(entry.folder / name, facts) for name, facts in entry.files.items())


def _is_unchanged(path: Path, facts: FileFacts) -> bool:
    try:
        status = path.stat()
        if status.st_size != facts.size_bytes:
            return False
        if status.st_mtime_ns == facts.mtime_ns:
            return True
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != facts.sha256:
                return False
        with contextlib.suppress(OSError):  # a cache that cannot be written to is read each time
            os.utime(path, ns=(facts.mtime_ns, facts.mtime_ns))
    except OSError:
        return False
    return True
