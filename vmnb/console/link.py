"""What the two kinds of connections to a console have in common."""

from typing import Protocol

__all__ = ["Link"]


class Link(Protocol):
    """One connection to a console, which hands on what it says."""

    def check(self) -> None:
        """Notice now if the other end has closed the connection."""
        ...

    def pause(self) -> None:
        """Hand on no more until :meth:`resume`; the guest waits, once what is between is full."""
        ...

    def resume(self) -> None:
        """Go on."""
        ...

    async def aclose(self) -> int:
        """Close it and return how far the stream is known; nothing is called any more."""
        ...
