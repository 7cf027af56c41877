"""The command as a person runs it, in a directory and with homes of the test's own."""

import os
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from vmnb.cli import main
from vmnb.core import runtime

COMMAND = (sys.executable, "-W", "error", "-m", "vmnb.cli")
"""The command in a process of its own."""


class Done(NamedTuple):
    """What a command left."""

    code: object
    out: str
    err: str


Vmnb = Callable[..., Done]


@pytest.fixture(autouse=True)
def own_homes(homes: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    runtime.shutdown()
    (homes / "work").mkdir()
    monkeypatch.chdir(homes / "work")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    yield
    runtime.shutdown()


@pytest.fixture
def vmnb(capsys: pytest.CaptureFixture[str]) -> Vmnb:
    """Run a command to its end, on a fresh loop, with nobody at a terminal."""

    def run(*words: str) -> Done:
        runtime.shutdown()
        try:
            code: object = main(words)
        except SystemExit as error:
            code = error.code
        return Done(code, *capsys.readouterr())

    return run


def on_terminal(*words: str) -> str:
    """Return what a command shows on a terminal of 40 columns, whose lines end as there."""
    terminal, other = os.openpty()
    termios.tcsetwinsize(other, (30, 40))
    environment = {**os.environ, "TERM": "xterm"}
    try:
        with subprocess.Popen(
            [*COMMAND, *words], stdin=other, stdout=other, stderr=other, env=environment
        ):
            os.close(other)
            said = b"".join(iter(lambda: _read(terminal), b""))
    finally:
        os.close(terminal)
    return said.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # nobody holds the other end any more
        return b""
