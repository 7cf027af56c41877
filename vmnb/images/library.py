"""Images that were pulled or added: each disk once, by the digest of its content, and their names.

A disk lies in a folder that is named by its SHA-256, so two names of one disk are one file. A name
is a small file that leads to it. A disk that a name once led to and no longer does is called
``sha256:`` and its digest, and stays until it is removed: VMs may stand on it.
"""

import asyncio
import contextlib
import hashlib
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from vmnb.core.paths import cache_home, private_dir
from vmnb.images.cache import Entry, ImageCache
from vmnb.images.lock import locked
from vmnb.images.part import Part, sweep

__all__ = ["BY_DIGEST", "Library", "LibraryImage", "Origin"]

BY_DIGEST = "sha256:"
"""How the name of a disk begins that no other name leads to."""

_DISK = "disk"
_FACTS = "facts.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an image came from.

    Parameters
    ----------
    source
        The address or the path.
    digests
        Of the file as it was there, perhaps packed, by algorithm.
    checked
        What it was held against: ``"published"`` (its maker's checksum file), ``"given"`` (a digest
        that the user gave), ``"registry"`` (an OCI manifest), or ``""`` (nothing).
    stamp
        For a path: text that changes when the file does.
    """

    source: str
    digests: Mapping[str, str] = field(default_factory=dict)
    checked: str = ""
    stamp: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryImage:
    """An image in the library.

    Parameters
    ----------
    name
        What it is known by.
    sha256
        Of the disk, unpacked.
    disk
        Where it is.
    format
        QEMU's name of its format.
    disk_size_bytes
        As the guest sees it.
    file_size_bytes
        As the file is.
    added
        When it came; None for a disk without a name.
    origin
        Where it came from.
    """

    name: str
    sha256: str
    disk: Path
    format: str
    disk_size_bytes: int
    file_size_bytes: int
    added: datetime | None = None
    origin: Origin = field(default_factory=lambda: Origin(source=""))


class Library:
    """The images of this user that were pulled or added; what is not async is for threads."""

    def __init__(self) -> None:
        self.disks = ImageCache("library")
        self._names = cache_home() / "images" / "names"
        self._downloads = cache_home() / "images" / "downloads"

    @property
    def folder(self) -> Path:
        """Where all of it is."""
        return self.disks.folder.parent

    @contextlib.asynccontextmanager
    async def turn(
        self, name: str, on_wait: Callable[[], None] = lambda: None
    ) -> AsyncIterator[Part]:
        """Let one task of one process get the image `name`; give the file to download it to."""
        path = self._downloads / _key(name)
        async with locked(path.with_suffix(".lock"), on_wait):
            await asyncio.to_thread(sweep, self._downloads)
            yield Part(path.with_suffix(".part"))

    def find(self, name: str) -> LibraryImage | None:
        """Return the image of that name if its disk is whole."""
        image = self.known(name)
        if image is None or self.disks.find(image.sha256) is None:
            return None
        return image

    def known(self, name: str) -> LibraryImage | None:
        """Return the image of that name, whole or not."""
        return next((image for image in self.all() if image.name == name), None)

    def all(self) -> list[LibraryImage]:
        """Return every image, by name; those without a name last."""
        disks = {entry.recipe: image for entry in self.disks.entries() if (image := _image(entry))}
        named = [
            replace(disks[name.sha256], name=name.name, added=name.added, origin=name.origin)
            for name in self._all_names()
            if name.sha256 in disks
        ]
        left = disks.keys() - {image.sha256 for image in named}
        return [*sorted(named, key=lambda image: image.name), *(disks[key] for key in sorted(left))]

    def names_of(self, sha256: str) -> list[str]:
        """Return every name of the disk with that digest."""
        return [image.name for image in self.all() if image.sha256 == sha256]

    def put(self, name: str, sha256: str, origin: Origin) -> LibraryImage:
        """Let `name` lead to the disk with that digest, which is there."""
        private_dir(self._names)
        _write(
            self._path(name), _Name(name=name, sha256=sha256, added=_now(), origin=origin).to_json()
        )
        found = self.known(name)
        assert found is not None  # noqa: S101
        return found

    def remove(self, image: LibraryImage) -> None:
        """Forget the name of `image`, and its disk with the last name."""
        last = self.names_of(image.sha256) == [image.name]
        self._path(image.name).unlink(missing_ok=True)
        if last:
            self.disks.remove(image.sha256)

    def _path(self, name: str) -> Path:
        return self._names / f"{_key(name)}.json"

    def _all_names(self) -> Iterator["_Name"]:
        for path in self._names.glob("*.json"):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                yield _Name.from_json(json.loads(path.read_text()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Name:
    name: str
    sha256: str
    added: datetime
    origin: Origin

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"added": self.added.isoformat()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        added, origin = datetime.fromisoformat(values["added"]), Origin(**values["origin"])
        return cls(name=values["name"], sha256=values["sha256"], added=added, origin=origin)


def _image(entry: Entry) -> LibraryImage | None:
    try:
        facts = json.loads((entry.folder / _FACTS).read_text())
        return LibraryImage(
            name=f"{BY_DIGEST}{entry.recipe}",
            sha256=entry.recipe,
            disk=entry.folder / _DISK,
            file_size_bytes=entry.files[_DISK].size_bytes,
            format=facts["format"],
            disk_size_bytes=facts["disk_size_bytes"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _key(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC)


def _write(path: Path, values: Mapping[str, Any]) -> None:
    """Write `values` by rename, so that the name is there whole or not at all."""
    new = path.with_suffix(f".{uuid4().hex}")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(values, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
