"""What a guest writes, fit for a person's own terminal: it may draw there, and nothing else.

A terminal can do more than show: it has a clipboard, a title, links, files and a printer, and it
answers some questions by typing. So only what is known to draw passes, and what a browser's
terminal is let do by ``frontend/src/console/guard.ts``.
"""

import codecs
import re

from vmnb.console.charsets import KNOWN
from vmnb.console.modes import DRAWING
from vmnb.console.sequences import CONTROLS, COUNT_MAX, ESCAPES, SEQUENCES
from vmnb.console.tokens import CSI, Tokens

__all__ = ["Fence"]

_BELL = "\a"
_TO_ANOTHER_ENCODING = frozenset({"%@", "%G"})
_QUESTIONS = frozenset({"c", "0c", "5n", "6n"})
"""What kind of terminal it is, whether it is well, and where the cursor is: no answer has a word
in it that the guest could choose, and shells and editors wait for them."""
_NUMBERS = re.compile(r"\d+")
_MODES = frozenset({"?h", "?l"})


class Fence(Tokens):
    """Lets one stream through."""

    def __init__(self) -> None:
        super().__init__()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._passed: list[str] = []

    def let(self, data: bytes) -> bytes:
        """Return what of `data`, and of what was held back before, may be written now."""
        self.feed(self._decoder.decode(data))
        passed = "".join(self._passed)
        self._passed.clear()
        return passed.encode()

    def _text(self, text: str) -> None:
        self._passed.append(text)

    def _control(self, char: str) -> None:
        if char in CONTROLS or char == _BELL:
            self._passed.append(char)

    def _string_ended(self) -> None:
        pass  # none passes

    def _escape(self, sequence: str) -> None:
        designates = len(sequence) == 2 and sequence[0] in "()*+-." and sequence[1] in KNOWN
        if designates or sequence in ESCAPES.keys() - _TO_ANOTHER_ENCODING:
            self._passed.append(f"\x1b{sequence}")

    def _csi(self, sequence: str) -> None:
        found = CSI.fullmatch(sequence)
        if found is None or not _is_bounded(found[2]):
            return
        mark, params, middle, final = found.groups()
        kind = f"{mark}{middle}{final}"
        if kind in _MODES:
            params = ";".join(mode for mode in params.split(";") if _draws(mode))
            if not params:
                return
            sequence = f"{mark}{params}{final}"
        if kind in SEQUENCES or sequence in _QUESTIONS:
            self._passed.append(f"\x1b[{sequence}")


def _is_bounded(params: str) -> bool:
    return all(len(n) <= len(str(COUNT_MAX)) for n in _NUMBERS.findall(params))


def _draws(mode: str) -> bool:
    return mode.isdecimal() and int(mode) in DRAWING
