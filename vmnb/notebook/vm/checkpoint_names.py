"""Names of checkpoints: what may be one, and those that are found where nobody gave any."""

import re
from collections.abc import Collection
from datetime import datetime
from itertools import count

from vmnb.core.errors import SpecError

__all__ = ["checked_name", "is_automatic", "name_of_cell", "name_of_time"]

_NAME_MAX = 200
_OF_CELL = re.compile(r"In\[\d+\]( \(\d+\))?")


def checked_name(name: str) -> str:
    """Return `name`, which somebody chose.

    Raises
    ------
    SpecError
        No checkpoint can have it, or it is for those that are made by themselves.
    """
    if not isinstance(name, str) or not 0 < len(name) <= _NAME_MAX or not name.isprintable():
        raise SpecError(
            f"{name!r} cannot be a checkpoint's name",
            hint=f"give text of 1 to {_NAME_MAX} printable characters",
        )
    if is_automatic(name):
        raise SpecError(
            f"{name!r} is the name of an automatic checkpoint, which is forgotten by itself",
            hint="choose another name",
        )
    return name


def is_automatic(name: str) -> bool:
    """Whether it is the name of one that was made after a cell, and may be forgotten by itself."""
    return _OF_CELL.fullmatch(name) is not None


def name_of_cell(number: int, taken: Collection[str]) -> str:
    """Return ``In[7]`` for the cell 7, or ``In[7] (2)`` where another kernel had such a cell."""
    return _free(f"In[{number}]", taken)


def name_of_time(time: datetime, taken: Collection[str]) -> str:
    """Return the time of day, such as ``14:03:12``."""
    return _free(f"{time:%H:%M:%S}", taken)


def _free(name: str, taken: Collection[str]) -> str:
    if name not in taken:
        return name
    return next(more for number in count(2) if (more := f"{name} ({number})") not in taken)
