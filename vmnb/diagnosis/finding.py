"""One thing that was looked at, and what was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Finding", "Level"]


class Level(StrEnum):
    """How good it is."""

    OK = "ok"
    WARNING = "warning"
    """Something is slower than it could be, or cannot be done here."""
    BAD = "bad"
    """No VM can be made or run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found of one subject.

    Parameters
    ----------
    subject
        What was looked at, in a word or two; the same at every look.
    found
        What there is, in words.
    remedy
        The command or the setting that mends it; empty where there is nothing to mend.
    facts
        The same for programs; keys have their units.
    """

    subject: str
    level: Level
    found: str
    remedy: str = ""
    facts: Mapping[str, str | int | bool | None] = field(default_factory=dict, hash=False)
