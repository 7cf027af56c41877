"""The browser's side of the package, as it was built: where it is and what it is."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from vmnb.core.errors import VmnbError

STATIC_DIR = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What a page needs once, however many widgets it shows.

    Attributes
    ----------
    digest
        The hexadecimal SHA-256 of script and style; a page keeps what it has under this name.
    script
        An ECMAScript module, UTF-8.
    style
        A style sheet, UTF-8.
    """

    digest: str
    script: bytes
    style: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What an exported page needs, as text."""

    script: str
    style: str


def bootstrap() -> str:
    """Return the small module that each widget carries as its ``_esm``.

    Raises
    ------
    VmnbError
        The front end is not built.
    """
    return _read("bootstrap.js").decode()


@cache
def bundle() -> Bundle:
    """Return the bundle that the bootstrap asks for, read once per process.

    Raises
    ------
    VmnbError
        The front end is not built.
    """
    script, style = _read("widget.js"), _read("widget.css")
    return Bundle(digest=hashlib.sha256(script + style).hexdigest(), script=script, style=style)


def replay() -> Replay:
    """Return script and style of an exported page.

    Raises
    ------
    VmnbError
        The front end is not built.
    """
    return Replay(script=_read("replay.js").decode(), style=_read("replay.css").decode())


def _read(name: str) -> bytes:
    path = STATIC_DIR / name
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise VmnbError(
            f"The front end of vmnb is not built: there is no {path}",
            hint="Install the package with pip, which builds it: `pip install -e .` in a clone",
        ) from error
