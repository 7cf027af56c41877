"""What a serial port has said: its first and its last part, as the server keeps them."""

__all__ = ["PART_MAX", "ExpiredError", "History"]

PART_MAX = 1024 * 1024
"""Most bytes of each part."""

_DEFAULT = 16 * 1024


class ExpiredError(Exception):
    """What was asked for lies in the gap between the two parts."""


class History:
    """Keeps the first and the last :data:`PART_MAX` bytes, which meet until there are more."""

    def __init__(self) -> None:
        self.total = 0
        self._first = bytearray()
        self._last = bytearray()

    def add(self, data: bytes) -> None:
        """Take what was said now."""
        self.total += len(data)
        self._last += data
        excess = max(0, len(self._last) - PART_MAX)
        self._first += self._last[: min(excess, PART_MAX - len(self._first))]
        del self._last[:excess]

    def read(
        self, *, from_start: int | None, most_recent: int | None, max_bytes: int | None = None
    ) -> tuple[bytes, int]:
        """Return a part, and the offset of the byte after it.

        An offset that is not reached yet stands for the end, a backward one before the beginning
        for the beginning.

        Raises
        ------
        ExpiredError
            It is in neither part.
        """
        if from_start is None:
            from_start = max(0, self.total - (most_recent or 0))
        start = min(from_start, self.total)
        count = _DEFAULT if max_bytes is None else max_bytes
        data = self._from(start)[:count]
        return data, start + len(data)

    def _from(self, start: int) -> bytes:
        last = self.total - len(self._last)
        if start >= last:
            return bytes(self._last[start - last :])
        if start >= len(self._first):
            raise ExpiredError(
                f"Requested byte offset {start} is no longer cached: Only have first "
                f"{len(self._first)} + most recent {len(self._last)} saved out of a total "
                f"{self.total} of output"
            )
        whole = last == len(self._first)
        return bytes(self._first[start:]) + (bytes(self._last) if whole else b"")
