"""Read a terminal's control sequences, as xterm.js's parser does, and act on a screen.

It is Paul Williams's state machine (vt100.net/emu/dec_ansi_parser), with whole sequences in place
of single characters. The output comes from the guest: whatever is in it, nothing raises, and no
unended sequence takes room.
"""

import re
from collections.abc import Callable

from vmnb.console.params import parsed
from vmnb.console.screen import VtScreen
from vmnb.console.sequences import CONTROLS, ESCAPES, SEQUENCES, designate

__all__ = ["Parser"]

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
_CSI = re.compile(r"([<-?]?)([0-9;:]*)([\x20-\x2f]*)([\x40-\x7e])")
_ACTING = re.compile(f"[{_INSIDE}]")
_DEL = "\x7f"
_UNFINISHED_MAX = 256

_STRING_ENDS = {
    "]": re.compile("[\x07\x18\x1a]|(?=\x1b)"),
    "P": re.compile("[\x18\x1a]|(?=\x1b)"),
    "X": re.compile("[\x18\x1a]|(?=\x1b)|[^\x00-\x7f]"),
}
_STRING_RESUMED = {"]": "\x1b]0;", "P": "\x1bPq", "X": "\x1bX"}

_C1 = re.compile("[\x80-\x9f]")
_C1_AS_ESCAPE = {code: f"\x1b{chr(code - 0x40)}" for code in range(0x80, 0xA0)}


class Parser:
    """Feeds text to `screen`; an unfinished sequence is kept, in bounds, for the next call."""

    def __init__(self, screen: VtScreen) -> None:
        self._screen = screen
        self._unfinished = ""
        self._string = ""
        self._acts: dict[str, Callable[[str], None]] = {
            "text": screen.draw,
            "control": self._control,
            "csi": self._csi,
            "string": self._begin_string,
            "escape": self._escape,
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
                self._screen.forget_character()
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

    def _control(self, char: str) -> None:
        if char != _DEL:
            if act := CONTROLS.get(char):
                act(self._screen)
            self._screen.forget_character()

    def _controls_in(self, sequence: str) -> None:
        for char in _ACTING.findall(sequence):
            self._control(char)

    def _begin_string(self, kind: str) -> None:
        self._string = kind if kind in _STRING_ENDS else "X"

    def _escape(self, sequence: str) -> None:
        if len(sequence) > 1:
            self._controls_in(sequence)
            sequence = _ACTING.sub("", sequence)
        if act := ESCAPES.get(sequence):
            act(self._screen)
        elif len(sequence) == 2:
            designate(self._screen, *sequence)
        self._screen.forget_character()

    def _csi(self, sequence: str) -> None:
        if _ACTING.search(sequence):
            self._controls_in(sequence)
            sequence = _ACTING.sub("", sequence)
        if found := _CSI.fullmatch(sequence):
            mark, params, middle, final = found.groups()
            if act := SEQUENCES.get(f"{mark}{middle}{final}"):
                act(self._screen, parsed(params))
        self._screen.forget_character()
