"""Sizes and times as people type them; sizes are ``512`` or ``"512M"``, always binary units."""

import math
import re

from vmnb.core.errors import SpecError

__all__ = ["parse_mib", "parse_ms", "require_seconds"]

_MIB = {"": 1, "M": 1, "G": 1024, "T": 1024 * 1024}
_MS = {"": 1, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}
_TIME = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(ms|s|min|h|)")
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)\s*([MGT]?)(?:i?B)?", re.IGNORECASE)


def parse_mib(value: int | str, what: str) -> int:
    """Return a size in MiB.

    Parameters
    ----------
    value
        A number of MiB, or text such as ``"512M"``, ``"1.5G"``, ``"2GiB"``.
    what
        What is being sized, for the error's message.

    Raises
    ------
    SpecError
        It is no size, is not a whole number of MiB, or is not above zero.
    """
    match = _SIZE.fullmatch(str(value).strip())
    if match is None or isinstance(value, bool):
        raise SpecError(f"{what} {value!r} is not a size", hint='write it as 512, "512M" or "2G"')
    mib = float(match[1]) * _MIB[match[2].upper()]
    if mib <= 0 or mib != int(mib):
        raise SpecError(
            f"{what} {value!r} is {mib:g} MiB; it must be a whole number of MiB above zero",
            hint='write it as 512, "512M" or "2G"',
        )
    return int(mib)


def parse_ms(value: str, what: str, *, at_most_ms: float) -> float:
    """Return a time in milliseconds.

    Parameters
    ----------
    value
        Text with its unit, such as ``"50ms"``, ``"0.2 s"``, ``"30 min"``, ``"1h"``; or ``"0"``.
    what
        What takes that time, for the error's message.

    Raises
    ------
    SpecError
        It is no time, or is more than `at_most_ms`.
    """
    match = _TIME.fullmatch(str(value).strip())
    if match is None or (not match[2] and float(match[1])):
        raise SpecError(f"{what} {value!r} is not a time", hint='write it as "50ms" or "0.2s"')
    milliseconds = float(match[1]) * _MS[match[2]]
    if milliseconds > at_most_ms:
        raise SpecError(
            f"{what} {value!r} is more than {at_most_ms:g} ms", hint='write it as "50ms" or "0.2s"'
        )
    return milliseconds


def require_seconds(value: float, what: str) -> None:
    """Raise SpecError unless `value` is a time in seconds that can be waited: zero or more."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value < math.inf:
        raise SpecError(
            f"{what} is {value!r}",
            hint="give a number of seconds, such as 60 or 0.5; there is no "
            "waiting for ever, but 86400 is a day",
        )
