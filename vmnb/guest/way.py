"""What every way into the guest can do: be ready, and carry out a command."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from vmnb.guest.command import Command

__all__ = ["End", "Sink", "Via", "Way"]


class Via(StrEnum):
    """A way into the guest."""

    AGENT = "agent"
    SSH = "ssh"
    SERIAL = "serial"


Sink = Callable[[int, bytes], Awaitable[None]]
"""Takes what a command wrote: 1 or 2 for standard output or error, and some bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a command ended.

    Parameters
    ----------
    exit_code, signal
        One of them, or neither where it could not be ended.
    in_time
        False where its time was over and it was to be killed.
    """

    exit_code: int | None = None
    signal: int | None = None
    in_time: bool = True


class Way(Protocol):
    """A way into one guest."""

    @property
    def via(self) -> Via:
        """Which it is."""
        ...

    async def wait_ready(self, timeout_s: float) -> None:
        """Wait until it can carry out commands.

        Raises
        ------
        DeadlineError
            It could not within `timeout_s` seconds.
        """
        ...

    async def perform(
        self, command: Command, *, timeout_s: float, sink: Sink, live: bool = False
    ) -> End:
        """Carry out `command`, and return how it ended.

        When its time is over, when this is cancelled, and when the sink raises, the command and
        its children are killed first.

        Parameters
        ----------
        live
            Whether the sink gets what is written as it comes, and all of it however much.
        """
        ...

    async def aclose(self) -> None:
        """Let go of it; a later use begins anew."""
        ...
