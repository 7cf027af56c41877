"""How the values of a file are named, and where they stand."""

from typing import TypeAlias

__all__ = ["KeyPath", "Places"]

KeyPath: TypeAlias = tuple[str | int, ...]
"""The keys and indices that lead to a value."""

Places: TypeAlias = dict[KeyPath, tuple[int, int]]
"""Line and column, both from 1, of each key and of each element of a list."""
