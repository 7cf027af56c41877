"""Sizes as people type them."""

import pytest

from vmnb.core.errors import SpecError
from vmnb.core.units import parse_mib, parse_ms


@pytest.mark.parametrize(
    ("written", "mib"),
    [
        (512, 512),
        ("512", 512),
        ("512M", 512),
        (" 512 mib ", 512),
        ("2G", 2048),
        ("1.5GB", 1536),
        ("0.5g", 512),
        ("1T", 1024 * 1024),
    ],
)
def test_a_size_is_read_in_binary_units(written: int | str, mib: int) -> None:
    assert parse_mib(written, "memory") == mib


@pytest.mark.parametrize(
    "written",
    ["12 apples", "", "-1", -1, 0, "0G", "0.3M", "1e3", "512K", "nan", True, "9" * 400, "512\n1"],
)
def test_what_is_no_size_is_refused_by_name(written: int | str) -> None:
    with pytest.raises(SpecError, match="memory"):
        parse_mib(written, "memory")


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [("50ms", 50), (" 0.2 s ", 200), ("1.5ms", 1.5), ("0", 0), ("0ms", 0), ("1 min", 60_000)],
)
def test_a_time_is_read_with_its_unit(written: str, milliseconds: float) -> None:
    assert parse_ms(written, "delay", at_most_ms=60_000) == milliseconds


@pytest.mark.parametrize("written", ["", "50", "fast", "-1ms", "1m", "nan", "61s", "1e3ms", True])
def test_what_is_no_time_is_refused_by_name(written: str) -> None:
    with pytest.raises(SpecError, match="delay"):
        parse_ms(written, "delay", at_most_ms=60_000)
