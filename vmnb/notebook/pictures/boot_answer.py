"""What a guest has to say of its boot: asked by the way into it, else read on its console."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vmnb.core.errors import VmnbError
from vmnb.core.history import utc_now
from vmnb.core.state import VmState
from vmnb.core.units import require_seconds
from vmnb.guest import Command
from vmnb.guest.boot_facts import SCRIPT, GuestBoot, parse_boot
from vmnb.notebook.live.live import Live
from vmnb.notebook.pictures.boot_phases import KernelClock, console_boot, kernel_clock

__all__ = ["BootAnswer", "ask_about_boot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BootAnswer:
    """What a guest said, its clock, and sentences about what is missing or how good it is."""

    guest: GuestBoot | None = None
    clock: KernelClock | None = None
    notes: Sequence[str] = ()


async def ask_about_boot(live: Live, timeout_s: float) -> BootAnswer:
    """Ask the guest, for at most `timeout_s` seconds; one that cannot answer has little to say.

    Raises
    ------
    SpecError
        `timeout_s` is no time.
    """
    require_seconds(timeout_s, "timeout")
    answer = await _asked(live, timeout_s)
    shown = console_boot(live.arrivals().lines())
    if shown is None:
        return answer
    guest, clock = shown
    if answer.guest is None:
        note = "its kernel's times are from the console, and may be late by its delay"
        return BootAnswer(guest=guest, clock=clock, notes=(*answer.notes, note))
    if answer.guest.init_s is None:  # not everybody may read the kernel's messages in the guest
        told = replace(answer.guest, init_s=guest.init_s, root_s=guest.root_s)
        return replace(answer, guest=told)
    return answer


async def _asked(live: Live, timeout_s: float) -> BootAnswer:
    try:
        state = await live.machine.state()
        if state is not VmState.RUNNING:
            return BootAnswer(notes=[f"the guest was not asked: the VM is {state}"])
        await (await live.ways.choose()).wait_ready(timeout_s)
        asked = utc_now()
        result = await live.run(Command.of(SCRIPT), timeout_s=timeout_s, enters=False)
        answered = utc_now()
    except VmnbError as error:
        said = error.message.splitlines()[0]
        return BootAnswer(notes=[f"the guest could not be asked: {said}"])
    guest = parse_boot(result.stdout)
    if guest is None:
        return BootAnswer(notes=["the guest's answer made no sense"])
    clock = kernel_clock(guest, asked, answered, await live.machine.history())
    note = f"what the guest says may all be early or late by {clock.accuracy_s:.2f} s"
    return BootAnswer(guest=guest, clock=clock, notes=[note])
