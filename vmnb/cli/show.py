"""The command ``show``: the facts of one VM, and none of its secrets."""

import argparse
import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from vmnb.cli.commands import add_command, add_json, add_name
from vmnb.cli.json_text import print_json
from vmnb.cli.table import print_table
from vmnb.cli.which import machine_named
from vmnb.core import runtime
from vmnb.core.errors import VmnbError
from vmnb.core.handle import VmHandle
from vmnb.core.machine import Machine
from vmnb.core.state import LIVE, VmState

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands

__all__ = ["add_to"]

_ADDRESS_S = 5.0


def add_to(commands: "Commands") -> None:
    """Add the command ``show``."""
    parser = add_command(commands, "show", _show, "show the facts of a VM")
    add_name(parser)
    add_json(parser)


def _show(arguments: argparse.Namespace) -> int:
    facts = runtime.run(_facts(arguments.name))
    if arguments.json:
        print_json(facts)
    else:
        print_table(("FACT", "VALUE"), list(_lines(facts)))
    return 0


async def _facts(name: str) -> dict[str, Any]:
    from vmnb.notebook.live.way_in import open_forwards

    machine = await machine_named(name)
    state, handle = await machine.state(), machine.handle
    forwards = await open_forwards(machine) if state in LIVE else None
    return {
        "name": handle.name,
        "state": state,
        "id": handle.id,
        "backend": handle.backend,
        "pid": handle.pid if state in LIVE else None,
        "address": await _address(machine, state),
        "forwards": [asdict(forward) for forward in forwards or ()],
        **_made_of(handle),
        "work_dir": handle.work_dir,
        "console_log": handle.console_log,
    }


async def _address(machine: Machine, state: VmState) -> str | None:
    """Return the guest's address, if it is up and says it soon."""
    from vmnb.notebook.live.guest_up import is_guest_up

    with suppress(VmnbError, TimeoutError):
        if is_guest_up(state, await machine.history()):
            async with asyncio.timeout(_ADDRESS_S):
                return str(await machine.guest_ip())
    return None


def _made_of(handle: VmHandle) -> dict[str, Any]:
    """Return what it was made of: of cloud-init and SSH what is no document and no key."""
    spec, network = handle.spec, handle.network
    return {
        "image": spec.image,
        "vcpus": spec.vcpus,
        "memory_mib": spec.memory_mib,
        "disk_mib": spec.disk_mib,
        "uefi": spec.uefi,
        "boot": spec.boot,
        "accelerator": handle.accelerator,
        "accelerator_note": handle.accelerator_note,
        "network": {
            "mode": network.mode,
            "bridge": network.bridge,
            "vnic_name": network.vnic_name,
            "network": network.network,
            "restrict": network.restrict,
        },
        "cloud_init": {
            "hostname": spec.cloud_init.hostname,
            "instance_id": spec.cloud_init.instance_id,
        }
        if spec.cloud_init
        else None,
        "ssh": {"user": spec.ssh.user, "host_port": handle.ssh_host_port} if spec.ssh else None,
    }


def _lines(facts: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, object]]:
    """Yield what is known, a line each; what is in another fact is named with it."""
    for key, value in facts.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping):
            yield from _lines(value, f"{name}.")
        elif isinstance(value, list):
            for number, each in enumerate(value):
                yield from _lines(each, f"{name}.{number}.")
        elif value not in (None, ""):
            yield name, value
