"""Connecting to a console, of whichever kind it is."""

from collections.abc import Callable

from vmnb.console.followers import Followers
from vmnb.console.link import Link
from vmnb.console.past import Past
from vmnb.console.ring import Ring
from vmnb.console.shared import SharedSource
from vmnb.core.hypervisor import UnixConsole, WebSocketConsole

__all__ = ["Connecting"]


class Connecting:
    """Makes connections to one console, whose stream is taken into `ring`.

    Parameters
    ----------
    ring, followers, past
        The stream as this process has it, who gets it from here, and how far the log is known.
    hear, recall
        Called with what is said now, and with what was said before.
    changed
        Called when it may be typed on from elsewhere, or from here again.
    ended
        Called once for each connection; see :class:`~vmnb.console.part.Part`.
    """

    def __init__(
        self,
        ring: Ring,
        followers: Followers,
        past: Past,
        *,
        hear: Callable[[bytes], None],
        recall: Callable[[bytes], None],
        changed: Callable[[], None],
        ended: Callable[[int | None, str], None],
    ) -> None:
        self._ring = ring
        self._followers = followers
        self._past = past
        self._hear = hear
        self._recall = recall
        self._changed = changed
        self._ended = ended

    async def connect(self, endpoint: UnixConsole | WebSocketConsole) -> Link | None:
        """Return a connection to the console at `endpoint`; None where the VM does not run.

        Raises
        ------
        BusyError
            Another process is connected, and does not hand on what is said.
        BackendError
            The socket is there and cannot be used.
        """
        if isinstance(endpoint, UnixConsole):
            return await self._share(endpoint)
        # Imported here: it takes longer than all the rest, and most consoles are none.
        from vmnb.console.websocket_source import WebSocketSource

        source = WebSocketSource(
            endpoint,
            self._past.known or 0,
            receive=self._hear,
            skipped=self._skip,
            ended=self._ended,
        )
        return source if await source.open() else None

    async def _share(self, endpoint: UnixConsole) -> Link | None:
        source = SharedSource(
            endpoint,
            self._ring,
            self._followers,
            self._past,
            receive=self._hear,
            recall=self._recall,
            skipped=self._skip,
            changed=self._changed,
            ended=self._ended,
        )
        try:
            return source if await source.open() else None
        except BaseException:
            await source.aclose()
            raise

    def _skip(self, count: int) -> None:
        self._ring.restart(self._ring.end + count)
