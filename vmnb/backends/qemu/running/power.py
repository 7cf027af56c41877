"""Asking a guest to switch itself off."""

import asyncio
from contextlib import suppress
from time import monotonic

from vmnb.backends.qemu.running.attachment import Attachment
from vmnb.core.errors import DeadlineError, LinkLostError

__all__ = ["power_off", "wake"]

_PRESS_AGAIN_S = 2.0
_LOOK_AGAIN_S = 0.05
_LETTING_GO_S = 10.0
_SENDS = "finish-migrate"


async def power_off(attachment: Attachment, timeout_s: float) -> bool:
    """Press the power button (ACPI) and wait; return whether the guest went off in time.

    The button is pressed again now and then: a guest that is still booting has not enabled it yet
    and never hears of the first time.

    Raises
    ------
    BusyError
        Other processes keep both monitors.
    """
    try:
        async with asyncio.timeout(timeout_s):
            await wake(attachment)
            while True:
                await attachment.execute("system_powerdown")
                if await attachment.process.wait(_PRESS_AGAIN_S):
                    return True
    except (TimeoutError, DeadlineError):
        return attachment.process.ended
    except LinkLostError:
        return await attachment.process.wait(_PRESS_AGAIN_S)


async def wake(attachment: Attachment) -> None:
    """Let the vCPUs run, whatever made them pause; nothing happens where they run."""
    status = await _status(attachment)
    if status == "suspended":  # the guest went to sleep by itself, and its CPUs wait for a wake-up
        await attachment.execute("system_wakeup")
    elif status != "running":
        await attachment.execute("cont")


async def _status(attachment: Attachment) -> str:
    """Return QEMU's run state, as soon as it sends the guest nowhere any more.

    Where the one who let it do so was killed, that fails, which QEMU tells; but not when it lets go
    of the guest, a moment later.
    """
    end = monotonic() + _LETTING_GO_S
    with attachment.news() as news:
        while (status := (await attachment.execute("query-status"))["status"]) == _SENDS:
            if monotonic() > end:
                break
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN_S):
                    await news.wait()
            news.clear()
    return str(status)
