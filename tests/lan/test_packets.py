"""What the network itself reads and writes: ARP, UDP, DHCP and DNS, also where it is nonsense."""

import os
import random
import struct
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from dnslib import QTYPE, RCODE, DNSRecord

from vmnb.lan.dhcp import answer_dhcp
from vmnb.lan.frames import BROADCAST, Datagram, answer_arp, mac_bytes
from vmnb.lan.names import answer_dns
from vmnb.lan.zone import OWN_MAC, Member, Zone, card_mac

ZONE = Zone.of("lab")
A = Member(
    id="0123456789abcdef" * 2,
    host="a",
    address=ZONE.subnet[2],
    port=Path("/a"),
    pidfile=Path("/a.pid"),
)
B = replace(A, id="fedcba9876543210" * 2, host="b", address=ZONE.subnet[3])
EVERYWHERE = IPv4Address("255.255.255.255")
QUERY = Datagram(
    from_mac=mac_bytes(A.mac),
    to_mac=BROADCAST,
    from_ip=IPv4Address(0),
    to_ip=EVERYWHERE,
    from_port=68,
    to_port=67,
    payload=b"",
)
DISCOVER, OFFER, REQUEST, ACK, NAK, INFORM = 1, 2, 3, 5, 6, 8


def asking(kind: int, options: bytes = b"", mac: str = A.mac, address: str = "0.0.0.0") -> Datagram:
    """Return what a client asks, as RFC 2131 has it."""
    header = struct.pack("!BBBB4sHHIIII", 1, 1, 6, 0, b"xid!", 0, 0, 0, 0, 0, 0)
    header = header[:12] + IPv4Address(address).packed + header[16:]
    hardware = mac_bytes(mac).ljust(16, b"\0") + bytes(192)
    payload = header + hardware + b"\x63\x82\x53\x63" + bytes([53, 1, kind]) + options + b"\xff"
    return replace(QUERY, payload=payload)


def options_of(payload: bytes) -> dict[int, bytes]:
    found, place = {}, 240
    while payload[place] != 255:
        size = payload[place + 1]
        found[payload[place]] = payload[place + 2 : place + 2 + size]
        place += 2 + size
    return found


def ask_name(name: str, kind: str = "A") -> DNSRecord:
    answer = answer_dns(DNSRecord.question(name, kind).pack(), (A, B), ZONE)
    assert answer is not None
    return DNSRecord.parse(answer)


def test_a_datagram_is_read_as_it_was_written() -> None:
    for payload in (b"", b"odd", b"even", bytes(range(256)) * 5):
        sent = replace(QUERY, payload=payload)
        assert Datagram.read(sent.write()) == sent
        assert Datagram.read(sent.write() + b"padding") == sent


def test_the_checksums_are_those_of_rfc_1071() -> None:
    frame = replace(QUERY, from_ip=ZONE.own, payload=b"abc").write()
    header, udp = frame[14:34], frame[34:]

    def total(data: bytes) -> int:
        words: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
        return (words & 0xFFFF) + (words >> 16)

    pseudo = header[12:20] + struct.pack("!HH", 17, len(udp))
    assert total(header) == 0xFFFF
    assert total(pseudo + udp + b"\0") == 0xFFFF


def test_what_is_no_whole_datagram_is_passed_over() -> None:
    frame = replace(QUERY, payload=b"abc").write()
    assert all(Datagram.read(frame[:size]) is None for size in range(42))
    fragment = frame[:20] + b"\x20\x00" + frame[22:]
    tcp = frame[:23] + b"\x06" + frame[24:]
    assert Datagram.read(fragment) is None
    assert Datagram.read(tcp) is None


def test_whoever_asks_for_the_networks_own_address_is_told_its_mac() -> None:
    mac, asker = mac_bytes(OWN_MAC), mac_bytes(A.mac)
    question = (
        struct.pack("!6s6sHHHBBH", BROADCAST, asker, 0x0806, 1, 0x0800, 6, 4, 1)
        + (asker + A.address.packed)
        + (bytes(6) + ZONE.own.packed)
    )
    answer = answer_arp(question, mac, ZONE.own)
    assert answer is not None
    assert answer[:14] == asker + mac + b"\x08\x06"
    assert answer[20:] == b"\0\2" + mac + ZONE.own.packed + asker + A.address.packed
    assert answer_arp(question, mac, A.address) is None
    assert all(answer_arp(question[:size], mac, ZONE.own) is None for size in range(len(question)))


def test_a_member_is_offered_its_address_and_names_and_no_way_out() -> None:
    answer = answer_dhcp(asking(DISCOVER), A, ZONE)
    assert answer is not None
    assert (answer.to_mac, answer.to_ip, answer.to_port) == (mac_bytes(A.mac), EVERYWHERE, 68)
    assert answer.payload[4:8] == b"xid!"
    assert answer.payload[16:20] == A.address.packed
    options = options_of(answer.payload)
    assert options.pop(51) == struct.pack("!I", 86400)
    assert options == {
        53: bytes([OFFER]),
        54: ZONE.own.packed,
        1: b"\xff\xff\xff\0",
        6: ZONE.own.packed,
        15: b"lab",
    }


