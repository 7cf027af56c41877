"""Checks that several descriptions share."""

import re

from vmnb.core.errors import SpecError

__all__ = ["fits_utf_8", "require_count", "require_match"]


def fits_utf_8(text: str) -> bool:
    """Return whether UTF-8 can carry `text`."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def require_count(value: int, what: str) -> None:
    """Raise SpecError where `value` is not a whole number above zero."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SpecError(f"{what} is {value!r}", hint=f"{what} is a whole number above zero")


def require_match(value: str, pattern: str, what: str, *, hint: str) -> None:
    """Raise SpecError where `value` is not text that matches all of `pattern`."""
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise SpecError(f"{value!r} is not {what}", hint=hint)
