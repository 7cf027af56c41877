"""The guest's address, out of what its agent says, which may be anything."""

from typing import Any

import pytest

from vmnb.backends.qemu.address import pick_address

MAC = "52:54:00:01:23:45"


def interface(*addresses: str, mac: str = MAC) -> dict[str, Any]:
    return {"hardware-address": mac, "ip-addresses": [{"ip-address": a} for a in addresses]}


@pytest.mark.parametrize(
    ("said", "picked"),
    [
        ([interface("fec0::1", "10.0.2.15")], "10.0.2.15"),
        ([interface("127.0.0.1", mac="00:00:00:00:00:00"), interface("10.0.2.15")], "10.0.2.15"),
        ([interface("fe80::1", "2001:db8::1")], "2001:db8::1"),
        ([interface("10.0.2.15", mac="52:54:00:00:00:01")], None),
        ([interface("169.254.1.1")], None),
        ([interface("0.0.0.0", "nonsense")], None),
        ([{"hardware-address": MAC}, {"hardware-address": MAC, "ip-addresses": [None, 1]}], None),
        ([], None),
        ({"not": "a list"}, None),
        ("text", None),
    ],
)
def test_the_cards_best_address_is_picked_and_nonsense_is_passed_over(
    said: object, picked: str | None
) -> None:
    found = pick_address(said, MAC)
    assert (None if found is None else str(found)) == picked
