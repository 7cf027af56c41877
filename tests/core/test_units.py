"""Sizes as people type them."""

import pytest

from vmnb.core.errors import SpecError
from vmnb.core.units import parse_mib


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
