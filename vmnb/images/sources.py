"""Where images come from: an address, the catalogue, an OCI registry."""

import posixpath
import re
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote, urldefrag, urlsplit

import httpx

from vmnb.core.errors import SpecError
from vmnb.images.catalogue import CatalogueEntry, find_entry
from vmnb.images.checksum import Digest, published_digest
from vmnb.images.download import Remote
from vmnb.images.oci import OciSource
from vmnb.images.web import asked, checked_url, read_small, require_good

__all__ = ["CatalogueSource", "Source", "UrlSource", "is_address", "source_of"]

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.ASCII | re.IGNORECASE)
_CHECKSUMS_MAX_BYTES = 4 << 20


class Source(Protocol):
    """Where one image is to be had."""

    @property
    def name(self) -> str:
        """What the image is known by."""

    @property
    def given(self) -> Digest | None:
        """The digest that the user gave."""

    @property
    def moves(self) -> bool:
        """Whether there may be something newer each time, which costs little to ask."""

    @property
    def checked(self) -> str:
        """What it is held against; see :class:`vmnb.images.library.Origin`."""

    async def locate(self, http: httpx.AsyncClient) -> Remote:
        """Find out where the file is, and its digest where somebody says it."""


@dataclass(frozen=True, slots=True)
class UrlSource:
    """A file at an address: what is there is taken for the same as long as it is in the cache."""

    name: str
    given: Digest | None = None
    moves: bool = False

    @property
    def checked(self) -> str:
        """The user's digest, if there is one."""
        return "given" if self.given else ""

    async def locate(self, http: httpx.AsyncClient) -> Remote:  # noqa: ARG002
        """Return the address itself."""
        return Remote(url=self.name, called=self.name, expected=self.given)


@dataclass(frozen=True, slots=True)
class CatalogueSource:
    """An image of the catalogue, whose maker publishes its digest."""

    entry: CatalogueEntry
    given: Digest | None = None
    moves: bool = True

    @property
    def name(self) -> str:
        """The entry's."""
        return self.entry.name

    @property
    def checked(self) -> str:
        """The user's digest, else the maker's."""
        return "given" if self.given else "published"

    async def locate(self, http: httpx.AsyncClient) -> Remote:
        """Fetch the checksum file, unless the user has given a digest."""
        expected = self.given or await self._published(http)
        return Remote(url=self.entry.url, called=self.entry.url, expected=expected)

    async def _published(self, http: httpx.AsyncClient) -> Digest:
        url = self.entry.checksum_url
        async with asked(http, url, {}) as response:
            require_good(response, url)
            text = (await read_small(response, url, _CHECKSUMS_MAX_BYTES)).decode(errors="replace")
        filename = posixpath.basename(unquote(urlsplit(self.entry.url).path))
        return published_digest(text, self.entry.checksum_kind, filename, url)


def is_address(text: str) -> bool:
    """Return whether `text` is meant as an address, and not as a name or a path."""
    return _SCHEME.match(text) is not None


def source_of(text: str, given: Digest | None = None) -> Source | None:
    """Return where the image is that the user calls `text`; None where no place has that name.

    Parameters
    ----------
    text
        An address, perhaps with a digest (``https://example.org/disk.qcow2#sha256=…``), or a name
        in the catalogue.

    Raises
    ------
    SpecError
        The address or the digest in it is none, or the two digests differ.
    """
    if text.lower().startswith("oci://"):
        return OciSource.parse(text, given)
    if is_address(text):
        url, fragment = urldefrag(text)
        return UrlSource(checked_url(url), _agreed(given, _digest_in(fragment)))
    entry = find_entry(text)
    return CatalogueSource(entry, given) if entry else None


def _digest_in(fragment: str) -> Digest | None:
    algorithm, is_digest, value = fragment.partition("=")
    return Digest.parse(algorithm, value) if is_digest else None


def _agreed(given: Digest | None, other: Digest | None) -> Digest | None:
    if given and other and given != other:
        raise SpecError(
            f"two digests were given: {given}, and {other} in the address", hint="leave out one"
        )
    return given or other
