"""Whose address is whose card: the neighbour table of this machine (arp(8))."""

from ipaddress import IPv4Address

from vmnb.backends.propolis.illumos.tool import tool

__all__ = ["address_of"]


async def address_of(mac: str) -> IPv4Address | None:
    """Return the address of the card `mac`; None where this machine has not heard of it."""
    return _find(await tool("arp", "-an"), mac)


def _find(table: str, mac: str) -> IPv4Address | None:
    """Find it in lines of device, address, mask, perhaps flags, and card at the end."""
    wanted = _octets(mac)
    for words in map(str.split, table.splitlines()):
        if len(words) >= 4 and _octets(words[-1]) == wanted:
            return IPv4Address(words[1])
    return None


def _octets(text: str) -> list[int] | None:
    """Return the parts of a card's address, with or without zeros in front of them."""
    try:
        return [int(octet, 16) for octet in text.split(":")]
    except ValueError:
        return None
