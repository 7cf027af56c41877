"""How long something takes."""

import time
from collections.abc import Callable

__all__ = ["timed"]


def timed(action: Callable[[], object]) -> float:
    """Do it, and return how many seconds it took."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began
