"""Asking a guest to switch itself off: the server cannot, but a shell in there can."""

import asyncio
from contextlib import suppress
from functools import partial

from vmnb.backends.propolis.api import PropolisApi
from vmnb.backends.propolis.follow import until_ended
from vmnb.backends.propolis.place import Place
from vmnb.console import Console
from vmnb.core.errors import DeadlineError, LinkLostError, StateError, VmnbError
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import Capability, WebSocketConsole
from vmnb.guest import Command, SshWay, run
from vmnb.guest.serial_shell import SerialShell
from vmnb.guest.ssh_login import SshLogin
from vmnb.guest.ssh_place import PORT, host_keys_path, key_path
from vmnb.guest.ssh_trust import HostKeys

__all__ = ["power_off"]

_POWER_OFF = 'if [ "$(id -u)" = 0 ]; then poweroff; else sudo -n poweroff; fi'
_SHELL_S = 10.0


async def power_off(
    handle: VmHandle, place: Place, api: PropolisApi, endpoint: WebSocketConsole, timeout_s: float
) -> str:
    """Let a shell switch the guest off, and wait; return why it is still on, or nothing.

    The shell is entered by SSH, if the VM has that, else it is the one on the serial console, if
    somebody is logged in there.
    """
    patience_s = min(_SHELL_S, timeout_s / 2)
    asking = asyncio.create_task(_ask(handle, place, endpoint, patience_s))
    ending = asyncio.create_task(until_ended(api))
    try:
        async with asyncio.timeout(timeout_s):
            await asyncio.wait({asking, ending}, return_when=asyncio.FIRST_COMPLETED)
            if not ending.done() and (reason := await asking):
                return reason
            await ending
            return ""
    except TimeoutError:
        return f"the guest did not go off within {timeout_s:g} s"
    finally:
        for task in (asking, ending):
            task.cancel()
        await asyncio.gather(asking, ending, return_exceptions=True)


async def _ask(
    handle: VmHandle, place: Place, endpoint: WebSocketConsole, patience_s: float
) -> str:
    """Run the command; return why that cannot be, or nothing."""
    ssh, work = handle.spec.ssh, handle.work_dir
    if ssh is not None and work is not None and Capability.SSH in place.capabilities(handle.spec):
        login = SshLogin(
            name=handle.name,
            user=ssh.user,
            private_key=ssh.private_key or key_path(work),
            host_keys=HostKeys(host_keys_path(work), handle.id),
            address=partial(_address, handle, place),
        )
        if not await _by_ssh(SshWay(login), patience_s):
            return ""
    return await _by_console(Console(endpoint), patience_s)


async def _by_ssh(way: SshWay, patience_s: float) -> str:
    try:
        await way.wait_ready(patience_s)
        done = await run(way, Command.of(_POWER_OFF), timeout_s=patience_s)
    except VmnbError as error:
        return error.message
    finally:
        await way.aclose()
    return "" if done.exit_code == 0 else f"the guest refused: {done.stderr.strip()}"


async def _by_console(console: Console, patience_s: float) -> str:
    shell = SerialShell(console)
    try:
        await console.open()
        await shell.open(patience_s, knock=True)
        with suppress(StateError, LinkLostError, DeadlineError):  # one that goes off says no more
            await shell.ask(_POWER_OFF)
            await shell.close()
    except VmnbError as error:
        return error.message
    finally:
        await console.aclose()
    return ""


async def _address(handle: VmHandle, place: Place) -> tuple[str, int]:
    return str(await place.guest_ip(handle)), PORT
