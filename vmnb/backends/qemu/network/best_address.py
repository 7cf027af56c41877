"""Which of a card's addresses is the one to be told."""

from collections.abc import Iterable
from ipaddress import IPv6Address

from vmnb.core.hypervisor import IpAddress

__all__ = ["best_address", "usable"]


def usable(address: IpAddress) -> bool:
    """Return whether others can use `address` as it stands."""
    if isinstance(address, IPv6Address) and (address.scope_id or address.ipv4_mapped):
        # One takes any text at its end, the other may be a loopback address in another guise.
        return False
    return not (
        address.is_link_local
        or address.is_loopback
        or address.is_unspecified
        or address.is_multicast
        or address.is_reserved
    )


def best_address(addresses: Iterable[IpAddress]) -> IpAddress | None:
    """Return the first usable one, IPv4 before IPv6."""
    return min(filter(usable, addresses), key=lambda address: address.version, default=None)
