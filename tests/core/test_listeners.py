"""Who is told of changes."""

import pytest

from vmnb.core.listeners import Listeners


def test_what_one_listener_does_wrong_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    listeners: Listeners[[int]] = Listeners()
    heard: list[int] = []
    listeners.add(lambda number: 1 // number)
    listeners.add(heard.append)
    listeners.tell(0)
    assert heard == [0]
    assert "ZeroDivisionError" in caplog.text


def test_who_has_left_hears_nothing_more_and_may_leave_again() -> None:
    listeners: Listeners[[int]] = Listeners()
    heard: list[int] = []
    leave = listeners.add(heard.append)
    leave()
    leave()
    listeners.tell(1)
    assert heard == []
