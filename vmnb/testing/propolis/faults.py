"""What may be made to go wrong with one request to the stand-in."""

from dataclasses import dataclass

__all__ = ["Cut", "Delay", "Fault", "Refuse", "Rubbish", "Stall"]


@dataclass(frozen=True, slots=True)
class Refuse:
    """An error is answered, and nothing done."""

    status: int
    error_code: str | None = None
    message: str = "asked to refuse"


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing is ever answered, and nothing done."""


@dataclass(frozen=True, slots=True)
class Delay:
    """All is done as ever, `seconds` later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Rubbish:
    """These bytes are answered, and nothing done."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection is cut: before anything is done or, if `done`, instead of the answer."""

    done: bool = False


Fault = Refuse | Stall | Delay | Rubbish | Cut
