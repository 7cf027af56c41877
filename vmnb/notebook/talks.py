"""Everything that a widget and a page talk about, over one way of sending."""

import logging
from collections.abc import Callable, Iterable

from vmnb.core.errors import VmnbError
from vmnb.notebook.once import Once
from vmnb.notebook.talk import Message, Talk

__all__ = ["Talks"]

_log = logging.getLogger(__name__)
_once = Once()  # for all ways on which a message may come


class Talks:
    """Gives each message to the talk that it is for.

    Parameters
    ----------
    talks
        One for each subject.
    leave
        Called when the way is gone, and with it the pages at its other end.
    """

    def __init__(self, talks: Iterable[Talk], *, leave: Callable[[], None]) -> None:
        self._talks = {kind: talk for talk in talks for kind in talk.kinds}
        self.leave = leave

    async def handle(self, message: Message, buffers: list[bytes]) -> None:
        """Do what the page asks; what goes wrong is told to the log."""
        try:
            if _once.lets(message):
                await self._talks[message["kind"]].handle(message, buffers)
        except VmnbError as error:
            _log.info("the page asked for %s: %s", message.get("kind"), error)
        except Exception:  # noqa: BLE001 - a page may send anything; the widget lives on
            _log.exception("the page sent a message that could not be handled: %r", message)
