"""Images that are known by name: those of ``catalogue.toml``, and the user's own."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit

from vmnb.core.errors import SpecError
from vmnb.core.names import checked_name
from vmnb.core.paths import data_home
from vmnb.images.checksum import KINDS
from vmnb.images.formats import SUPPORTED

__all__ = ["CatalogueEntry", "catalogue", "find_entry"]

_OWN = "images.toml"
_SHIPPED = Path(__file__).with_name("catalogue.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """An image that somebody publishes.

    Parameters
    ----------
    name
        What it is called here.
    title
        What it is.
    url, checksum_url
        Where the image is, and where the file with its digest is.
    checksum_kind
        How that file is written; one of :data:`vmnb.images.checksum.KINDS`.
    architecture
        Of its processor, such as ``x86_64``.
    format
        QEMU's name of its format, once it is unpacked.
    login
        The user that it has.
    cloud_init, uefi, guest_agent
        Whether it runs cloud-init, boots by UEFI too, runs the QEMU guest agent of itself.
    """

    name: str
    title: str
    url: str
    architecture: str
    format: str
    checksum_url: str
    checksum_kind: str
    login: str
    cloud_init: bool
    uefi: bool
    guest_agent: bool


def catalogue() -> dict[str, CatalogueEntry]:
    """Return every entry by its name; the user's own are read anew each time.

    Raises
    ------
    SpecError
        The user's file cannot be read, or an entry in it is not complete.
    """
    own = data_home() / _OWN
    return _shipped() | (_read(own) if own.exists() else {})


def find_entry(name: str) -> CatalogueEntry | None:
    """Return the entry of that name, None where there is none."""
    return catalogue().get(name)


@cache
def _shipped() -> dict[str, CatalogueEntry]:
    return _read(_SHIPPED)


def _read(path: Path) -> dict[str, CatalogueEntry]:
    try:
        with path.open("rb") as file:
            tables = tomllib.load(file)
    except (OSError, ValueError) as error:
        raise SpecError(
            f"cannot read the catalogue of images {path}: {error}",
            hint="correct that file, or move it away",
        ) from error
    return {name: _entry(path, name, values) for name, values in tables.items()}


def _entry(path: Path, name: str, values: Mapping[str, Any]) -> CatalogueEntry:
    problem = _problem(values)
    if problem:
        raise SpecError(
            f"the image {name!r} in {path} {problem}",
            hint="each has the keys that vmnb's own catalogue explains at its top: "
            f"{', '.join(_TYPES)}",
        )
    return CatalogueEntry(name=checked_name(name), **values)


def _problem(values: object) -> str:
    if not isinstance(values, Mapping):
        return "is not a table"
    if values.keys() != _TYPES.keys():
        return f"has missing or unknown keys: {', '.join(sorted(values.keys() ^ _TYPES.keys()))}"
    for key, kind in _TYPES.items():
        if not isinstance(values[key], kind):
            return f"has a {key} that is not of type {kind.__name__}"
    if values["format"] not in SUPPORTED:
        return f"has a format that is none of {', '.join(SUPPORTED)}"
    if values["checksum_kind"] not in KINDS:
        return f"has a checksum_kind that is none of {', '.join(KINDS)}"
    for key in ("url", "checksum_url"):
        if urlsplit(values[key]).scheme not in ("http", "https"):
            return f"has a {key} that is neither http nor https"
    return ""


_TYPES: dict[str, type] = {
    field.name: get_type_hints(CatalogueEntry)[field.name]
    for field in fields(CatalogueEntry)
    if field.name != "name"
}
