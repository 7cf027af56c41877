"""How a guest with two network cards is told to use both."""

import json

__all__ = ["two_cards"]


def two_cards(*, nat_mac: str, lan_mac: str, domain: str) -> str:
    """Return cloud-init's network configuration for a card behind NAT and one on a private network.

    Without any, cloud-init brings up the first card alone. Nobody waits for the second at boot, and
    no way out leads through it. Its `domain` is named, since not every guest takes that from DHCP:
    without it, a name alone would not be looked for there.
    """
    cards = {
        "nat0": {"match": {"macaddress": nat_mac}, "set-name": "nat0", "dhcp4": True},
        "lan0": {
            "match": {"macaddress": lan_mac},
            "set-name": "lan0",
            "dhcp4": True,
            "dhcp4-overrides": {"use-routes": False},
            "nameservers": {"search": [domain]},
            "optional": True,
        },
    }
    return json.dumps({"version": 2, "ethernets": cards}) + "\n"
