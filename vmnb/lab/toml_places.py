"""Where the keys of a TOML file stand; :mod:`tomllib`, which reads the values, does not tell.

It goes over text that :mod:`tomllib` has accepted, so it only has to tell the parts apart.
"""

import re
import tomllib

from vmnb.lab.places import KeyPath, Places

__all__ = ["toml_places"]

_QUOTED = r'"(?:\\.|[^"\\])*"|' + r"'[^']*'"
_PART = rf"(?:{_QUOTED}|[A-Za-z0-9_-]+)"
_KEY = re.compile(rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*")
_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_SCALAR = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})|' + r"'''.*?'''(?:'{0,2})" + rf"|{_QUOTED}|[^,\]}}#\n]+",
    re.DOTALL,
)


def toml_places(text: str) -> Places:
    """Return where each key and each element of an array stands."""
    scanner = _Scanner(text)
    scanner.scan()
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    places: Places = {}
    line = 0
    for path, at in sorted(scanner.found.items(), key=lambda item: item[1]):
        while line + 1 < len(starts) and starts[line + 1] <= at:
            line += 1
        places[path] = (line + 1, at - starts[line] + 1)
    return places


class _Scanner:
    def __init__(self, text: str) -> None:
        self.found: dict[KeyPath, int] = {}
        self._text = text
        self._at = 0
        self._lengths: dict[KeyPath, int] = {}
        """Of the arrays of tables, so far."""

    def scan(self) -> None:
        table: KeyPath = ()
        while self._next():
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _next(self) -> str:
        """Skip what means nothing, and return the next character, empty at the end."""
        self._take(_BLANK)
        return self._text[self._at : self._at + 1]

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        assert match is not None  # noqa: S101 - the text is TOML
        self._at = match.end()
        return match[0]

    def _header(self) -> KeyPath:
        width = 2 if self._text.startswith("[[", self._at) else 1
        self._at += width
        self._next()
        start, path = self._at, self._resolved(self._key())
        if width == 2:
            index = self._lengths.get(path, 0)
            self._lengths[path] = index + 1
            self._note(path, start)
            path = (*path, index)
        self._note(path, start)
        self._next()
        self._at += width
        return path

    def _resolved(self, keys: list[str]) -> KeyPath:
        """Return where `keys` lead: into the last table of each array of tables but the named."""
        path: KeyPath = ()
        for key in keys:
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
            path = (*path, key)
        return path

    def _key(self) -> list[str]:
        value, keys = tomllib.loads(f"{self._take(_KEY)} = 0"), []
        while isinstance(value, dict):
            ((key, value),) = value.items()
            keys.append(key)
        return keys

    def _pair(self, table: KeyPath) -> None:
        start = self._at
        path = (*table, *self._key())
        self._note(path, start)
        self._next()
        self._at += 1  # the "="
        self._next()
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        opened = self._text[self._at]
        if opened not in "[{":
            self._take(_SCALAR)
            return
        self._at += 1
        index = 0
        while self._next() not in "]}":
            if opened == "{":
                self._pair(path)
            else:
                self._note((*path, index), self._at)
                self._value((*path, index))
                index += 1
            if self._next() == ",":
                self._at += 1
        self._at += 1

    def _note(self, path: KeyPath, start: int) -> None:
        """Note where `path` stands, and what it stands in where that has no place of its own."""
        for length in range(1, len(path) + 1):
            self.found.setdefault(path[:length], start)
