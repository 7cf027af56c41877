"""Members of a network without a guest: a process that holds a pidfile, and a card's socket."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from vmnb.lan import join, leave, look
from vmnb.lan.files import Rendezvous, register_path
from vmnb.lan.frames import mac_bytes
from vmnb.lan.register import read_register
from vmnb.lan.zone import Member

HOLDER = """
import fcntl, sys
with open(sys.argv[1], "w") as file:
    fcntl.lockf(file, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""
HEARD_S = 20.0
NETWORK = "lab"


@dataclass(slots=True)
class Card:
    """What a VM is to a network."""

    id: str
    directory: Path
    frames: Path = Path()
    process: "subprocess.Popen[str] | None" = None
    heard: socket.socket | None = None

    @property
    def member(self) -> Member:
        member = read_register(register_path(NETWORK)).member(self.id)
        assert member is not None
        return member

    def start(self, host: str) -> "Card":
        """Join the network, then run, as a VM does."""
        port, pidfile = self.directory / "port", self.directory / "pid"
        self.frames = join(NETWORK, self.id, host, port=port, pidfile=pidfile)
        port.unlink(missing_ok=True)
        self.heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.heard.settimeout(HEARD_S)
        self.heard.bind(str(port))
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, pidfile],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "held\n"
        look(NETWORK)
        return self

    def stop(self) -> None:
        if self.process is not None:
            self.process.communicate()
            self.process = None
        if self.heard is not None:
            self.heard.close()
            self.heard = None
            (self.directory / "port").unlink()

    def send(self, to: str | bytes, payload: bytes) -> bytes:
        """Send a frame that is neither ARP nor IPv4, and return it."""
        target = to if isinstance(to, bytes) else mac_bytes(to)
        frame = target + mac_bytes(self.member.mac) + b"\x88\xb5" + payload
        self.send_frame(frame)
        return frame

    def send_frame(self, frame: bytes) -> None:
        assert self.heard is not None
        self.heard.sendto(frame, str(self.frames))

    def hear(self) -> bytes:
        assert self.heard is not None
        return self.heard.recv(70_000)


@pytest.fixture
def card(homes: Path) -> Iterator[Callable[[str], Card]]:
    """Make cards that run on the network, by the names that they ask for."""
    made: list[Card] = []

    def make(host: str) -> Card:
        vm_id = f"{len(made) + 1:032x}"[::-1]
        directory = homes / f"vm{len(made)}"
        directory.mkdir()
        made.append(Card(vm_id, directory))
        return made[-1].start(host)

    yield make
    for card in made:
        card.stop()
    for card in made:
        leave(NETWORK, card.id)


@pytest.fixture
def switch_process(homes: Path, tmp_path: Path) -> Callable[[], int]:
    """Tell which process is the network's switch now."""

    def tell() -> int:
        directory = read_register(register_path(NETWORK)).directory
        assert directory is not None
        return int(Rendezvous(directory).lock.read_text())

    return tell
