"""The awaitable twin of the functions for images, for any event loop."""

import os
from typing import TypeVar

from vmnb.core import runtime
from vmnb.images.library import LibraryImage
from vmnb.notebook.images import actions

__all__ = ["AsyncImages"]

_T = TypeVar("_T")


class AsyncImages:
    """``vmnb.images.aio``: each method is as the function of that name, and is awaited.

    Cancelling the caller's task cancels the action. Tables come as plain values.
    """

    async def pull(
        self, image: str, *, sha256: str | None = None, sha512: str | None = None
    ) -> LibraryImage:
        """See :func:`vmnb.images.pull`."""
        return await runtime.awaited(actions.pull(image, sha256, sha512))

    async def add(self, path: str | os.PathLike[str], name: str) -> LibraryImage:
        """See :func:`vmnb.images.add`."""
        return await runtime.awaited(actions.add(path, name))

    async def list(self) -> list[LibraryImage]:
        """See :func:`vmnb.images.list`."""
        return await runtime.awaited(actions.every())

    async def inspect(self, name: str) -> LibraryImage:
        """See :func:`vmnb.images.inspect`."""
        return await runtime.awaited(actions.inspect(name))

    async def remove(self, name: str) -> None:
        """See :func:`vmnb.images.remove`."""
        await runtime.awaited(actions.remove(name))

    async def verify(self, name: str | None = None) -> "_Images":
        """See :func:`vmnb.images.verify`."""
        return await runtime.awaited(actions.verify(name))


_Images = list[LibraryImage]
