"""Everything that a widget and a page talk about, over one way of sending."""

import logging

from vmnb.core.errors import VmnbError
from vmnb.notebook.widget.talk import Message, Talk

__all__ = ["Talks"]

_log = logging.getLogger(__name__)


class Talks:
    """Gives each message to the talk that it is for."""

    def __init__(self, *talks: Talk) -> None:
        self._talks = talks
        self._by_kind = {kind: talk for talk in talks for kind in talk.kinds}

    async def handle(self, message: Message, buffers: list[bytes]) -> None:
        """Do what the page asks; what goes wrong is told to the log."""
        try:
            await self._by_kind[message["kind"]].handle(message, buffers)
        except VmnbError as error:
            _log.info("the page asked for %s: %s", message.get("kind"), error)
        except Exception:  # noqa: BLE001 - a page may send anything; the widget lives on
            _log.exception("the page sent a message that could not be handled: %r", message)

    def leave(self) -> None:
        """Let go of the pages: the way to them is gone."""
        for talk in self._talks:
            talk.leave()
