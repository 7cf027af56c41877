"""Digests of files: asked for, published by who made the file, counted while it is read."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from vmnb.core.errors import ImageError, SpecError

__all__ = ["KINDS", "Digest", "Hashes", "published_digest"]

_LENGTHS = {"sha256": 64, "sha512": 128}
_HEX = re.compile(r"[0-9a-f]+")

_SUMS = r"(?P<hex>[0-9A-Fa-f]{%d}) [ *](?P<name>.+)"
_BSD = r"SHA\d+ \((?P<name>.+)\) = (?P<hex>[0-9A-Fa-f]{%d})"
_BARE = r"(?P<hex>[0-9A-Fa-f]{%d})(?P<name>)"

KINDS: Mapping[str, tuple[str, str]] = {
    "sha256sums": ("sha256", _SUMS),
    "sha512sums": ("sha512", _SUMS),
    "sha256-bsd": ("sha256", _BSD),
    "sha512-bsd": ("sha512", _BSD),
    "sha256": ("sha256", _BARE),
    "sha512": ("sha512", _BARE),
}
"""Kinds of checksum files: lines as ``sha256sum`` writes them, as ``sha256sum --tag`` does, or one
digest and nothing else."""


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest of a file: which kind, and its value in lower-case hexadecimal."""

    algorithm: str
    value: str

    @classmethod
    def parse(cls, algorithm: str, value: object) -> Self:
        """Return the digest that somebody typed.

        Raises
        ------
        SpecError
            It cannot be one.
        """
        length = _LENGTHS.get(algorithm)
        text = value.strip().lower().removeprefix(f"{algorithm}:") if isinstance(value, str) else ""
        if length is None:
            raise SpecError(f"no digest is called {algorithm!r}", hint="use sha256 or sha512")
        if len(text) != length or not _HEX.fullmatch(text):
            raise SpecError(
                f"{value!r} is not a digest by {algorithm}",
                hint=f"give its {length} hexadecimal digits, as {algorithm}sum prints them",
            )
        return cls(algorithm, text)

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value}"


class Hashes:
    """Digests by every known algorithm, counted as the bytes come."""

    def __init__(self) -> None:
        self._running = [hashlib.new(algorithm) for algorithm in _LENGTHS]

    def update(self, data: bytes) -> None:
        """Count `data` in."""
        for running in self._running:
            running.update(data)

    def digests(self) -> dict[str, str]:
        """Return the digests of all so far, by algorithm."""
        return {running.name: running.hexdigest() for running in self._running}


def published_digest(text: str, kind: str, filename: str, url: str) -> Digest:
    """Find the digest of `filename` in the text of the checksum file at `url`.

    Raises
    ------
    ImageError
        It is not there, or more than one is.
    """
    algorithm, pattern = KINDS[kind]
    line = re.compile(pattern % _LENGTHS[algorithm])
    matches = [match for row in text.splitlines() if (match := line.fullmatch(row.strip()))]
    found = {match["hex"].lower() for match in matches if match["name"] in ("", filename)}
    if len(found) != 1:
        raise ImageError(
            f"{url} has {len(found) or 'no'} digests of {filename}",
            hint="the file may have moved on: try again later, or give its digest yourself",
        )
    return Digest(algorithm, found.pop())
