"""Round numbers for axes, and values in words."""

import math

__all__ = ["binary_top", "bytes_text", "duration_text", "round_step", "round_top"]

_TIME_STEPS_S = (
    0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600,
    43200, 86400, 2 * 86400, 7 * 86400, 14 * 86400, 30 * 86400, 90 * 86400, 365 * 86400,
)  # fmt: skip


def round_top(value: float, least: float) -> float:
    """Return the least of 1, 2, 5, 10, 20, 50, … that is neither below `value` nor `least`."""
    wanted = max(value, least)
    unit = 10.0 ** math.floor(math.log10(wanted))
    return next(unit * step for step in (1, 2, 5, 10) if unit * step >= wanted * 0.999)


def binary_top(value: float, least: float) -> float:
    """Return the least power of 2 that is neither below `value` nor `least`."""
    return float(2 ** math.ceil(math.log2(max(value, least)) - 1e-9))


def round_step(span_s: float, most: int) -> float:
    """Return a number of seconds that people count in, at most `most` of which fill `span_s`."""
    return next((step for step in _TIME_STEPS_S if span_s / step <= most), span_s / most)


def duration_text(seconds: float) -> str:
    """Return a duration in two units at most: ``0.4 s``, ``25 s``, ``2 min 5 s``, ``3 d 4 h``."""
    if seconds < 10:
        return f"{seconds:.2g} s" if seconds < 1 else f"{seconds:.1f} s".replace(".0", "")
    left, parts = round(seconds), []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


def bytes_text(count: float) -> str:
    """Return a number of bytes as people read it: ``512 B``, ``1.5 MiB``."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1000 or unit == "GiB":
            break
        count /= 1024
    digits = 0 if count >= 10 or unit == "B" else 1
    return f"{count:.{digits}f}".removesuffix(".0") + f" {unit}"
