"""The command ``ssh``: into a guest with the system's own client, and the VM's own key."""

import argparse
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Never

from vmnb.cli.commands import add_command, add_name
from vmnb.cli.which import machine_named
from vmnb.core import runtime
from vmnb.core.errors import CapabilityError, StateError
from vmnb.core.handle import VmHandle
from vmnb.core.machine import Machine
from vmnb.core.paths import private_dir
from vmnb.core.state import VmState
from vmnb.guest.ssh_place import host_keys_path, key_path, ssh_address

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands

__all__ = ["add_to", "ssh_argv"]


def add_to(commands: "Commands") -> None:
    """Add the command ``ssh``."""
    parser = add_command(commands, "ssh", _ssh, "enter a guest by SSH, or run a command in it")
    add_name(parser)
    parser.add_argument("command", nargs="*", metavar="-- COMMAND", help="instead of a shell")


def ssh_argv(handle: VmHandle, host: str, port: int, command: list[str]) -> list[str]:
    """Return the command line that enters the guest at `host`, without any settings of the user's.

    The guest's own key is kept beside the VM's at the first time, and asked for ever after.

    Raises
    ------
    CapabilityError
        The VM was made without SSH, or its key is not in a file.
    """
    ssh = handle.spec.ssh
    if ssh is None or handle.work_dir is None:
        raise CapabilityError(
            f"{handle.name!r} has no SSH", hint="make it with ssh=True, from an image that has it"
        )
    if isinstance(ssh.private_key, str):
        raise CapabilityError(
            f"the key of {handle.name!r} is in no file", hint="make the VM with the key's path"
        )
    host_keys = host_keys_path(handle.work_dir)
    private_dir(host_keys.parent)
    options = {
        "IdentityFile": _quoted(ssh.private_key or key_path(handle.work_dir)),
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": _quoted(host_keys),
        "GlobalKnownHostsFile": "none",
        "StrictHostKeyChecking": "accept-new",
        # The port may be another at each start; the guest is the same.
        "HostKeyAlias": handle.id,
        "LogLevel": "ERROR",
    }
    settings = [word for option in options.items() for word in ("-o", "=".join(option))]
    return ["ssh", "-F", "none", *settings, "-p", str(port), f"{ssh.user}@{host}", *command]


def _ssh(arguments: argparse.Namespace) -> int:
    if shutil.which("ssh") is None:
        raise CapabilityError(
            "there is no ssh on this machine", hint="apt-get install openssh-client"
        )
    argv = runtime.run(_argv(arguments.name, arguments.command))
    runtime.shutdown()
    _become(argv)


async def _argv(name: str, command: list[str]) -> list[str]:
    machine = await machine_named(name)
    host, port = await _address(machine)
    return ssh_argv(machine.handle, host, port, command)


async def _address(machine: Machine) -> tuple[str, int]:
    state, handle = await machine.state(), machine.handle
    if state is not VmState.RUNNING:
        raise StateError(f"cannot enter {machine.name!r}: it is {state}", hint="start it")
    has_port = handle.ssh_host_port is not None
    if not has_port and (handle.spec.ssh is None or handle.network.has_user_card):
        raise CapabilityError(
            f"no port of this machine leads to the SSH of {machine.name!r}",
            hint="make it with ssh=True, from an image that has an SSH server",
        )
    return await ssh_address(machine)


def _become(argv: list[str]) -> Never:
    os.execvp(argv[0], argv)  # noqa: S606 - no shell; it takes this process's place


def _quoted(path: Path) -> str:
    """Return a path as OpenSSH's options take it, which may have spaces and percent signs."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}"'
