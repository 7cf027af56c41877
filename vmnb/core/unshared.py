"""Descriptors that hold a lock for this process alone.

A child that is forked has copies of them, with which it would hold the lock, too: it closes them.
"""

import os

__all__ = ["disown", "own"]

_own: set[int] = set()


def own(*descriptors: int) -> None:
    """Take them as this process's alone."""
    _own.update(descriptors)


def disown(*descriptors: int) -> None:
    """Close them, unless a child did so when it was forked."""
    for descriptor in descriptors:
        if descriptor in _own:
            _own.discard(descriptor)
            os.close(descriptor)


def _close_copies() -> None:
    disown(*tuple(_own))


os.register_at_fork(after_in_child=_close_copies)
