"""What a VM's card says, as plain JSON: the one source of the widget and of the static HTML."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict

from vmnb.core.forking import FORKED_FROM
from vmnb.core.handle import VmHandle
from vmnb.core.history import HistoryRow
from vmnb.core.hypervisor import Capability
from vmnb.core.machine import Busy, Machine
from vmnb.core.network import Forward
from vmnb.core.state import LIVE, Action, allowed_actions
from vmnb.core.template import RESTORED_FROM, UNTOUCHED
from vmnb.core.timeline import StateLine
from vmnb.notebook.live.way_in import way_in

__all__ = [
    "Card",
    "ConsoleState",
    "Problem",
    "Row",
    "States",
    "card_of",
    "history_rows",
    "size_text",
    "states_of",
    "vcpus_text",
]

HISTORY_ROWS = 200
"""Newest rows that a card shows; :attr:`VM.history <vmnb.VM.history>` has them all."""

_BUTTONS = (Action.START, Action.STOP, Action.SUSPEND, Action.RESUME, Action.DESTROY)
_NEEDS = {Action.SUSPEND: Capability.SUSPEND, Action.RESUME: Capability.SUSPEND}
_DOING = {
    "start": "starting",
    "boot": "booting",
    "stop": "stopping",
    "suspend": "suspending",
    "resume": "resuming",
    "destroy": "destroying",
    "fork": "being copied",
    "awaken": "waking up",
    "checkpoint": "being saved",
    "rewind": "going back",
    "template": "being saved for others",
}

_NOT_TOLD = frozenset({UNTOUCHED})
"""Facts of a backend's own that say nothing to people."""

Row = tuple[str, str, str, str, float | None, str, str]


class Problem(TypedDict):
    """Something that went wrong, for the person in front of the card."""

    title: str
    message: str
    hint: str


class ActionState(TypedDict):
    """Whether a button can be pressed, and if not, why."""

    enabled: bool
    reason: str


class BusyState(TypedDict):
    """What is being done; see ``Busy`` in ``protocol.ts``."""

    action: str
    since_ms_epoch: int
    expected_s: float | None
    text: str


class ConsoleState(TypedDict):
    """Whether a console takes no keys, and whether the guest is told its size without typing."""

    read_only: bool
    sizes_itself: bool


class Card(TypedDict):
    """See ``Card`` in ``protocol.ts``."""

    name: str
    state: str
    backend: str
    accelerator: str
    accelerator_note: str
    vcpus: int
    memory_mib: int
    address: str
    origin: str
    image: str
    uptime_since: str | None
    actions: dict[str, ActionState]
    busy: BusyState | None
    error: Problem | None
    no_screen: str
    facts: list[tuple[str, str]]
    consoles: list[ConsoleState]


class States(TypedDict):
    """See ``States`` in ``protocol.ts``."""

    segments: list[tuple[str, int, int | None]]
    marks: list[tuple[str, int]]


def card_of(
    machine: Machine,
    *,
    address: str = "",
    forwards: tuple[Forward, ...] | None = None,
    error: Problem | None = None,
    consoles: Iterable[ConsoleState] = (),
) -> Card:
    """Return what the card of `machine` says now, without asking anybody.

    Parameters
    ----------
    forwards
        The ports of the host that lead into the guest; None where that cannot be said.
    """
    handle, live = machine.handle, machine.last_state in LIVE
    since = machine.started.isoformat() if machine.started and live else None
    return Card(
        name=handle.name,
        state=str(machine.last_state),
        backend=str(handle.backend),
        accelerator=(handle.accelerator or "").upper(),
        accelerator_note=handle.accelerator_note or "",
        vcpus=handle.vcpus,
        memory_mib=handle.memory_mib,
        address=address if live else "",
        origin=_origin(handle),
        image=handle.spec.image,
        uptime_since=since,
        actions={str(action): _action_state(machine, action) for action in _BUTTONS},
        busy=_busy_state(machine.busy),
        error=error,
        no_screen=_why_no_screen(machine),
        facts=_facts(machine, forwards),
        consoles=list(consoles),
    )


