"""A terminal's control sequences, told apart as xterm.js's parser does.

It is Paul Williams's state machine (vt100.net/emu/dec_ansi_parser), with whole sequences in place
of single characters. The output comes from the guest: whatever is in it, nothing raises, and no
unended sequence takes room.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable

__all__ = ["CSI", "Tokens"]

# Control characters inside a sequence act at once; those that end it are not among them.
_INSIDE = r"\x00-\x17\x19\x1c-\x1f\x7f"
_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    rf"|\x1b(?P<inside>[{_INSIDE}]*)(?:"
    rf"\[(?P<csi>[{_INSIDE}\x20-\x3f]*[\x40-\x7e])"
    r"|(?P<string>[PX\]^_])"
    rf"|(?P<escape>[\x20-\x2f][{_INSIDE}\x20-\x2f]*[\x30-\x7e]|[0-OQ-WYZ\\`-~])"
    rf"|(?P<broken>\[?[{_INSIDE}\x20-\x3f]*(?:(?=[\x18\x1a\x1b])|[^\x00-\x7f]))"
    r")"
)
CSI = re.compile(r"([<-?]?)([0-9;:]*)([\x20-\x2f]*)([\x40-\x7e])")
"""What follows ``ESC [``: a mark, the parameters, what is between, and the final character."""
_ACTING = re.compile(f"[{_INSIDE}]")
_UNFINISHED_MAX = 256

_STRING_ENDS = {
    "]": re.compile("[\x07\x18\x1a]|(?=\x1b)"),
    "P": re.compile("[\x18\x1a]|(?=\x1b)"),
    "X": re.compile("[\x18\x1a]|(?=\x1b)|[^\x00-\x7f]"),
}
_STRING_RESUMED = {"]": "\x1b]0;", "P": "\x1bPq", "X": "\x1bX"}

_C1 = re.compile("[\x80-\x9f]")
_C1_AS_ESCAPE = {code: f"\x1b{chr(code - 0x40)}" for code in range(0x80, 0xA0)}


class Tokens(ABC):
    """Takes text apart; an unfinished sequence is kept, in bounds, for the next call.

    Strings (titles, clipboards, and whatever else OSC, DCS and their like carry) are passed over.
    """

    def __init__(self) -> None:
        self._unfinished = ""
        self._string = ""
        self._acts: dict[str, Callable[[str], None]] = {
            "text": self._text,
            "control": self._control,
            "csi": self._begin_csi,
            "string": self._begin_string,
            "escape": self._begin_escape,
            "broken": self._controls_in,
        }

    @property
    def unfinished(self) -> str:
        """What brings another terminal to where this one is within a sequence."""
        return _STRING_RESUMED.get(self._string, "") + self._unfinished

    def feed(self, text: str) -> None:
        """Act on `text`, whatever is in it."""
        if _C1.search(text):
            text = text.translate(_C1_AS_ESCAPE)
        text = self._unfinished + text
        self._unfinished = ""
        at = 0
        while at < len(text):
            if self._string:
                end = _STRING_ENDS[self._string].search(text, at)
                if end is None:
                    return
                self._string = ""
                self._string_ended()
                at = end.end()
            elif token := _TOKEN.match(text, at):
                at = token.end()
                if token["inside"]:
                    self._controls_in(token["inside"])
                kind = token.lastgroup or "text"
                self._acts[kind](token[kind])
            elif len(text) - at <= _UNFINISHED_MAX:
                self._unfinished = text[at:]
                return
            else:
                at += 1

    @abstractmethod
    def _text(self, text: str) -> None:
        """Take text without control characters."""

    @abstractmethod
    def _control(self, char: str) -> None:
        """Take a control character."""

    @abstractmethod
    def _escape(self, sequence: str) -> None:
        """Take what follows ``ESC``."""

    @abstractmethod
    def _csi(self, sequence: str) -> None:
        """Take what follows ``ESC [``."""

    @abstractmethod
    def _string_ended(self) -> None:
        """Take note that a string is over."""

    def _controls_in(self, sequence: str) -> None:
        for char in _ACTING.findall(sequence):
            self._control(char)

    def _begin_string(self, kind: str) -> None:
        self._string = kind if kind in _STRING_ENDS else "X"

    def _begin_escape(self, sequence: str) -> None:
        self._escape(self._alone(sequence) if len(sequence) > 1 else sequence)

    def _begin_csi(self, sequence: str) -> None:
        self._csi(self._alone(sequence))

    def _alone(self, sequence: str) -> str:
        """Return a sequence without the control characters in it, which act first."""
        if not _ACTING.search(sequence):
            return sequence
        self._controls_in(sequence)
        return _ACTING.sub("", sequence)
