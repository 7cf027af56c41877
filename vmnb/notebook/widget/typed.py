"""What the views typed: each byte once and in order, however often it comes."""

__all__ = ["Typed"]

_VIEWS_MAX = 256


class Typed:
    """Counts the bytes that each view of a console has typed.

    A view numbers them, and sends again what was not confirmed: over a lost connection, or when it
    takes another way to the kernel. The views looked at longest ago are forgotten, beyond 256.
    """

    def __init__(self) -> None:
        self._ends: dict[str, int] = {}

    def begin(self, view: str, at: int) -> None:
        """Expect byte `at` next from a view that is not known yet."""
        self._ends.setdefault(view, at)

    def fresh(self, view: str, at: int, data: bytes) -> bytes:
        """Return what of `data`, from byte `at` on, is new; nothing where bytes are missing."""
        end = self._ends.pop(view, 0)
        fresh = data[end - at :] if at <= end else b""
        self._ends[view] = end + len(fresh)
        if len(self._ends) > _VIEWS_MAX:
            del self._ends[next(iter(self._ends))]
        return fresh

    def end(self, view: str) -> int:
        """Return the byte that is expected next from a view."""
        return self._ends.get(view, 0)

    def forget(self, view: str) -> None:
        """Let go of a view that is gone."""
        self._ends.pop(view, None)
