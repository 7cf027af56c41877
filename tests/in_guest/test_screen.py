"""The screen and the keyboard of a real guest: seen, typed on, and read."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from vmnb import VM
from vmnb.core.errors import DeadlineError, SpecError, StateError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SOON_S = 120.0
"""What reading a screen may take where everybody works at once."""


@pytest.fixture(scope="module")
def seen(tiny: VM) -> VM:
    """The tiny guest with a shell on its screen."""
    return tiny.wait_for_screen_text("Welcome to the tiny guest", SOON_S)


@pytest.fixture
def mortal(seen: VM) -> Iterator[VM]:
    with VM("mortal screen", memory=128) as vm:
        yield vm.start().wait_ready()


def test_what_is_typed_is_run_and_seen(seen: VM) -> None:
    before = seen.screenshot()
    assert (before.width, before.height) == (1024, 768)
    assert seen.type("clear; uname -s\n") is seen
    seen.wait_for_screen_text("(?m)^Linux$", SOON_S)
    assert seen.screenshot() != before
    assert repr(before) == "<screen of 'tiny guest': 1024 x 768>"


def test_of_a_long_text_no_key_is_lost(seen: VM) -> None:
    text = "The quick brown Fox: 0123456789 {[(<'\"~`!?>)]} jumps & runs; " * 4
    seen.type(f"cat >/tmp/typed\n{text}\n").send_keys("ctrl-d")
    seen.wait_until_succeeds("grep -q . /tmp/typed")
    assert seen.run("cat /tmp/typed").stdout == f"{text}\n"
    seen.run("rm /tmp/typed", check=True)


def test_keys_that_are_no_text(seen: VM) -> None:
    sleeps = "grep -qx sleep /proc/[0-9]*/comm"
    seen.type("sleep 4242\n").wait_until_succeeds(sleeps)
    seen.send_keys("ctrl-c").wait_until_succeeds(f"! {sleeps}")
    seen.run("(exec sleep 300) </dev/tty2 >/dev/null 2>&1 &", check=True)  # a terminal in use
    seen.send_keys("alt-f2", "a", "backspace")
    seen.wait_until_succeeds("grep -qx tty2 /sys/class/tty/tty0/active")
    seen.send_keys("alt-f1").wait_until_succeeds("grep -qx tty1 /sys/class/tty/tty0/active")
    seen.run("killall sleep", check=True)


def test_what_cannot_be_pressed_presses_nothing(seen: VM) -> None:
    with pytest.raises(SpecError, match="there is no key 'entr'"):
        seen.send_keys("x", "entr")
    with pytest.raises(SpecError, match="nothing was typed"):
        seen.type("touch /tmp/größe\n")
    seen.type("touch /tmp/after\n").wait_for_file("/tmp/after")
    assert seen.run("ls /tmp").stdout == "after\n"
    seen.run("rm /tmp/after", check=True)


def test_a_text_that_never_comes_shows_what_was_there(seen: VM) -> None:
    seen.type("clear; echo nothing of that kind\n")
    seen.wait_for_screen_text("(?m)^nothing of that kind$", SOON_S)
    with pytest.raises(DeadlineError, match="its screen to show 'something else'") as caught:
        seen.wait_for_screen_text("something else", 10)
    assert "; last seen: \n  " in caught.value.message
    assert "\n  nothing of that kind\n" in caught.value.message


def test_the_awaitable_twins(seen: VM) -> None:
    async def scenario() -> None:
        await seen.aio.type("clear\n")
        await seen.aio.send_keys("b", "backspace")
        await seen.aio.type("echo both of them\n")
        await seen.aio.wait_for_screen_text("(?m)^both of them$", SOON_S)
        assert (await seen.aio.screenshot()).width == 1024

    asyncio.run(scenario())


def test_a_wait_ends_with_the_vm(mortal: VM) -> None:
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(mortal.wait_for_screen_text, "never", 3600)
        mortal.wait_for_screen_text("Welcome", SOON_S)
        mortal.stop(0)
        with pytest.raises(StateError, match=r"stopped.*the wait for its screen to show 'never'"):
            waiting.result(60)
    with pytest.raises(StateError, match="it is stopped"):
        mortal.wait_for_screen_text("x")
    with pytest.raises(StateError, match="is dark"):
        mortal.screenshot()
