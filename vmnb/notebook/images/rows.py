"""Images, those of this machine and those that are published, a row each."""

from datetime import datetime
from typing import NamedTuple

from vmnb.images.catalogue import CatalogueEntry
from vmnb.images.library import LibraryImage

__all__ = ["AvailableRow", "ImageRow", "available_row", "image_row"]

_MIB = 1 << 20


class ImageRow(NamedTuple):
    """The facts of an image in the cache; see :data:`vmnb.notebook.images.table.IMAGE_SCHEMA`."""

    name: str
    format: str
    disk_mib: float
    file_mib: float
    added: datetime | None
    checked: str
    source: str
    sha256: str


class AvailableRow(NamedTuple):
    """The facts of an image that can be pulled by its name."""

    name: str
    title: str
    architecture: str
    login: str
    cloud_init: bool
    uefi: bool
    guest_agent: bool
    url: str


def image_row(image: LibraryImage) -> ImageRow:
    """Return the row of `image`."""
    return ImageRow(
        name=image.name,
        format=image.format,
        disk_mib=image.disk_size_bytes / _MIB,
        file_mib=image.file_size_bytes / _MIB,
        added=image.added,
        checked=image.origin.checked,
        source=image.origin.source,
        sha256=image.sha256,
    )


def available_row(entry: CatalogueEntry) -> AvailableRow:
    """Return the row of `entry`."""
    return AvailableRow(*(getattr(entry, column) for column in AvailableRow._fields))