@pytest.mark.parametrize(
    ("wanted", "kind"), [(A.address, ACK), (B.address, NAK), (IPv4Address("10.0.2.15"), NAK)]
)
def test_only_the_members_own_address_is_granted(wanted: IPv4Address, kind: int) -> None:
    answer = answer_dhcp(asking(REQUEST, bytes([50, 4]) + wanted.packed), A, ZONE)
    assert answer is not None
    assert options_of(answer.payload)[53] == bytes([kind])
    assert answer.payload[16:20] == (A.address.packed if kind == ACK else bytes(4))


def test_a_lease_is_renewed_to_the_address_that_has_it() -> None:
    answer = answer_dhcp(asking(REQUEST, address=str(A.address)), A, ZONE)
    assert answer is not None
    assert (answer.to_ip, options_of(answer.payload)[53]) == (A.address, bytes([ACK]))


def test_who_has_an_address_is_told_the_rest() -> None:
    answer = answer_dhcp(asking(INFORM, address="10.1.2.3"), A, ZONE)
    assert answer is not None
    assert answer.payload[16:20] == bytes(4)
    assert 51 not in options_of(answer.payload)


@pytest.mark.parametrize(
    "question",
    [
        asking(DISCOVER, mac="02:00:00:00:00:01"),
        asking(REQUEST, bytes([54, 4, 1, 2, 3, 4])),
        asking(7),
        replace(QUERY, payload=b"short"),
    ],
    ids=["a stranger's", "another server's", "a release", "nonsense"],
)
def test_what_is_not_for_the_network_is_not_answered(question: Datagram) -> None:
    assert answer_dhcp(question, A, ZONE) is None


@pytest.mark.parametrize("name", ["b", "b.lab", "B.LAB."])
def test_members_are_found_by_name(name: str) -> None:
    answer = ask_name(name)
    assert answer.header.rcode == RCODE.NOERROR
    assert [str(record.rdata) for record in answer.rr] == [str(B.address)]


def test_a_member_is_found_by_address() -> None:
    answer = ask_name(B.address.reverse_pointer, "PTR")
    assert [str(record.rdata) for record in answer.rr] == ["b.lab."]


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("b.lab", "AAAA", RCODE.NOERROR),
        ("lab", "A", RCODE.NOERROR),
        ("c.lab", "A", RCODE.NXDOMAIN),
        ("x.b.lab", "A", RCODE.NXDOMAIN),
        (ZONE.subnet[9].reverse_pointer, "PTR", RCODE.NXDOMAIN),
        ("c", "A", RCODE.REFUSED),
        ("example.org", "A", RCODE.REFUSED),
        ("slab", "A", RCODE.REFUSED),
        ("15.2.0.10.in-addr.arpa", "PTR", RCODE.REFUSED),
    ],
)
def test_only_what_is_of_the_network_is_denied_and_the_rest_is_left_to_others(
    name: str, kind: str, code: int
) -> None:
    answer = ask_name(name, kind)
    assert (answer.header.rcode, answer.rr) == (code, [])
    assert answer.q.qtype == getattr(QTYPE, kind)


def test_no_guest_can_send_what_upsets_it() -> None:
    chance = random.Random(77)
    valid = [
        asking(DISCOVER, bytes([50, 4, 1, 2, 3, 4, 55, 9])).write(),
        replace(QUERY, to_port=53, payload=DNSRecord.question("b.lab").pack()).write(),
    ]
    for _ in range(3000):
        frame = bytearray(chance.choice(valid))
        for _ in range(chance.randrange(8)):
            frame[chance.randrange(14, len(frame))] = chance.randrange(256)
        datagram = Datagram.read(bytes(frame[: chance.randrange(len(frame) + 1)]))
        if datagram is not None:
            answer_dhcp(datagram, A, ZONE)
            answer_dns(datagram.payload, (A, B), ZONE)
            answer_dns(os.urandom(30), (A, B), ZONE)


def test_cards_have_addresses_of_their_own_that_are_unicast_and_local() -> None:
    macs = [mac_bytes(mac) for mac in (A.mac, B.mac, OWN_MAC)]
    assert len(set(macs)) == 3
    assert {mac[0] & 3 for mac in macs} == {2}
    assert card_mac(A.id) == A.mac != "52:54:00:" + A.mac[-8:]


def test_addresses_are_given_from_the_lowest_and_never_twice() -> None:
    members = [A]
    while (free := ZONE.free_address(members)) is not None:
        members.append(replace(A, address=free))
    addresses = [member.address for member in members]
    assert len(set(addresses)) == len(addresses) == 253
    assert ZONE.own not in addresses
    assert addresses[1] == ZONE.subnet[3]


@pytest.mark.parametrize(("network", "domain"), [("lab", "lab"), ("my_net.2", "my-net-2")])
def test_the_domain_is_one_that_every_guest_understands(network: str, domain: str) -> None:
    assert Zone.of(network).domain == domain
