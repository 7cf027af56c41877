"""The switch as a process of its own, with members on real sockets and no guests."""

import os
import select
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest
from dnslib import DNSRecord

from tests.lan.conftest import HEARD_S, NETWORK, Card
from tests.lan.test_packets import asking, options_of
from vmnb.core.errors import BackendError, StoreError
from vmnb.lan import Register, change, leave, look
from vmnb.lan.files import Rendezvous, register_path
from vmnb.lan.frames import BROADCAST, Datagram, mac_bytes
from vmnb.lan.register import read_register
from vmnb.lan.zone import OWN_MAC, Zone

Cards = Callable[[str], Card]
ZONE = Zone.of(NETWORK)


@contextmanager
def ending(process: int) -> Iterator[None]:
    """Wait at the end until `process` has ended."""
    pidfd = os.pidfd_open(process)
    try:
        yield
        assert select.select([pidfd], [], [], HEARD_S)[0], "it goes on"
    finally:
        os.close(pidfd)


def only(block: set[str]) -> Callable[[Register], Register]:
    return lambda register: replace(register, blocked=frozenset({frozenset(block)}))


def test_a_frame_goes_to_the_card_it_is_for_and_to_all_where_that_is_not_known(card: Cards) -> None:
    a, b, c = card("a"), card("b"), card("c")
    for_b = a.send(b.member.mac, b"for b")
    for_all = a.send(BROADCAST, b"for all")
    for_a_stranger = a.send("02:00:00:00:00:99", b"for a stranger")
    assert [b.hear() for _ in range(3)] == [for_b, for_all, for_a_stranger]
    assert [c.hear() for _ in range(2)] == [for_all, for_a_stranger]
    back = b.send(a.member.mac, b"back")
    assert a.hear() == back  # and nothing of its own came before


@pytest.mark.parametrize("blocked", [(), ("a",), ("b",), ("a", "b")])
def test_what_is_blocked_does_not_pass_and_passes_again_afterwards(
    card: Cards, blocked: tuple[str, ...]
) -> None:
    cards = {name: card(name) for name in ("a", "b", "c")}
    change(NETWORK, only({cards[name].id for name in blocked}))
    cards["a"].send(BROADCAST, b"lost")
    cards["b"].send(cards["a"].member.mac, b"lost")
    told = cards["c"].send(BROADCAST, b"from c")
    between = {
        (): set(),
        ("a",): {"b"},
        ("b",): {"a"},
        ("a", "b"): {"a", "b"},
    }[blocked]
    for name in between:
        assert cards[name].hear() == told
    change(NETWORK, lambda register: replace(register, blocked=frozenset()))
    seen = cards["a"].send(cards["b"].member.mac, b"seen")
    assert cards["b"].hear() == seen
    back = cards["b"].send(cards["a"].member.mac, b"back")
    assert cards["a"].hear() == back


def test_a_delay_holds_frames_back_and_keeps_their_order(card: Cards) -> None:
    a, b = card("a"), card("b")
    change(NETWORK, lambda register: replace(register, delay_ms=300))
    began = monotonic()
    sent = [a.send(b.member.mac, bytes([number])) for number in range(20)]
    assert b.hear() == sent[0]
    assert monotonic() - began >= 0.3
    assert [b.hear() for _ in sent[1:]] == sent[1:]


def test_the_network_gives_addresses_and_names_even_where_it_is_blocked(card: Cards) -> None:
    a, b = card("a"), card("b")
    change(NETWORK, only(set()))
    a.send_frame(replace(asking(1, mac=a.member.mac), from_mac=mac_bytes(a.member.mac)).write())
    offer = Datagram.read(a.hear())
    assert offer is not None
    assert offer.payload[16:20] == a.member.address.packed
    assert options_of(offer.payload)[53] == b"\2"
    question = Datagram(
        from_mac=mac_bytes(a.member.mac),
        to_mac=mac_bytes(OWN_MAC),
        from_ip=a.member.address,
        to_ip=ZONE.own,
        from_port=1234,
        to_port=53,
        payload=DNSRecord.question("b.lab").pack(),
    )
    a.send_frame(question.write())
    answer = Datagram.read(a.hear())
    assert answer is not None
    assert (answer.from_ip, answer.from_port, answer.to_port) == (ZONE.own, 53, 1234)
    assert str(DNSRecord.parse(answer.payload).rr[0].rdata) == str(b.member.address)


