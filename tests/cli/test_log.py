"""A log is shown whole, and does nothing to the terminal, however its pieces fall."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmnb import VM
from vmnb.guest import LiveText

from .conftest import COMMAND, Vmnb

SAID = "Grüße\r\n\x1b[31mred\x1b[0m \x1b[2J\x1b]0;title\a\r50 %\r\n# ".encode()
SHOWN = "Grüße\n\x1b[31mred\x1b[0m \\x1b[2J\\x1b]0;title\\x07\\r50 %\n# "


@pytest.fixture
def log(homes: Path) -> Iterator[Path]:
    """The log of a VM named ``web``, which never ran."""
    disk = homes / "disk.img"
    disk.write_bytes(bytes(1 << 20))
    with VM("web", image=disk, backend="qemu") as vm:
        assert vm.handle.console_log is not None
        yield vm.handle.console_log


def without_resets(text: str) -> str:
    """Return `text` without the resets of colour, which end each piece."""
    return text.replace("\x1b[0m", "")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_what_was_said_is_shown_in_pieces_as_in_one(size: int) -> None:
    stream = LiveText()
    pieces = [SAID[at : at + size] for at in range(0, len(SAID), size)]
    shown = "".join(stream.feed(piece) for piece in pieces) + stream.feed(b"", last=True)
    assert without_resets(shown) == without_resets(SHOWN)


@pytest.mark.parametrize("end", [b"\x1b[31", b"\x1b", b"\r", b"\xc3"])
def test_an_end_that_is_unfinished_is_shown_at_the_end(end: bytes) -> None:
    stream = LiveText()
    assert stream.feed(b"a" + end) == "a"
    assert stream.feed(b"", last=True) != ""


def test_a_vm_that_never_ran_has_said_nothing(log: Path, vmnb: Vmnb) -> None:
    assert not log.exists()
    assert vmnb("log", "web") == (0, "", "")


def test_it_is_harmless_unless_it_shall_be_raw(log: Path, vmnb: Vmnb) -> None:
    log.write_bytes(SAID)
    assert without_resets(vmnb("log", "web").out) == without_resets(SHOWN)
    assert vmnb("log", "web", "--raw").out == SAID.decode()


def test_it_goes_on_with_what_is_said_next_until_it_is_interrupted(log: Path) -> None:
    log.write_bytes(b"one\r\n")
    with subprocess.Popen(
        [*COMMAND, "log", "-f", "web"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"one\n"
        with log.open("ab") as file:
            file.write(b"# \x1b[2J\n")
        assert child.stdout.readline() == b"# \\x1b[2J\n"
        child.send_signal(signal.SIGINT)
        _, said = child.communicate()
        assert (child.returncode, said) == (130, b"vmnb: interrupted\n")
