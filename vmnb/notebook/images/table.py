"""Images, those of this machine and those that are published, as DataFrames."""

from collections.abc import Iterable, Mapping

import pandas as pd

from vmnb.images.catalogue import CatalogueEntry
from vmnb.images.library import LibraryImage
from vmnb.notebook.images.rows import available_row, image_row
from vmnb.notebook.tables.table import table

__all__ = [
    "AVAILABLE_SCHEMA",
    "IMAGE_SCHEMA",
    "available_table",
    "image_table",
]

IMAGE_SCHEMA: Mapping[str, str] = {
    "name": "object",
    "format": "object",
    "disk_mib": "float64",
    "file_mib": "float64",
    "added": "datetime64[us, UTC]",
    "checked": "object",
    "source": "object",
    "sha256": "object",
}
"""Columns of :func:`vmnb.images.list` and their types; the same where there is none.

``disk_mib`` is the size that a guest sees, ``file_mib`` what the file has; ``checked`` is what it
was held against when it came: ``published``, ``given``, ``registry``, or nothing.
"""

AVAILABLE_SCHEMA: Mapping[str, str] = {
    "name": "object",
    "title": "object",
    "architecture": "object",
    "login": "object",
    "cloud_init": "bool",
    "uefi": "bool",
    "guest_agent": "bool",
    "url": "object",
}
"""Columns of :func:`vmnb.images.available` and their types."""


def image_table(images: Iterable[LibraryImage]) -> pd.DataFrame:
    """Return `images` as a DataFrame with the columns of :data:`IMAGE_SCHEMA`."""
    return table([image_row(image) for image in images], IMAGE_SCHEMA)


def available_table(entries: Iterable[CatalogueEntry]) -> pd.DataFrame:
    """Return `entries` as a DataFrame with the columns of :data:`AVAILABLE_SCHEMA`."""
    return table([available_row(entry) for entry in entries], AVAILABLE_SCHEMA)
