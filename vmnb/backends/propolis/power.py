"""Asking a guest to switch itself off: the server cannot, but a shell in there can."""

import asyncio
from functools import partial

from vmnb.backends.propolis.api import PropolisApi
from vmnb.backends.propolis.follow import until_ended
from vmnb.backends.propolis.place import Place
from vmnb.console import Console
from vmnb.core.errors import VmnbError
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import Capability, WebSocketConsole
from vmnb.guest import Command, FirstReady, SerialWay, SshWay, Way, run
from vmnb.guest.ssh_login import SshLogin
from vmnb.guest.ssh_place import PORT, host_keys_path, key_path
from vmnb.guest.ssh_trust import HostKeys

__all__ = ["power_off"]

_POWER_OFF = Command.of("poweroff")
_SHELL_S = 10.0


async def power_off(
    handle: VmHandle, place: Place, api: PropolisApi, endpoint: WebSocketConsole, timeout_s: float
) -> str:
    """Let a shell switch the guest off, and wait; return why it is still on, or nothing.

    The shell is entered by SSH, if the VM has that, or is the one on the serial console, if
    somebody is logged in there.
    """
    console = Console(endpoint)
    ways = _ways(handle, place, console)
    asking = asyncio.create_task(_ask(FirstReady(ways), timeout_s))
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
        for way in ways:
            await way.aclose()
        await console.aclose()


async def _ask(way: Way, timeout_s: float) -> str:
    """Run the command; return why that cannot be, or nothing.

    One that never ends, since the guest ends first, is no trouble: the end is seen elsewhere.
    """
    try:
        await way.wait_ready(min(_SHELL_S, timeout_s / 2))
    except VmnbError as error:
        return error.message
    try:
        result = await run(way, _POWER_OFF, timeout_s=timeout_s)
    except VmnbError:
        return ""
    return "" if result.exit_code == 0 else f"the guest refused: {result.stderr.strip()}"


def _ways(handle: VmHandle, place: Place, console: Console) -> list[Way]:
    async def opened() -> Console:
        await console.open()
        return console

    serial = SerialWay(opened)
    ssh, work = handle.spec.ssh, handle.work_dir
    if ssh is None or work is None or Capability.SSH not in place.capabilities(handle.spec):
        return [serial]
    login = SshLogin(
        name=handle.name,
        user=ssh.user,
        private_key=ssh.private_key or key_path(work),
        host_keys=HostKeys(host_keys_path(work), handle.id),
        address=partial(_address, handle, place),
    )
    return [SshWay(login), serial]


async def _address(handle: VmHandle, place: Place) -> tuple[str, int]:
    return str(await place.guest_ip(handle)), PORT
