"""Joining and leaving a network, changing its rules, and seeing to it that its switch is there.

All of this blocks, for a moment; a coroutine calls it in a thread.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from vmnb.core.errors import BackendError
from vmnb.core.process import find_process
from vmnb.lan.files import Rendezvous, default_directory, register_path
from vmnb.lan.register import Register, locked, read_register, write_register
from vmnb.lan.spawn import ask_switch, count_bytes, spawn_switch
from vmnb.lan.zone import Member, Zone

__all__ = ["change", "join", "leave", "look", "moved_bytes"]


def join(network: str, vm_id: str, host: str, *, port: Path, pidfile: Path) -> Path:
    """Make a VM about to start a member, and return the socket that takes its card's frames.

    Afterwards the switch runs. A VM that was a member keeps its address and its name; one that is
    new is called `host`, or has a number behind that where another is called so.

    Raises
    ------
    BackendError
        The switch cannot be started, or all addresses are taken.
    StoreError
        The network's file cannot be read or written.
    """
    path = register_path(network)
    with locked(path):
        register = _placed(network, read_register(path))
        register = register.with_member(vm_id, host, port, pidfile, Zone.of(network))
        write_register(path, register)
        return _switched(network, register).frames


def look(network: str) -> Register:
    """Return the network's description; where a member runs, the switch does too, and knows it.

    Raises
    ------
    BackendError
        The switch cannot be started or does not answer.
    StoreError
        The network's file cannot be read.
    """
    return change(network, lambda register: register)


def change(network: str, make: Callable[[Register], Register]) -> Register:
    """Change a network's description, let the switch go by it at once, and return it.

    Raises
    ------
    BackendError, StoreError
        As for :func:`look`.
    """
    path = register_path(network)
    with locked(path):
        before = read_register(path)
        register = make(before)
        if register != before:
            write_register(path, register)
        if register.directory is not None:
            if any(map(_runs, register.members)):
                _switched(network, register)
            else:
                ask_switch(Rendezvous(register.directory))
        return register


def moved_bytes(network: str, vm_id: str) -> tuple[int, int]:
    """Return what a VM that runs has received and sent, in bytes of whole frames.

    It is counted by the switch, and from 0 again by another that takes its place.

    Raises
    ------
    BackendError
        The switch does not answer, or does not know the VM.
    StoreError
        The network's file cannot be read.
    """
    directory = read_register(register_path(network)).directory
    counts = count_bytes(Rendezvous(directory)) if directory is not None else {}
    if vm_id not in counts:
        raise BackendError(f"the switch of the network {network!r} does not know this VM")
    return counts[vm_id]


def leave(network: str, vm_id: str) -> None:
    """Forget a VM that is destroyed; with the last one, the network and its switch are gone.

    Raises
    ------
    StoreError
        The network's file cannot be read or written.
    """
    path = register_path(network)
    if not path.exists():
        return
    with locked(path):
        before = read_register(path)
        left = before.without_member(vm_id)
        write_register(path, left if left.members or not before.members else Register())
        if before.directory is not None:
            with suppress(BackendError):  # one that does not answer ends of itself
                ask_switch(Rendezvous(before.directory))


def _placed(network: str, register: Register) -> Register:
    """Return it with a directory for sockets: the old one as long as somebody uses that."""
    if register.directory is not None and any(map(_runs, register.members)):
        return register
    return replace(register, directory=default_directory(network))


def _switched(network: str, register: Register) -> Rendezvous:
    assert register.directory is not None  # noqa: S101 - it was given one before
    rendezvous = Rendezvous(register.directory)
    if not ask_switch(rendezvous):
        spawn_switch(network, register_path(network), rendezvous)
    return rendezvous


def _runs(member: Member) -> bool:
    with suppress(BackendError):  # it cannot be reached from here
        found = find_process(member.pidfile, None)
        if found is not None:
            found.close()
            return True
    return False
