"""The character sets that a terminal may be told to use in place of ASCII."""

__all__ = ["CHARSETS", "KNOWN", "translated"]

_LINES = str.maketrans(
    "`abcdefghijklmnopqrstuvwxyz{|}~",
    "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·",
)

CHARSETS = {"0": _LINES, "A": str.maketrans("#", "£")}
"""Those that differ from ASCII, by the character that selects them."""

KNOWN = frozenset("0AB4C5RQKYE6ZH7=")
"""All that a view knows; the national ones are taken for ASCII here."""


def translated(text: str, charset: str) -> str:
    """Return what `text` is in a character set."""
    table = CHARSETS.get(charset)
    return text if table is None else text.translate(table)
