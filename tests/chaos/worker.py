"""A process that acts on VMs at random, as a kernel does, and says how each act went.

``python -m tests.chaos.worker SEED BACKEND IMAGE NAME...`` goes on until its standard input ends.
Each line that it prints is a :class:`Report` in JSON.
"""

import asyncio
import json
import os
import random
import sys
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic

from vmnb.core.errors import (
    BackendError,
    BusyError,
    DeadlineError,
    StateError,
    StoreError,
    VmExistsError,
    VmNotFoundError,
)
from vmnb.core.machine import Machine
from vmnb.core.network import NetworkConfig
from vmnb.core.session import Session
from vmnb.core.spec import VmSpec
from vmnb.core.state import VmState

__all__ = ["Report", "spec_of"]

_NEXT = {
    VmState.PREPARED: ("start",),
    VmState.RUNNING: ("suspend", "stop", "stop", "destroy"),
    VmState.SUSPENDED: ("resume", "destroy"),
    VmState.STOPPED: ("destroy", "destroy", "start"),
    VmState.FAILED: ("destroy", "start", "stop"),
}
"""What makes sense next: it is done most of the time, so that lives come to their ends."""

_ACTIONS = ("make", "start", "stop", "suspend", "resume", "destroy", "history")
_SENSIBLE = 0.8
_REFUSED = (StateError, BusyError, VmExistsError, VmNotFoundError)
"""What is right to be told by a VM on which another process acts."""

_MISHAPS = (BackendError, DeadlineError)
"""What is right to be told where QEMU is killed in the middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How one act went.

    Parameters
    ----------
    outcome
        "done", "refused", "mishap" or, where it is a fault of ours, "fault".
    memory_kib, descriptors
        What the process has after it.
    """

    action: str
    name: str
    outcome: str
    detail: str
    duration_s: float
    memory_kib: int
    descriptors: int


def spec_of(name: str, image: str) -> VmSpec:
    """Return the VM of that name; all processes ask for the same."""
    return VmSpec(name=name, image=image, memory_mib=32, network=NetworkConfig.none())


async def _work(seed: int, backend: str, image: str, names: list[str]) -> None:
    choices, session = random.Random(seed), Session()
    told_to_end = asyncio.Event()
    asyncio.get_running_loop().add_reader(0, told_to_end.set)
    while not told_to_end.is_set():
        name = choices.choice(names)
        report = await _act(session, choices, backend, spec_of(name, image))
        print(json.dumps(asdict(report)), flush=True)
    await session.aclose()


async def _act(session: Session, choices: random.Random, backend: str, spec: VmSpec) -> Report:
    began, action, outcome, detail = monotonic(), "find", "done", ""
    try:
        machine = await _found(session, spec.name)
        action = _choose(choices, machine)
        if machine is None or action == "make":
            await session.open(spec, backend)
        elif action == "stop":
            await machine.stop(timeout_s=0)
        else:
            await getattr(machine, action)()
    except _REFUSED as error:
        outcome, detail = "refused", type(error).__name__
    except StoreError:
        outcome, detail = "fault", traceback.format_exc()
    except _MISHAPS as error:
        outcome, detail = "mishap", str(error)
    except Exception:  # noqa: BLE001 - whatever it is, it is told
        outcome, detail = "fault", traceback.format_exc()
    return Report(
        action=action,
        name=spec.name,
        outcome=outcome,
        detail=detail,
        duration_s=monotonic() - began,
        memory_kib=_memory_kib(),
        descriptors=len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - no objects for a mere count
    )


async def _found(session: Session, name: str) -> Machine | None:
    with suppress(VmNotFoundError):
        return await session.attach(name)
    return None


def _choose(choices: random.Random, machine: Machine | None) -> str:
    sensible = _NEXT.get(machine.last_state, ("make",)) if machine else ("make",)
    return choices.choice(sensible if choices.random() < _SENSIBLE else _ACTIONS)


def _memory_kib() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


if __name__ == "__main__":
    asyncio.run(_work(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]))
