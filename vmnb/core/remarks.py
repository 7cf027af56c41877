"""What a backend has to say of an action that went well: it is told in the VM's history."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["collect_remarks", "remark"]

_remarks: ContextVar[list[str] | None] = ContextVar("remarks", default=None)


def remark(text: str) -> None:
    """Say something of the action that is going on; where nobody listens, it is lost."""
    remarks = _remarks.get()
    if remarks is not None:
        remarks.append(text)


@contextmanager
def collect_remarks() -> Iterator[list[str]]:
    """Give a list of what is said in the body."""
    remarks: list[str] = []
    token = _remarks.set(remarks)
    try:
        yield remarks
    finally:
        _remarks.reset(token)
