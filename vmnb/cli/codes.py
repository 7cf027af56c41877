"""With which code the command ends: one table, for errors and for whoever asks for help."""

from typing import NamedTuple

from vmnb.core.errors import BusyError, DeadlineError, VmnbError, VmNotFoundError

__all__ = ["CODES", "FAILED", "code_of", "codes_text"]

FAILED = 1
_INTERRUPTED = 130
"""128 and the number of the signal, as a shell says it."""


class _Code(NamedTuple):
    code: int
    meaning: str
    error: type[BaseException] | None = None


CODES = (
    _Code(0, "it is done"),
    _Code(FAILED, "it failed; doctor found something bad; or the answer was no"),
    _Code(2, "wrong usage"),
    _Code(3, "there is no such VM", VmNotFoundError),
    _Code(4, "another process is busy with the VM", BusyError),
    _Code(5, "it did not happen in time", DeadlineError),
    _Code(_INTERRUPTED, "interrupted", KeyboardInterrupt),
)


def code_of(error: VmnbError | KeyboardInterrupt) -> int:
    """Return the exit code for `error`."""
    found = (each.code for each in CODES if each.error and isinstance(error, each.error))
    return next(found, FAILED)


def codes_text() -> str:
    """Return the codes and what they mean, a line each."""
    return "\n".join(f"  {each.code:<5}{each.meaning}" for each in CODES)
