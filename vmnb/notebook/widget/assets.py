"""The browser's side of the package, as it was built: where it is and what it is."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from vmnb.core.errors import VmnbError

STATIC_DIR = Path(__file__).parents[1] / "static"

_BUNDLES = {"widget": ("widget.js", "widget.css"), "screen": ("screen.js",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A part of the widget's code, which a page needs once, however many widgets it shows.

    Attributes
    ----------
    digest
        The hexadecimal SHA-256 of script and style; a page keeps what it has under this name.
    script
        An ECMAScript module, UTF-8.
    style
        A style sheet, UTF-8; empty where the part has none of its own.
    """

    digest: str
    script: bytes
    style: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What an exported page needs, as text."""

    script: str
    style: str


def bootstrap(name: str = "bootstrap") -> str:
    """Return the small module that each widget carries as its ``_esm``.

    Parameters
    ----------
    name
        ``"bootstrap"`` for a card or a console, ``"fleet-bootstrap"`` for a fleet: each knows
        what is shown where no kernel runs.

    Raises
    ------
    VmnbError
        The front end is not built.
    """
    return _read(f"{name}.js").decode()


@cache
def bundle(name: str = "widget") -> Bundle:
    """Return a part that the page asks for, read once per process.

    Parameters
    ----------
    name
        ``"widget"``, or ``"screen"``: what only a live screen needs.

    Raises
    ------
    VmnbError
        There is no such part, or the front end is not built.
    """
    if name not in _BUNDLES:
        raise VmnbError(f"there is no bundle {name!r}", hint=f"one of: {', '.join(_BUNDLES)}")
    script, *styles = map(_read, _BUNDLES[name])
    style = b"".join(styles)
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
