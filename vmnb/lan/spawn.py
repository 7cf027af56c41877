"""The switch as others see it: asked to look at its network's file, and started."""

import json
import os
import socket
from pathlib import Path

from vmnb.core.detached import start_detached
from vmnb.core.errors import BackendError
from vmnb.lan.files import Rendezvous

__all__ = ["ask_switch", "count_bytes", "spawn_switch"]

_ANSWER_S = 5.0


def ask_switch(rendezvous: Rendezvous) -> bool:
    """Let the switch look at its network's file; return when it goes by it, or False without one.

    Raises
    ------
    BackendError
        It does not answer.
    """
    return bool(_ask(rendezvous))


def count_bytes(rendezvous: Rendezvous) -> dict[str, tuple[int, int]]:
    """Ask the switch what each VM has received and sent since it runs here, by the VM's id.

    Raises
    ------
    BackendError
        It does not answer.
    """
    said = _ask(rendezvous)
    counts = json.loads(said) if said else {}
    return {vm_id: (received, sent) for vm_id, (received, sent) in counts.items()}


def _ask(rendezvous: Rendezvous) -> bytes:
    """Return what the switch answers; nothing where there is none."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_ANSWER_S)
        try:
            connection.connect(os.fspath(rendezvous.control))
            with connection.makefile("rb") as answer:
                return answer.readline()
        except TimeoutError as error:
            raise BackendError(
                f"the switch of a private network does not answer on {rendezvous.control}",
                hint="if its process was stopped, let it go on (kill -CONT) or end it (kill -KILL)",
            ) from error
        except OSError:
            return b""


def spawn_switch(network: str, register: Path, rendezvous: Rendezvous) -> None:
    """Start the switch of a network, in a session of its own, and return when it stands.

    Raises
    ------
    BackendError
        It could not be started; nothing is left.
    """
    words = (network, os.fspath(register), os.fspath(rendezvous.directory))
    start_detached("vmnb.lan.daemon", *words, what=f"the switch of the network {network!r}")
