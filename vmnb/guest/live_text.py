"""What a guest writes piece by piece, as text that a terminal or a cell can show."""

import codecs
import re

from vmnb.guest.result import inert

__all__ = ["LiveText"]

_UNFINISHED = re.compile(r"(\r|\x1b(\[[0-9;]{0,40})?)\Z")


class LiveText:
    """Makes one stream inert, as :class:`~vmnb.guest.result.RunResult` prints it.

    What may be the beginning of a character, of a colour or of a line's end waits for the rest.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def feed(self, data: bytes, *, last: bool = False) -> str:
        """Return what can be shown now."""
        text = self._held + self._decoder.decode(data, last)
        unfinished = None if last else _UNFINISHED.search(text)
        cut = unfinished.start() if unfinished else len(text)
        self._held = text[cut:]
        return inert(text[:cut])
