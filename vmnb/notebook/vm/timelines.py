"""A VM's history and its boot as pictures: the part of a VM that shows where its time went."""

from vmnb.core.hypervisor import Capability
from vmnb.notebook.live.live import Live
from vmnb.notebook.pictures.boot_answer import ask_about_boot
from vmnb.notebook.pictures.boot_phases import boot_phases
from vmnb.notebook.pictures.boot_timeline import BootTimeline
from vmnb.notebook.pictures.lanes import timeline_of
from vmnb.notebook.pictures.timeline import Timeline
from vmnb.notebook.vm.facade import AsyncFacade, Facade

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
        the guest: its kernel's messages, systemd, cloud-init. A guest that cannot be asked may have
        shown its kernel's messages on a console that somebody looked at. What is not known is left
        out, and ``notes`` say why.

        Parameters
        ----------
        timeout
            Seconds that the guest is given to answer; one that does not has no phases of its own.

        Raises
        ------
        SpecError
            `timeout` is no number of seconds.
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
    answer = await ask_about_boot(live, timeout_s)
    marks = await machine.boot_marks() if Capability.BOOT_MARKS in machine.capabilities else ()
    phases = boot_phases(marks, await machine.history(), answer.guest, answer.clock)
    return BootTimeline(machine.name, phases, answer.notes)
