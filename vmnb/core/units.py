"""Sizes and times as people type them; sizes are ``512`` or ``"512M"``, always binary units."""

import math
import re

from vmnb.core.errors import SpecError

__all__ = ["parse_mib", "require_seconds"]

_MIB = {"": 1, "M": 1, "G": 1024, "T": 1024 * 1024}
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


def require_seconds(value: float, what: str) -> None:
    """Raise SpecError unless `value` is a time in seconds that can be waited: zero or more."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value < math.inf:
        raise SpecError(
            f"{what} is {value!r}",
            hint="give a number of seconds, such as 60 or 0.5; there is no "
            "waiting for ever, but 86400 is a day",
        )
