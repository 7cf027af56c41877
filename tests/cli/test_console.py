"""The console of a real guest on a real terminal."""

import os
import re
import select
import signal
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from vmnb import VM

from .conftest import COMMAND, Vmnb

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ANSWER_S = 60.0
HOSTILE = r"<\033]52;c;ZXZpbA==\007\033]0;evil\007\033P$qm\033\\\033[21t%s>\n"


class Person:
    """Somebody at a terminal who runs a command."""

    def __init__(self, *words: str) -> None:
        self._terminal, self._other = os.openpty()
        termios.tcsetwinsize(self._other, (30, 100))
        self.before = self.settings()
        self.seen = b""
        self.process = subprocess.Popen(
            [*COMMAND, *words],
            stdin=self._other,
            stdout=self._other,
            stderr=self._other,
            start_new_session=True,
        )

    def settings(self) -> list[object]:
        return list(termios.tcgetattr(self._other))

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def read_until(self, pattern: str) -> None:
        while not re.search(pattern.encode(), self.seen):
            assert select.select([self._terminal], [], [], ANSWER_S)[0], self.seen
            self.seen += os.read(self._terminal, 65536)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._terminal)
        os.close(self._other)


@contextmanager
def person(*words: str) -> Iterator[Person]:
    somebody = Person(*words)
    try:
        yield somebody
    finally:
        somebody.close()


def test_a_person_types_leaves_and_finds_the_terminal_as_it_was(vmnb: Vmnb) -> None:
    with VM("web", memory=128) as vm:
        assert "'web' is prepared" in on_a_terminal("console", "web")
        vm.start().run("true", check=True)
        with person("console", "web") as ada:
            ada.read_until(r"root@web:~#")
            assert b"\x1b[30H\x1b[2K\x1b[7m Ctrl-] leaves this console " in ada.seen
            assert ada.settings() != ada.before
            ada.type("echo $((6*7))\r")
            ada.read_until(r"\n42\r\n")
            ada.type(f"printf '{HOSTILE}' seen\r")
            ada.read_until(r"<seen>")
            assert not re.search(rb"\x1b[]P]|evil\x07", ada.seen)
            with person("console", "web") as eve:
                eve.read_until(r"42(.|\s)*Another process types here: Ctrl-T takes over")
                eve.type("x")
                eve.read_until(r"\a")
                eve.type("\x14")
                eve.read_until(r"Ctrl-\] leaves this console ")
                ada.read_until(r"Ctrl-T takes over")
                eve.type("echo $((6*9))\r")
                for one in (ada, eve):
                    one.read_until(r"\n54\r\n")
                with person("console", "web", "--take-over") as bob:
                    bob.read_until("54")
                    bob.type("\x1d")
                    assert bob.process.wait() == 0
                eve.type("\x1d")
                assert eve.process.wait() == 0
            ada.type("echo left\x03")
            ada.read_until(r"echo left\^C\r\n")
            ada.type("\x1d")
            ada.read_until(r"\[left; the VM goes on\]\r\n")
            assert ada.process.wait() == 0
            assert ada.settings() == ada.before
        assert vm.state == "running"
        with person("console", "web") as bob:
            bob.read_until(r"echo left\^C")
            bob.process.send_signal(signal.SIGTERM)
            assert bob.process.wait() == 128 + signal.SIGTERM
            assert bob.settings() == bob.before
        with person("console", "web") as eve:
            eve.read_until(r"root@web:~#")
            eve.type("poweroff\r")
            eve.read_until(r"\[the VM has stopped\]\r\n")
            assert eve.process.wait() == 0
            assert eve.settings() == eve.before
        assert "poweroff" in vmnb("log", "web").out


def on_a_terminal(*words: str, code: int = 1) -> str:
    """Return what a command that ends by itself with an error says on a terminal."""
    with person(*words) as somebody:
        somebody.read_until(r"vmnb: .*\r\n→ .*\r\n")
        assert somebody.process.wait() == code
        return somebody.seen.decode()
