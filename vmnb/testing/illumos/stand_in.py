"""The stand-in as tests hold it."""

import json
import os
import shlex
import socketserver
import sys
import threading
from pathlib import Path
from typing import Any, Self

from vmnb.testing.propolis import PropolisStandIn

__all__ = ["IllumosStandIn"]

_TOOLS = ("pfexec", "zoneadm", "zonecfg", "zfs", "dladm", "arp")
_PROGRAM = Path(__file__).with_name("tools.py")


class IllumosStandIn:
    """An illumos in `directory`, as its commands see it, inside a ``with``.

    Parameters
    ----------
    snapshots
        The snapshots of volumes, with their sizes in bytes.
    links
        The names of links that are there.

    Attributes
    ----------
    servers
        The servers of zones that are booted, by address and port.
    """

    def __init__(self, directory: Path, *, snapshots: dict[str, int], links: list[str]) -> None:
        self._directory = directory
        self.bin = directory / "bin"
        self.bin.mkdir(parents=True)
        for name in _TOOLS:
            words = [sys.executable, "-I", str(_PROGRAM), str(directory), name]
            path = self.bin / name
            path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
            path.chmod(0o755)
        state = {
            "zones": {},
            "volumes": {},
            "snapshots": snapshots,
            "links": {name: {"class": "phys"} for name in links},
            "neighbours": [],
            "faults": {},
        }
        self._write(state)
        self.servers: dict[str, PropolisStandIn] = {}
        self._socket = _Socket(str(directory / "servers.sock"), _Request)
        self._socket.illumos = self
        self._thread = threading.Thread(target=self._socket.serve_forever, name="illumos")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown()
        self._thread.join()
        self._socket.server_close()
        (self._directory / "servers.sock").unlink()
        for address in tuple(self.servers):
            self.do("end", address)

    def do(self, verb: str, address: str) -> None:
        """Start or end a server, as its zone does at its boot and its halt."""
        if verb == "serve":
            host, _, port = address.rpartition(":")
            self.servers[address] = PropolisStandIn(int(port), host).__enter__()
        else:
            self.servers.pop(address).__exit__()

    @property
    def path(self) -> str:
        """A ``PATH`` on which its commands come first."""
        return f"{self.bin}:{os.environ.get('PATH', os.defpath)}"

    @property
    def commands(self) -> list[list[str]]:
        """Each command so far, but for those that only ask."""
        try:
            lines = (self._directory / "commands.jsonl").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines]

    @property
    def made(self) -> set[str]:
        """The names of all zones, volumes and VNICs."""
        state = self._read()
        vnics = {name for name, link in state["links"].items() if link["class"] == "vnic"}
        return vnics | set(state["zones"]) | set(state["volumes"])

    def zone_state(self, zone: str) -> str:
        """Return a zone's state."""
        return str(self._read()["zones"][zone]["state"])

    def fail(self, command: str, message: str) -> None:
        """Let a command, such as ``zoneadm install``, fail from now on; not, where it is empty."""
        state = self._read()
        state["faults"][command] = message
        self._write(state)

    def add_neighbour(self, line: str) -> None:
        """Add a line to the neighbour table."""
        state = self._read()
        state["neighbours"].append(line)
        self._write(state)

    def _read(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self._directory / "state.json").read_text())
        return state

    def _write(self, state: dict[str, Any]) -> None:
        (self._directory / "state.json").write_text(json.dumps(state))


class _Socket(socketserver.UnixStreamServer):
    illumos: IllumosStandIn


class _Request(socketserver.StreamRequestHandler):
    server: _Socket

    def handle(self) -> None:
        verb, address = self.rfile.readline().decode().split()
        self.server.illumos.do(verb, address)
