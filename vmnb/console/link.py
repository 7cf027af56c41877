"""What the two kinds of connections to a console have in common."""

from typing import Protocol

from vmnb.console.keyboard import Keyboard

__all__ = ["Link"]


class Link(Protocol):
    """One connection to a console, which hands on what it says."""

    @property
    def keyboard(self) -> Keyboard:
        """What is typed goes there."""
        ...

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is typed on from another process, so that it is to be read only from here."""
        ...

    async def take_over(self) -> None:
        """Become the process that types."""
        ...

    async def check(self) -> None:
        """Notice now if the other end has closed the connection."""
        ...

    def pause(self) -> None:
        """Hand on no more until :meth:`resume`; the guest waits, once what is between is full."""
        ...

    def resume(self) -> None:
        """Go on."""
        ...

    async def aclose(self) -> int | None:
        """Close it and return how far the log is known, if it is; nothing is called any more."""
        ...
