"""What each VM on a network has moved, as its switch counts it."""

from collections.abc import Callable

import pytest

from tests.lan.conftest import NETWORK, Card
from vmnb.core.errors import BackendError
from vmnb.lan import moved_bytes

Cards = Callable[[str], Card]


def test_frames_are_counted_for_who_sent_and_for_who_was_given_them(card: Cards) -> None:
    a = card("a")
    b = card("b")
    assert moved_bytes(NETWORK, a.id) == (0, 0)
    frame = a.send(b.member.mac, b"for b")
    assert b.hear() == frame
    answer = b.send(a.member.mac, b"a longer answer")
    assert a.hear() == answer
    assert moved_bytes(NETWORK, a.id) == (len(answer), len(frame))
    assert moved_bytes(NETWORK, b.id) == (len(frame), len(answer))


def test_a_vm_that_does_not_run_there_is_not_counted(card: Cards) -> None:
    a = card("a")
    with pytest.raises(BackendError, match="does not know"):
        moved_bytes(NETWORK, "f" * 32)
    with pytest.raises(BackendError, match="does not know"):
        moved_bytes("nowhere", a.id)