def history_rows(rows: Iterable[HistoryRow]) -> list[Row]:
    """Return the newest rows as the card shows them."""
    shown = list(rows)[-HISTORY_ROWS:]
    return [
        (
            row.time.isoformat(timespec="microseconds"),
            str(row.from_state or ""),
            str(row.to_state),
            str(row.action),
            row.duration_s,
            str(row.cause),
            row.detail,
        )
        for row in shown
    ]


def states_of(rows: Iterable[HistoryRow]) -> States:
    """Return the states over time as the card draws them, the newest of many."""
    line = StateLine.of(rows)
    segments = [
        (str(each.state or "unknown"), _ms(each.start), _ms(each.end) if each.end else None)
        for each in line.segments[-HISTORY_ROWS:]
    ]
    first_ms = segments[0][1] if segments else 0
    marks = [(mark.action, _ms(mark.time)) for mark in line.marks if _ms(mark.time) >= first_ms]
    return States(segments=segments, marks=marks[-HISTORY_ROWS:])


def vcpus_text(count: int) -> str:
    """Return a number of virtual CPUs in words."""
    return f"{count} vCPU{'' if count == 1 else 's'}"


def size_text(vcpus: int, memory_mib: int) -> str:
    """Return how large a VM is, in words."""
    return f"{vcpus_text(vcpus)}, {memory_mib} MiB"


def _ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def _action_state(machine: Machine, action: Action) -> ActionState:
    reason = _why_not(machine, action)
    return ActionState(enabled=not reason, reason=reason)


def _why_not(machine: Machine, action: Action) -> str:
    needed = _NEEDS.get(action)
    if needed is not None and needed not in machine.capabilities:
        return f"the {machine.handle.backend} backend cannot {action} a VM"
    if machine.busy and machine.busy.what != "boot":
        return f"it is {_DOING[machine.busy.what]}"
    if action not in allowed_actions(machine.last_state):
        return f"not while it is {machine.last_state}"
    return ""


def _why_no_screen(machine: Machine) -> str:
    if Capability.SCREEN not in machine.capabilities:
        return f"The {machine.handle.backend} backend has no screen."
    return "" if machine.last_state in LIVE else "The screen opens here when the machine starts."


def _busy_state(busy: Busy | None) -> BusyState | None:
    if busy is None:
        return None
    return BusyState(
        action="start" if busy.what == "boot" else busy.what,
        since_ms_epoch=round(busy.since.timestamp() * 1000),
        expected_s=busy.expected_s,
        text=_DOING[busy.what],
    )


def _origin(handle: VmHandle) -> str:
    """Return what the guest goes on from, where it has not booted."""
    if FORKED_FROM in handle.extra:
        return f"forked from {handle.extra[FORKED_FROM]}"
    return "restored from a template" if RESTORED_FROM in handle.extra else ""


def _facts(machine: Machine, forwards: tuple[Forward, ...] | None) -> list[tuple[str, str]]:
    handle = machine.handle
    facts: dict[str, object | None] = {
        "Id": handle.id,
        "Image": handle.spec.image,
        "Disk": f"{handle.disk_mib} MiB" if handle.disk_mib else None,
        "Network": handle.network.mode,
        "From this computer": None if forwards is None else way_in(forwards),
        "Private network": handle.network.network,
        "MAC address": handle.mac,
        "Accelerator": (handle.accelerator or "").upper(),
        "Why": handle.accelerator_note,
        "Process": handle.pid if machine.last_state in LIVE else None,
        "Work directory": handle.work_dir,
        "Console log": handle.console_log,
    }
    facts |= {
        key.replace("_", " ").capitalize(): value
        for key, value in handle.extra.items()
        if key not in _NOT_TOLD
    }
    return [(label, str(value)) for label, value in facts.items() if value]
