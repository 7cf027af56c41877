"""Read a terminal's control sequences and act on a screen.

pyte's own stream raises on sequences with a parameter too many, draws the inside of device control
strings, takes ``CSI > 4 m`` for an attribute, and keeps an unended title for ever. The output
comes from the guest, so none of that will do; the tables of names are pyte's.
"""

import inspect
import re
from typing import TYPE_CHECKING

import pyte

from vmnb.console.screen import VtScreen

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Parser"]

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    r"|\x1b\[(?P<mark>[<-?]?)(?P<params>[0-9;:]*)(?P<middle>[ -/]*)(?P<csi>[@-~])"
    r"|\x1b(?P<string>[PX\]^_])"
    r"|\x1b(?P<into>[ -/]+)(?P<charset>[0-~])"
    r"|\x1b(?P<escape>[0-OQ-WYZ\\`-~])"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[<-?]?[0-9;:]*[ -/]*|[ -/]*)")
_UNFINISHED_MAX = 256
_STRING_END = re.compile("[\x07\x18\x1a]|(?=\x1b)")
_PARAMS_MAX = 32

_C1 = re.compile("[\x80-\x9f]")
_C1_AS_ESCAPE = {code: f"\x1b{chr(code - 0x40)}" for code in range(0x80, 0xA0)}

_ESCAPES = {**pyte.Stream.escape, "E": "next_line", "=": "keypad_on", ">": "keypad_off"}
_SEQUENCES = {
    **{key: name for key, name in pyte.Stream.csi.items() if key not in "cn"},
    "S": "scroll_up",
    "T": "scroll_down",
    "Z": "tab_back",
    "b": "repeat",
    "s": "save_cursor",
    "u": "restore_cursor",
}
_PRIVATE = frozenset("hlJK")


class Parser:
    """Feeds text to `screen`; an unfinished sequence is kept, in bounds, for the next call."""

    def __init__(self, screen: VtScreen) -> None:
        self._screen = screen
        self._unfinished = ""
        self._in_string = False
        self._acts: dict[str, Callable[[re.Match[str]], None]] = {
            "text": lambda token: screen.draw(token["text"]),
            "control": self._control,
            "csi": self._csi,
            "string": self._string,
            "charset": self._charset,
            "escape": lambda token: self._call(_ESCAPES.get(token["escape"])),
        }

    def feed(self, text: str) -> None:
        """Act on `text`, whatever is in it."""
        if _C1.search(text):
            text = text.translate(_C1_AS_ESCAPE)
        text = self._unfinished + text
        self._unfinished = ""
        at = 0
        while at < len(text):
            if self._in_string:
                end = _STRING_END.search(text, at)
                if end is None:
                    return
                self._in_string = False
                at = end.end()
            elif token := _TOKEN.match(text, at):
                at = token.end()
                self._acts[token.lastgroup or "text"](token)
            elif _UNFINISHED.fullmatch(text, at) and len(text) - at <= _UNFINISHED_MAX:
                self._unfinished = text[at:]
                return
            else:
                at += 1

    def _control(self, token: re.Match[str]) -> None:
        self._call(pyte.Stream.basic.get(token["control"]))

    def _string(self, _: re.Match[str]) -> None:
        self._in_string = True

    def _charset(self, token: re.Match[str]) -> None:
        if token["into"] in ("(", ")"):
            self._screen.define_charset(token["charset"], mode=token["into"])
        elif token["into"] == "#" and token["charset"] == "8":
            self._screen.alignment_display()

    def _csi(self, token: re.Match[str]) -> None:
        key, mark = token["csi"], token["mark"]
        if token["middle"] or mark not in ("", "?"):
            if token["middle"] == "!" and key == "p":
                self._screen.soft_reset()
        elif mark:
            if key in _PRIVATE:
                self._call(_SEQUENCES[key], *_numbers(token["params"]), private=True)
        elif key == "m":
            self._screen.select_graphic_rendition(*_attributes(token["params"]))
        else:
            self._call(_SEQUENCES.get(key), *_numbers(token["params"]))

    def _call(self, name: str | None, *params: int, **private: bool) -> None:
        if name is not None:
            getattr(self._screen, name)(*params[: _takes(name)], **private)


_TAKES: dict[str, int] = {}


def _takes(name: str) -> int:
    """Return how many parameters the screen's method takes."""
    if name not in _TAKES:
        parameters = inspect.signature(getattr(VtScreen, name)).parameters.values()
        if any(p.kind is p.VAR_POSITIONAL for p in parameters):
            _TAKES[name] = _PARAMS_MAX
        else:
            counted = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
            _TAKES[name] = len([p for p in counted if p.name not in ("self", "private")])
    return _TAKES[name]


def _numbers(params: str) -> list[int]:
    return [_number(text) for text in params.split(";")[:_PARAMS_MAX]] if params else []


def _number(text: str) -> int:
    return min(int(text.partition(":")[0][:5] or 0), 9999)


def _attributes(params: str) -> list[int]:
    """Return the attributes of SGR in their old form, without colons (ITU T.416)."""
    numbers: list[int] = []
    for attribute in params.split(";")[:_PARAMS_MAX]:
        parts = [_number(part) for part in attribute.split(":")[:_PARAMS_MAX]]
        if parts[0] in (38, 48):
            numbers += parts[:2] + parts[3:] if parts[1:2] == [2] and len(parts) > 5 else parts
        else:
            numbers.append(24 if parts[:2] == [4, 0] else parts[0])
    return numbers
