"""A directory in which one process at a time changes things."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

__all__ = ["alone_if_free", "alone_in", "shared_in"]


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Hold the only right to change what is in `directory`, over all processes; may wait.

    Raises
    ------
    OSError
        There is no such directory.
    """
    with _locked(directory, fcntl.LOCK_EX):
        yield


@contextmanager
def shared_in(directory: Path) -> Iterator[None]:
    """Let nobody be alone in `directory` meanwhile; others may have it so, too. May wait."""
    with _locked(directory, fcntl.LOCK_SH):
        yield


@contextmanager
def alone_if_free(directory: Path) -> Iterator[bool]:
    """Hold the right of :func:`alone_in`, or give False at once where others hold it."""
    with ExitStack() as stack:
        try:
            stack.enter_context(_locked(directory, fcntl.LOCK_EX | fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def _locked(directory: Path, how: int) -> Iterator[None]:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        # In words, since a child forked meanwhile has a copy that would go on holding it.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)
