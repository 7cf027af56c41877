"""Reading what illumos' commands print for programs: fields between colons (``-p``)."""

import re

__all__ = ["fields_of"]

_FIELD = re.compile(r"((?:\\.|[^:\\])*)(:|$)")


def fields_of(output: str) -> list[list[str]]:
    r"""Return the fields of each line; a colon within a field is written ``\:``."""
    return [_split(line) for line in output.splitlines() if line]


def _split(line: str) -> list[str]:
    found, position = [], 0
    while position <= len(line):
        match = _FIELD.match(line, position)
        if match is None:
            return [line]
        found.append(re.sub(r"\\(.)", r"\1", match[1]))
        position = match.end() if match[2] else len(line) + 1
    return found
