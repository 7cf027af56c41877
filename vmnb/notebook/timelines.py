"""A VM's history and its boot as pictures: the part of a VM that shows where its time went."""

from vmnb.core.errors import VmnbError
from vmnb.core.history import utc_now
from vmnb.core.hypervisor import Capability
from vmnb.core.state import VmState
from vmnb.guest import Command
from vmnb.guest.boot_facts import SCRIPT, GuestBoot, parse_boot
from vmnb.notebook.boot_phases import KernelClock, boot_phases, kernel_clock
from vmnb.notebook.boot_timeline import BootTimeline
from vmnb.notebook.facade import AsyncFacade, Facade
from vmnb.notebook.lanes import timeline_of
from vmnb.notebook.live import Live
from vmnb.notebook.timeline import Timeline

__all__ = ["AsyncTimelines", "Timelines"]

BOOT_TIMEOUT_S = 60.0
"""Seconds that a guest is given to say what it knows of its boot."""


class Timelines(Facade):
    """What a VM tells of its time."""

    def timeline(self) -> Timeline:
        """Return its states over time as a picture; :func:`vmnb.timeline` shows several VMs."""
        return self._wait("timeline", timeline_of(self._live))

    def boot_timeline(self, timeout: float = BOOT_TIMEOUT_S) -> BootTimeline:
        """Return where the time of its last boot went, as a picture with a table.

        The host knows when QEMU began, and when the guest's agent was there; the rest is asked of
        the guest: its kernel's messages, systemd, cloud-init. What is not known is left out, and
        ``notes`` say why.

        Parameters
        ----------
        timeout
            Seconds that the guest is given to answer; one that does not has no phases of its own.
        """
        return self._wait("boot_timeline", boot_of(self._live, timeout))


class AsyncTimelines(AsyncFacade):
    """The awaitable twin of :class:`Timelines`."""

    async def timeline(self) -> Timeline:
        """See :meth:`vmnb.VM.timeline`."""
        return await self._wait(timeline_of(self._live))

    async def boot_timeline(self, timeout: float = BOOT_TIMEOUT_S) -> BootTimeline:  # noqa: ASYNC109
        """See :meth:`vmnb.VM.boot_timeline`."""
        return await self._wait(boot_of(self._live, timeout))


async def boot_of(live: Live, timeout_s: float) -> BootTimeline:
    """Return what is known of the last boot of a VM."""
    machine = live.machine
    guest, clock, notes = await _asked(live, timeout_s)
    marks = await machine.boot_marks() if Capability.BOOT_MARKS in machine.capabilities else ()
    phases = boot_phases(marks, await machine.history(), guest, clock)
    return BootTimeline(machine.name, phases, notes)


async def _asked(
    live: Live, timeout_s: float
) -> tuple[GuestBoot | None, KernelClock | None, list[str]]:
    """Ask the guest, and return what it says, its clock, and what there is to note."""
    try:
        state = await live.machine.state()
        if state is not VmState.RUNNING:
            return None, None, [f"the guest was not asked: the VM is {state}"]
        await (await live.ways.choose()).wait_ready(timeout_s)
        asked = utc_now()
        result = await live.run(Command.of(SCRIPT), timeout_s=timeout_s)
        answered = utc_now()
    except VmnbError as error:
        return None, None, [f"the guest could not be asked: {error.message.splitlines()[0]}"]
    guest = parse_boot(result.stdout)
    if guest is None:
        return None, None, ["the guest's answer made no sense"]
    clock = kernel_clock(guest, asked, answered, await live.machine.history())
    return (
        guest,
        clock,
        [f"the guest's own times may all be early or late by {clock.accuracy_s:.2f} s"],
    )
