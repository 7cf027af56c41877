"""A page that does not know whether a message arrived sends it again, by another way."""

from collections import OrderedDict

from vmnb.notebook.talk import Message

__all__ = ["Once"]

_PAGES_MAX = 256


class Once:
    """Lets each numbered message of a page pass once, whichever way it came."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, int] = OrderedDict()

    def lets(self, message: Message) -> bool:
        """Whether `message` comes for the first time; one without a number always does."""
        if "sent" not in message:
            return True
        page, number = message["sent"]
        is_new: bool = number > self._last.get(page, 0)
        if is_new:
            self._last[page] = number
            self._last.move_to_end(page)
            if len(self._last) > _PAGES_MAX:
                self._last.popitem(last=False)
        return is_new
