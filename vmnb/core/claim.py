"""The id under which a VM is claimed before it is made, so that what is left of it can be found."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

__all__ = ["claimed", "id_of_new_vm"]

_claim: ContextVar[str | None] = ContextVar("claim", default=None)


@contextmanager
def claimed(claim: str) -> Iterator[None]:
    """Let the VM that the body makes have the id `claim`, which is in the store already."""
    token = _claim.set(claim)
    try:
        yield
    finally:
        _claim.reset(token)


def id_of_new_vm() -> str:
    """Return the id for a VM about to be made: that of its claim, a new one where it has none."""
    return _claim.get() or uuid4().hex
