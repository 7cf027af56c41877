"""The views of one console: each gets the stream at its own pace, none holds up another."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from vmnb.console.ring import Ring
from vmnb.console.view import Send, View

__all__ = ["Audience"]

_log = logging.getLogger(__name__)

_FULL_MAX_S = 10.0


class Audience:
    """Sends a stream to views.

    A view that draws more slowly than the stream comes holds it up. One that drew nothing for 2 s
    although its window is full does not; after 10 s it is dropped, and may say hello again. One
    that fell behind what `ring` keeps gets the screen instead of what it missed.

    Parameters
    ----------
    ring
        The newest part of the stream.
    snapshot
        Gives a position, and what draws the screen as it is there.
    size
        Gives the columns and rows of that screen.
    """

    def __init__(
        self,
        ring: Ring,
        *,
        snapshot: Callable[[], Awaitable[tuple[int, bytes]]],
        size: Callable[[], tuple[int, int]],
    ) -> None:
        self._ring = ring
        self._snapshot = snapshot
        self._size = size
        self._views: dict[str, View] = {}
        self._restoring: set[asyncio.Task[None]] = set()
        self._resized = 0
        self._news: tuple[str, dict[str, Any]] = ("closed", {"reason": "the VM is not running"})

    def add(self, view_id: str, seq: int | None, send: Send, *, answers: bool = True) -> None:
        """Send to a view from `seq` on if that is possible, else first the screen."""
        view = self._views[view_id] = View(id=view_id, send=send, answers=answers)
        if seq is None or not max(self._ring.start, self._resized) <= seq <= self._ring.end:
            self._restore(view)
            return
        view.sent = view.drawn = seq
        with self._surviving(view):
            view.tell(self._news[0], **self._news[1])
        self._forward(view)

    def acknowledge(self, view_id: str, seq: int) -> None:
        """Note that a view has drawn everything before `seq`, and send it more."""
        if view := self._views.get(view_id):
            view.acknowledge(seq, _now())
            self._forward(view)

    def remove(self, view_id: str) -> None:
        """Forget a view."""
        self._views.pop(view_id, None)

    def remove_all(self, send: Send) -> None:
        """Forget the views that are reached by `send`."""
        self._views = {name: view for name, view in self._views.items() if view.send != send}

    def is_first(self, view_id: str) -> bool:
        """Whether a view is the one of those that answer that draws, and has been there longest."""
        now = _now()
        answering = [view for view in self._views.values() if view.answers]
        drawing = [view for view in answering if view.is_there(now)]
        return next((view.id for view in drawing or answering), None) == view_id

    def holds(self) -> bool:
        """Whether the stream should wait, so that those who draw miss nothing of it."""
        now = _now()
        return any(view.holds(self._ring, now) for view in self._views.values())

    def forward(self) -> None:
        """Send what is new."""
        for view in list(self._views.values()):
            self._forward(view)

    def restore(self) -> None:
        """Give every view the screen anew: it has another size."""
        self._resized = self._ring.end
        for view in list(self._views.values()):
            if not view.waiting:
                self._restore(view)

    def announce(self, kind: str, **facts: Any) -> None:
        """Tell all views, and those that come later, how things are."""
        self._news = (kind, facts)
        for view in list(self._views.values()):
            if not view.waiting:
                with self._surviving(view):
                    view.tell(kind, **facts)

    async def aclose(self) -> None:
        """Forget all views without a word to them."""
        self._views.clear()
        for task in self._restoring:
            task.cancel()
        await asyncio.gather(*self._restoring, return_exceptions=True)

    def _forward(self, view: View) -> None:
        if view.waiting:
            return
        now = _now()
        with self._surviving(view):
            if view.is_full and view.silent_s(now) > _FULL_MAX_S:
                self.remove(view.id)
                view.tell("dropped")
            elif not view.forward(self._ring, now):
                self._restore(view)

    def _restore(self, view: View) -> None:
        view.waiting = True
        task = asyncio.create_task(self._restored(view))
        self._restoring.add(task)
        task.add_done_callback(self._restoring.discard)

    async def _restored(self, view: View) -> None:
        with self._surviving(view):
            position, screen = await self._snapshot()
            if self._views.get(view.id) is not view:
                return
            view.restore(position, screen, *self._size())
            view.tell(self._news[0], **self._news[1])
        self._forward(view)

    @contextmanager
    def _surviving(self, view: View) -> Iterator[None]:
        """Drop a view that cannot be sent to, so that the others go on."""
        try:
            yield
        except Exception:  # noqa: BLE001  # whatever the view's own way of sending raises
            _log.exception("view %s cannot be sent to and is dropped", view.id)
            if self._views.get(view.id) is view:
                self.remove(view.id)


def _now() -> float:
    return asyncio.get_running_loop().time()
