"""Several processes act on VMs at random, while they and QEMU are killed at random instants.

What is chosen follows from the seed; when it happens follows from the machine.
"""

import asyncio
import json
import random
import signal
import sys
from collections import Counter
from dataclasses import dataclass, field
from time import monotonic

from tests.chaos.left import kill, left_behind, qemus
from tests.chaos.lives import contradictions
from tests.chaos.worker import Report
from vmnb.core.errors import VmnbError
from vmnb.core.history import HistoryRow
from vmnb.core.pruning import find_remnants, remove_remnants
from vmnb.core.session import Session
from vmnb.core.state import VmState

__all__ = ["Toll", "storm"]

_PAUSE_S = (0.02, 0.6)
_NAMES = 4
_LINE_BYTES = 1 << 20


@dataclass(kw_only=True)
class Toll:
    """What a storm came to.

    Parameters
    ----------
    lives
        VMs that were made.
    acts
        How often each outcome was.
    kernels, hypervisors
        How many of the workers, and of the QEMUs, were killed.
    steady
        What the worker that was never killed said, act by act.
    faults
        What a worker was told that it should not have been.
    wrong
        Contradictions in what was recorded, and what went wrong at the end.
    left
        What was left when every VM was destroyed, and what nobody needs was pruned.
    """

    lives: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    kernels: int = 0
    hypervisors: int = 0
    steady: list[Report] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    duration_s: float = 0.0


async def storm(
    seed: int, lives: int, *, backend: str, image: str = "tiny", workers: int = 2
) -> Toll:
    """Let processes act until so many VMs were made, destroy what there is, and look at all.

    The homes are those of this process's environment, and nothing else is in them.

    Parameters
    ----------
    workers
        How many are killed, each in its turn; one more is not. All act on the same VMs, but for
        those of Noop, which live in one process.
    """
    began = monotonic()
    it = _Storm(random.Random(seed), backend, image)
    try:
        await asyncio.gather(*(it.hire(number) for number in range(workers + 1)))
        while it.toll.lives < lives and not it.toll.faults:
            await asyncio.sleep(it.choices.uniform(*_PAUSE_S))
            await it.strike(1 + it.choices.randrange(workers))
    finally:
        await it.dismiss()
    await _end_all(it.toll)
    it.toll.left += left_behind()
    it.toll.duration_s = monotonic() - began
    return it.toll


class _Storm:
    def __init__(self, choices: random.Random, backend: str, image: str) -> None:
        self.choices = choices
        self.toll = Toll()
        self._backend, self._image = backend, image
        self._crew: dict[int, tuple[asyncio.subprocess.Process, asyncio.Task[None]]] = {}

    async def hire(self, number: int) -> None:
        """Start a worker."""
        names = [f"vm {each}" for each in range(_NAMES)]
        if self._backend == "noop":
            names = [f"{name} of {number}" for name in names]
        words = (str(self.choices.getrandbits(32)), self._backend, self._image, *names)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.chaos.worker", *words),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
        )
        listening = asyncio.create_task(self._listen(process, number))
        self._crew[number] = process, listening

    async def strike(self, number: int) -> None:
        """Kill that worker, or some QEMU."""
        if self._backend == "noop" or self.choices.random() < 0.5:
            process, listening = self._crew.pop(number)
            process.kill()
            await listening
            await self.hire(number)
            self.toll.kernels += 1
        elif running := await asyncio.to_thread(qemus):
            self.toll.hypervisors += await asyncio.to_thread(kill, self.choices.choice(running))

    async def dismiss(self) -> None:
        """Let every worker finish what it does, and end."""
        for process, _ in self._crew.values():
            assert process.stdin is not None
            process.stdin.close()
        await asyncio.gather(*(listening for _, listening in self._crew.values()))

    async def _listen(self, process: asyncio.subprocess.Process, number: int) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            if not line.endswith(b"\n"):  # it was killed in the middle of a word
                continue
            report = Report(**json.loads(line))
            self.toll.acts[report.outcome] += 1
            self.toll.lives += (report.action, report.outcome) == ("make", "done")
            if report.outcome == "fault":
                self.toll.faults.append(f"{report.action} {report.name!r}: {report.detail}")
            if number == 0:
                self.toll.steady.append(report)
        code = await process.wait()
        if code not in (0, -signal.SIGKILL):
            self.toll.faults.append(f"a worker ended with {code}")


async def _end_all(toll: Toll) -> None:
    """Look at every VM that there was, and destroy those that there are."""
    session = Session()
    for machine in await session.machines():
        if machine.last_state in (VmState.PREPARING, VmState.DESTROYED):
            toll.wrong.append(f"{machine.name!r} is {machine.last_state} when nobody acts on it")
        try:
            await machine.destroy()
        except VmnbError as error:
            toll.wrong.append(f"{machine.name!r} cannot be destroyed: {error}")
    await remove_remnants(
        session, await find_remnants(session, with_images=False), with_images=False
    )
    toll.left += [f"row of {record.name!r}" for record in session.store.machines()]
    for record in session.store.remembered():
        rows = session.store.history(record.id)
        if said := contradictions(rows):
            toll.wrong.append(
                "\n".join([f"{record.name!r} {record.id}:", *said, *map(_line, rows)])
            )
    await session.aclose()


def _line(row: HistoryRow) -> str:
    how = f"{row.cause} {row.detail} {row.key or ''}"
    return f"    {row.time:%H:%M:%S.%f} {row.action}: {row.from_state} → {row.to_state} {how}"
