"""What tests of pulls have in common."""

import hashlib
from pathlib import Path

import pytest

from tests.images.server import Web, files_in
from vmnb import images
from vmnb.errors import ImageError


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def refused(
    web: Web,
    cache: Path,
    words: str,
    error: type[ImageError] = ImageError,
    sha256: str | None = None,
    sha512: str | None = None,
) -> None:
    """Pull what cannot be had; see the error, and that nothing is left."""
    with pytest.raises(error, match=words) as caught:
        images.pull(web.url(), sha256=sha256, sha512=sha512)
    assert caught.value.hint, "the error does not say what to do next"
    assert files_in(cache) == []
    assert images.list().empty
