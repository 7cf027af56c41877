"""Commands that bring VMs from one state to another."""

import argparse
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from vmnb.cli.commands import add_command, completed_by
from vmnb.cli.completing import vm_names
from vmnb.cli.which import machine_named
from vmnb.core import runtime
from vmnb.core.hypervisor import STOP_TIMEOUT_S
from vmnb.core.machine import Machine

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands

__all__ = ["add_to"]


def add_to(commands: "Commands") -> None:
    """Add the commands ``start``, ``stop``, ``suspend`` and ``resume``."""
    start = add_command(commands, "start", _start, "boot VMs; their guests may still be booting")
    stop = add_command(commands, "stop", _stop, "shut VMs down; disks are kept")
    suspend = add_command(commands, "suspend", _suspend, "pause VMs; their memory is kept")
    resume = add_command(commands, "resume", _resume, "let suspended VMs run on")
    for parser in (start, stop, suspend, resume):
        completed_by(parser.add_argument("names", nargs="+", metavar="NAME"), vm_names)
    stop.add_argument(
        "--timeout",
        type=float,
        default=STOP_TIMEOUT_S,
        metavar="S",
        help="seconds that a guest is given to end by itself, then it is ended by force; "
        f"by default {STOP_TIMEOUT_S:g}",
    )


def _start(arguments: argparse.Namespace) -> int:
    return _act(arguments.names, Machine.start)


def _stop(arguments: argparse.Namespace) -> int:
    return _act(arguments.names, lambda machine: machine.stop(arguments.timeout))


def _suspend(arguments: argparse.Namespace) -> int:
    return _act(arguments.names, Machine.suspend)


def _resume(arguments: argparse.Namespace) -> int:
    return _act(arguments.names, Machine.resume)


def _act(names: list[str], act: Callable[[Machine], Awaitable[None]]) -> int:
    runtime.run(_in_turn(names, act))
    return 0


async def _in_turn(names: list[str], act: Callable[[Machine], Awaitable[None]]) -> None:
    """Find all, that a wrong name may change nothing, then act on one after the other."""
    for machine in [await machine_named(name) for name in names]:
        await act(machine)