def test_what_no_member_sends_and_what_is_no_frame_go_nowhere(card: Cards) -> None:
    a, b = card("a"), card("b")
    for frame in (b"", b"short", bytes(13)):
        a.send_frame(frame)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unknown:
        unknown.sendto(BROADCAST + bytes(20), str(a.frames))
    told = a.send(b.member.mac, b"heard")
    assert b.hear() == told


def test_a_card_that_does_not_hear_loses_frames_and_holds_up_nobody(card: Cards) -> None:
    a, deaf, c = card("a"), card("deaf"), card("c")
    for number in range(1500):
        a.send(deaf.member.mac, number.to_bytes(2, "big"))
    told = a.send(c.member.mac, b"told")
    assert c.hear() == told
    first = deaf.hear()
    assert first[14:] == b"\0\0"


def test_a_killed_switch_is_replaced_when_anybody_looks_and_members_need_do_nothing(
    card: Cards, switch_process: Callable[[], int]
) -> None:
    a, b = card("a"), card("b")
    with ending(switch_process()):
        os.kill(switch_process(), signal.SIGKILL)
    look(NETWORK)
    told = a.send(b.member.mac, b"told")  # although b has sent nothing since
    assert b.hear() == told


def test_a_switch_ends_with_its_last_member_and_leaves_nothing(
    card: Cards, switch_process: Callable[[], int]
) -> None:
    a, b = card("a"), card("b")
    directory = read_register(register_path(NETWORK)).directory
    assert directory is not None
    with ending(switch_process()):
        for each in (a, b):
            each.stop()
            leave(NETWORK, each.id)
    assert not directory.exists()
    assert not register_path(NETWORK).exists()


def test_a_switch_ends_when_no_member_runs_and_another_begins_with_the_next(
    card: Cards, switch_process: Callable[[], int]
) -> None:
    a, b = card("a"), card("b")
    addresses = a.member.address, b.member.address
    with ending(switch_process()):
        a.stop()
        b.stop()
    a.start("a")
    b.start("b")
    assert (a.member.address, b.member.address) == addresses
    told = a.send(b.member.mac, b"told")
    assert b.hear() == told


def test_a_member_that_starts_again_at_once_is_found_again(card: Cards) -> None:
    a, b = card("a"), card("b")
    b.stop()
    b.start("b")
    told = a.send(b.member.mac, b"told")
    assert b.hear() == told


def test_only_this_user_reaches_it(card: Cards) -> None:
    card("a")
    directory = read_register(register_path(NETWORK)).directory
    assert directory is not None
    place = Rendezvous(directory)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    modes = {
        stat.S_IMODE(path.stat().st_mode) for path in (place.frames, place.control, place.lock)
    }
    assert modes == {0o600}
    assert stat.S_IMODE(register_path(NETWORK).stat().st_mode) == 0o600


def test_names_that_are_taken_get_a_number_and_keep_it(card: Cards) -> None:
    first, second, third = card("a"), card("a"), card("a")
    assert [each.member.host for each in (first, second, third)] == ["a", "a-2", "a-3"]
    leave(NETWORK, first.id)
    second.stop()
    second.start("a")
    assert second.member.host == "a-2"


def test_many_who_join_at_once_share_one_switch_and_no_address(homes: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from vmnb.lan import join; "
        "join('lab', sys.argv[1], 'x', port=Path('/p'), pidfile=Path('/q'))"
    )
    ids = [f"{number:032x}" for number in range(6)]
    joining = [subprocess.Popen([sys.executable, "-c", code, vm_id]) for vm_id in ids]
    assert [process.wait() for process in joining] == [0] * len(ids)
    members = read_register(register_path(NETWORK)).members
    assert {member.id for member in members} == set(ids)
    assert len({member.address for member in members} | {m.host for m in members}) == 2 * len(ids)
    for vm_id in ids:
        leave(NETWORK, vm_id)


def test_a_switch_that_cannot_be_had_is_a_clear_error(
    homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    card = Card("0" * 32, homes)
    with pytest.raises(BackendError, match="switch of the network 'lab' did not start"):
        card.start("a")
    leave(NETWORK, card.id)
    assert not register_path(NETWORK).exists()


def test_a_file_that_makes_no_sense_is_a_clear_error(homes: Path) -> None:
    path = register_path(NETWORK)
    path.parent.mkdir(parents=True)
    path.write_text('{"members": [{}]}')
    with pytest.raises(StoreError, match="cannot be read"):
        look(NETWORK)
    path.unlink()
