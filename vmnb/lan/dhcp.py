"""Addresses for the members of a network, by DHCP (RFC 2131, RFC 2132).

Each member has one address for good, so that nothing is leased in truth, and none is offered to a
stranger. No router is offered: nothing but the members is on the network.
"""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

from vmnb.lan.frames import BROADCAST, Datagram, mac_bytes
from vmnb.lan.zone import OWN_MAC, Member, Zone

__all__ = ["CLIENT_PORT", "SERVER_PORT", "answer_dhcp"]

SERVER_PORT, CLIENT_PORT = 67, 68

_DISCOVER, _OFFER, _REQUEST, _ACK, _NAK, _INFORM = 1, 2, 3, 5, 6, 8
_MASK, _DNS, _DOMAIN, _REQUESTED, _LEASE, _TYPE, _SERVER = 1, 6, 15, 50, 51, 53, 54
_PAD, _END = 0, 255
_LEASE_S = 24 * 3600
_ASK, _REPLY = 1, 2
_HEADER = struct.Struct("!BBBB4sHH4s4s4s4s6s10x192x4s")
_SHORTEST = 300  # that some clients take
_COOKIE = b"\x63\x82\x53\x63"
_NOWHERE, _EVERYWHERE = IPv4Address(0), IPv4Address("255.255.255.255")


@dataclass(frozen=True, slots=True)
class _Request:
    transaction: bytes
    flags: int
    address: IPv4Address
    mac: bytes
    options: dict[int, bytes]

    @property
    def wanted(self) -> bytes:
        """The address that is asked for, or was used until now."""
        return self.options.get(_REQUESTED, self.address.packed)


def answer_dhcp(datagram: Datagram, member: Member, zone: Zone) -> Datagram | None:
    """Return what `member` is answered; None where nothing is to be said to that."""
    request = _read(datagram.payload)
    if request is None or request.mac != mac_bytes(member.mac):
        return None
    kind = _kind_of_answer(request, member, zone)
    if kind is None:
        return None
    keeps = kind != _NAK and request.address != _NOWHERE
    return Datagram(
        from_mac=mac_bytes(OWN_MAC),
        to_mac=BROADCAST if kind == _NAK else datagram.from_mac,
        from_ip=zone.own,
        to_ip=request.address if keeps else _EVERYWHERE,
        from_port=SERVER_PORT,
        to_port=CLIENT_PORT,
        payload=_written(request, kind, member, zone),
    )


def _kind_of_answer(request: _Request, member: Member, zone: Zone) -> int | None:
    kind = request.options.get(_TYPE)
    if kind == bytes([_DISCOVER]):
        return _OFFER
    if kind == bytes([_INFORM]):
        return _ACK
    if kind != bytes([_REQUEST]) or request.options.get(_SERVER, zone.own.packed) != (
        zone.own.packed
    ):
        return None
    return _ACK if request.wanted == member.address.packed else _NAK


def _read(payload: bytes) -> _Request | None:
    try:
        operation, *_, transaction, _, flags, address, _, _, _, mac, cookie = _HEADER.unpack_from(
            payload
        )
    except struct.error:
        return None
    if operation != _ASK or cookie != _COOKIE:
        return None
    options = _read_options(payload[_HEADER.size :])
    return _Request(transaction, flags, IPv4Address(address), mac, options)


def _read_options(data: bytes) -> dict[int, bytes]:
    """Return the options up to the first that is longer than what there is."""
    options: dict[int, bytes] = {}
    place = 0
    while place + 1 < len(data) and data[place] != _END:
        if data[place] == _PAD:
            place += 1
            continue
        after = place + 2 + data[place + 1]
        if after > len(data):
            break
        options[data[place]] = data[place + 2 : after]
        place = after
    return options


def _written(request: _Request, kind: int, member: Member, zone: Zone) -> bytes:
    options = {_TYPE: bytes([kind]), _SERVER: zone.own.packed}
    given = _NOWHERE
    if kind != _NAK:
        options |= {
            _MASK: zone.subnet.netmask.packed,
            _DNS: zone.own.packed,
            _DOMAIN: zone.domain.encode(),
        }
    if kind != _NAK and request.options[_TYPE] != bytes([_INFORM]):
        options[_LEASE] = struct.pack("!I", _LEASE_S)
        given = member.address
    header = _HEADER.pack(
        _REPLY,
        1,
        6,
        0,
        request.transaction,
        0,
        request.flags,
        _NOWHERE.packed if kind == _NAK else request.address.packed,
        given.packed,
        zone.own.packed,
        _NOWHERE.packed,
        request.mac,
        _COOKIE,
    )
    listed = b"".join(bytes([code, len(value)]) + value for code, value in options.items())
    return (header + listed + bytes([_END])).ljust(_SHORTEST, b"\0")
