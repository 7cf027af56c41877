"""Frames of guests on a private network, and of pages on a WebSocket; pictures of screens."""

import json
import struct
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from dnslib import DNSRecord
from hypothesis import example, given
from hypothesis import strategies as st

from vmnb.core.picture import Picture
from vmnb.lan.dhcp import answer_dhcp
from vmnb.lan.frames import BROADCAST, Datagram, answer_arp, mac_bytes
from vmnb.lan.names import answer_dns
from vmnb.lan.zone import Member, Zone
from vmnb.notebook.socket.frame import pack, unpack

from .inputs import JSON, MANY, damaged

ZONE = Zone.of("lab")
MEMBER = Member(
    id="0123456789abcdef" * 2,
    host="a",
    address=ZONE.subnet[2],
    port=Path("/a"),
    pidfile=Path("/a.pid"),
)
MAC = mac_bytes(MEMBER.mac)
DHCP = (
    struct.pack("!BBBB4sHH16s", 1, 1, 6, 0, b"xid!", 0, 0, bytes(16))
    + MAC.ljust(16, b"\0")
    + bytes(192)
    + b"\x63\x82\x53\x63\x35\x01\x03\x32\x04\x0a\x4d\x00\x02\xff"
)
DATAGRAM = Datagram(
    from_mac=MAC,
    to_mac=BROADCAST,
    from_ip=IPv4Address(0),
    to_ip=IPv4Address("255.255.255.255"),
    from_port=68,
    to_port=67,
    payload=DHCP,
)
ARP = (
    BROADCAST
    + MAC
    + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1)
    + MAC
    + bytes(4)
    + bytes(6)
    + ZONE.own.packed
)
QUESTION = DNSRecord.question("a.lab").pack()
LOOP = QUESTION[:12] + b"\xc0\x0c" + QUESTION[-4:]
MANY_QUESTIONS = struct.pack("!6H", 1, 256, 9000, 0, 0, 0) + b"\xc0\x0c\0\1\0\1" * 9000


@given(damaged(DATAGRAM.write(), ARP))
@MANY
def test_a_frame_may_be_anything(frame: bytes) -> None:
    datagram = Datagram.read(frame)
    if datagram is not None:
        assert Datagram.read(datagram.write()) is not None
        answer = answer_dhcp(datagram, MEMBER, ZONE)
        assert answer is None or len(answer.write()) < 1500
    arp = answer_arp(frame, MAC, ZONE.own)
    assert arp is None or len(arp) == 42


@given(damaged(DHCP))
@MANY
def test_only_a_members_own_address_is_ever_given(payload: bytes) -> None:
    answer = answer_dhcp(replace(DATAGRAM, payload=payload), MEMBER, ZONE)
    if answer is not None:
        assert answer.payload[16:20] in (MEMBER.address.packed, bytes(4))


@given(damaged(QUESTION, LOOP, MANY_QUESTIONS))
@example(MANY_QUESTIONS)
@example(LOOP)
@MANY
def test_a_question_for_a_name_may_be_anything(query: bytes) -> None:
    answer = answer_dns(query, [MEMBER], ZONE)
    assert answer is None or len(answer) < 1500


def test_what_asks_more_than_one_thing_is_not_even_read() -> None:
    two = DNSRecord.question("a.lab")
    two.add_question(two.questions[0])
    assert answer_dns(two.pack(), [MEMBER], ZONE) is None


@given(
    damaged(pack({"kind": "input"}, [b"abc", b""]), pack({}, []))
    | st.tuples(JSON("message", "sizes"), st.binary(max_size=9)).map(
        lambda parts: (
            struct.pack(">I", len(json.dumps(parts[0]))) + json.dumps(parts[0]).encode() + parts[1]
        )
    )
)
@example(struct.pack(">I", 100_000) + b"[" * 100_000)
@MANY
def test_a_frame_of_a_page_is_one_or_is_refused(frame: bytes) -> None:
    try:
        message, buffers = unpack(frame)
    except ValueError:
        return
    assert isinstance(message, dict)
    assert sum(map(len, buffers)) <= len(frame)


def test_a_frame_with_a_negative_size_is_refused() -> None:
    head = json.dumps({"message": {}, "sizes": [9, -6]}).encode()
    with pytest.raises(ValueError, match="negative"):
        unpack(struct.pack(">I", len(head)) + head + b"abc")


@given(damaged(b"P6 2 2 255 " + bytes(12), b"P6\n0 0\n255\n", b"P6 " + b"9" * 5000 + b" 1 255 "))
@MANY
def test_a_picture_of_a_screen_is_one_or_is_refused(ppm: bytes) -> None:
    try:
        picture = Picture.from_ppm(ppm, "web")
    except ValueError:
        return
    assert picture.png.startswith(b"\x89PNG")
