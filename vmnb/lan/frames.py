"""Ethernet frames with ARP or UDP in them: what the network itself reads, and writes.

What comes from a guest may have any shape; what is none of these is passed over as None.
"""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

__all__ = ["BROADCAST", "HEADER_BYTES", "Datagram", "answer_arp", "is_for_many", "mac_bytes"]

BROADCAST = b"\xff" * 6
HEADER_BYTES = 14
"""Of an Ethernet frame: to, from, and what follows."""

_IPV4, _ARP = 0x0800, 0x0806
_UDP = 17
_TIME_TO_LIVE = 64
_ETHERNET = struct.Struct("!6s6sH")
_ARP_PACKET = struct.Struct("!HHBBH6s4s6s4s")
_IPV4_HEADER = struct.Struct("!BBHHHBBH4s4s")
_UDP_HEADER = struct.Struct("!HHHH")
_FRAGMENT = 0x3FFF  # more fragments follow, or this is not the first


def mac_bytes(mac: str) -> bytes:
    """Return a MAC address as it is in a frame."""
    return bytes.fromhex(mac.replace(":", ""))


def is_for_many(frame: bytes) -> bool:
    """Return whether a frame is a broadcast or a multicast."""
    return bool(frame[0] & 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Datagram:
    """A UDP datagram over IPv4 over Ethernet."""

    from_mac: bytes
    to_mac: bytes
    from_ip: IPv4Address
    to_ip: IPv4Address
    from_port: int
    to_port: int
    payload: bytes

    @classmethod
    def read(cls, frame: bytes) -> "Datagram | None":
        """Return the datagram in `frame`; None where there is none, or only a fragment."""
        try:
            to_mac, from_mac, kind = _ETHERNET.unpack_from(frame)
            first, _, length, _, fragment, _, protocol, _, source, target = (
                _IPV4_HEADER.unpack_from(frame, HEADER_BYTES)
            )
            if (kind, first >> 4, protocol) != (_IPV4, 4, _UDP) or fragment & _FRAGMENT:
                return None
            packet = frame[HEADER_BYTES + (first & 15) * 4 : HEADER_BYTES + length]
            from_port, to_port, size, _ = _UDP_HEADER.unpack_from(packet)
        except struct.error:
            return None
        return cls(
            from_mac=from_mac,
            to_mac=to_mac,
            from_ip=IPv4Address(source),
            to_ip=IPv4Address(target),
            from_port=from_port,
            to_port=to_port,
            payload=packet[_UDP_HEADER.size : size],
        )

    def answered(self, payload: bytes) -> "Datagram":
        """Return the datagram that goes back to where this one came from."""
        return Datagram(
            from_mac=self.to_mac,
            to_mac=self.from_mac,
            from_ip=self.to_ip,
            to_ip=self.from_ip,
            from_port=self.to_port,
            to_port=self.from_port,
            payload=payload,
        )

    def write(self) -> bytes:
        """Return the frame."""
        size = _UDP_HEADER.size + len(self.payload)
        ends = self.from_ip.packed + self.to_ip.packed
        udp = _UDP_HEADER.pack(self.from_port, self.to_port, size, 0) + self.payload
        # A sum of zero would mean that there is none (RFC 768).
        checksum = _checksum(ends + struct.pack("!HH", _UDP, size) + udp) or 0xFFFF
        udp = udp[:6] + struct.pack("!H", checksum) + udp[8:]
        fields = (0x45, 0, _IPV4_HEADER.size + size, 0, 0, _TIME_TO_LIVE, _UDP)
        checksum = _checksum(_IPV4_HEADER.pack(*fields, 0, ends[:4], ends[4:]))
        header = _IPV4_HEADER.pack(*fields, checksum, ends[:4], ends[4:])
        return _ETHERNET.pack(self.to_mac, self.from_mac, _IPV4) + header + udp


def answer_arp(frame: bytes, mac: bytes, address: IPv4Address) -> bytes | None:
    """Return the answer of `mac` to who asks for `address`; None where nobody does (RFC 826)."""
    try:
        _, _, kind = _ETHERNET.unpack_from(frame)
        *layout, operation, asker_mac, asker_ip, _, asked = _ARP_PACKET.unpack_from(
            frame, HEADER_BYTES
        )
    except struct.error:
        return None
    if kind != _ARP or layout != [1, _IPV4, 6, 4] or operation != 1 or asked != address.packed:
        return None
    packet = _ARP_PACKET.pack(*layout, 2, mac, address.packed, asker_mac, asker_ip)
    return _ETHERNET.pack(asker_mac, mac, _ARP) + packet


def _checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
