"""The newest part of a stream of bytes, addressed by position in the whole stream."""

__all__ = ["Ring"]


class Ring:
    """Keeps the last `size` bytes of a stream; older ones are forgotten.

    Attributes
    ----------
    start
        Position of the oldest byte kept.
    """

    def __init__(self, size: int, start: int = 0) -> None:
        self.start = start
        self._size = size
        self._bytes = bytearray()

    @property
    def end(self) -> int:
        """Position of the byte that comes next."""
        return self.start + len(self._bytes)

    def append(self, data: bytes) -> None:
        """Add `data` at the end."""
        self._bytes += data
        excess = len(self._bytes) - self._size
        if excess > 0:
            del self._bytes[:excess]
            self.start += excess

    def restart(self, position: int) -> None:
        """Forget everything; the next byte is at `position`."""
        self._bytes.clear()
        self.start = position

    def read(self, position: int, count: int) -> bytes:
        """Return up to `count` bytes from `position` on, which must not be before the start."""
        at = position - self.start
        return bytes(self._bytes[at : at + count])

    def find(self, needle: bytes, position: int) -> int:
        """Return the position of `needle` at or after `position`, or -1."""
        found = self._bytes.find(needle, max(0, position - self.start))
        return found if found < 0 else found + self.start
