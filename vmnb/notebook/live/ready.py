"""Waiting until a guest has booted and is set up."""

import asyncio

from vmnb.console.ending import last_lines
from vmnb.core.units import require_seconds
from vmnb.guest.condition import CloudInitDone, Succeeds
from vmnb.notebook.live.live import Live
from vmnb.notebook.live.until import console_says, until

__all__ = ["READY_TIMEOUT_S", "booted", "ready"]

READY_TIMEOUT_S = 300.0
"""Seconds that a guest may take to boot and be set up."""

_ANSWERS = Succeeds("true", what="the guest to answer")
_LOGIN = "login: "
_CLOUD_INIT_DONE = r"Cloud-init v\. \S+ finished at"
_NO_AGENT_S = 5.0
"""Seconds after which a guest that asks for a login is taken to have no agent."""


async def ready(live: Live, timeout_s: float) -> None:
    """Wait until the guest is :func:`booted`, and saved where others are to begin from it."""
    await booted(live, timeout_s)
    await live.first_guest.done()


async def booted(live: Live, timeout_s: float) -> None:
    """Wait until commands can be run in the guest, or else until its console asks for a login.

    Where the VM has data for cloud-init, that is waited for as well.

    Raises
    ------
    SpecError, StateError, DeadlineError, CapabilityError
        As by :func:`~vmnb.notebook.live.until.until`.
    GuestError
        cloud-init has failed.
    """
    require_seconds(timeout_s, "timeout")
    loop = asyncio.get_running_loop()
    ends = loop.time() + timeout_s
    answers = await _answers_or_asks_for_a_login(live, timeout_s)
    if live.machine.handle.seed_iso is None:
        return
    left_s = max(0.0, ends - loop.time())
    if answers:
        await until(live, CloudInitDone(), left_s)
    else:
        await console_says(live, _CLOUD_INIT_DONE, left_s)


async def _answers_or_asks_for_a_login(live: Live, timeout_s: float) -> bool:
    """Return whether the guest answers, once it does or has shown that it never will."""
    handle = live.machine.handle
    if handle.has_agent or handle.spec.ssh is not None:
        await until(live, _ANSWERS, timeout_s)
        return True
    answering = asyncio.create_task(until(live, _ANSWERS, timeout_s))
    asking = asyncio.create_task(_asks_for_a_login(live, timeout_s))
    try:
        await asyncio.wait({answering, asking}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done() and asking.exception() is None:
            return False
        await answering
        return True
    finally:
        answering.cancel()
        asking.cancel()
        await asyncio.gather(answering, asking, return_exceptions=True)


async def _asks_for_a_login(live: Live, timeout_s: float) -> None:
    """Wait until it asks, and still does when an agent would have answered.

    What is left on the console of an earlier run scrolls away meanwhile.
    """
    console = await live.console()
    since = None
    while True:
        await console.wait_for(_LOGIN, timeout_s, since=since)
        since = console.position
        await asyncio.sleep(_NO_AGENT_S)
        if any(_LOGIN.strip() in line for line in await last_lines(live.machine.console_endpoint)):
            return
