"""What a virtual machine boots: the tiny guest, a cloud image, or a disk that the user has.

``vmnb.images.pull("debian-12")`` and its like are for users; they stand in
:mod:`vmnb.notebook.images.images`. Each name is imported when it is first used.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vmnb.images.image import BootImage
    from vmnb.images.library import LibraryImage, Origin
    from vmnb.images.resolving import resolve
    from vmnb.images.tiny import is_built
    from vmnb.notebook.images.images import (
        add,
        aio,
        available,
        inspect,
        list,  # noqa: A004 - as vmnb.images.list it takes nothing's place
        pull,
        remove,
        verify,
    )

__all__ = [
    "BootImage",
    "LibraryImage",
    "Origin",
    "add",
    "aio",
    "available",
    "inspect",
    "is_built",
    "list",
    "pull",
    "remove",
    "resolve",
    "verify",
]

_FACE = "vmnb.notebook.images.images"
_HOMES = {
    "BootImage": "vmnb.images.image",
    "LibraryImage": "vmnb.images.library",
    "Origin": "vmnb.images.library",
    "is_built": "vmnb.images.tiny",
    "resolve": "vmnb.images.resolving",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, _FACE)), name)


def __dir__() -> Iterable[str]:
    return [*globals(), *__all__]
