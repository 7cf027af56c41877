"""A process that is killed at any step of a VM's life, and what the next one finds."""

import asyncio
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.killed_at import KILLED_IN_LIFE
from vmnb.backends.qemu import QemuHypervisor
from vmnb.core.network import NetworkConfig
from vmnb.core.router import RouterHypervisor
from vmnb.core.session import Session
from vmnb.core.spec import VmSpec
from vmnb.core.state import LIVE, Cause, VmState
from vmnb.core.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

Spec = Callable[..., VmSpec]


def is_killed(spec: VmSpec, steps: int) -> bool:
    """Let a process live through a VM's life, and be killed after so many steps."""
    command = [sys.executable, "-c", KILLED_IN_LIFE, str(steps), json.dumps(spec.to_json())]
    ended = subprocess.run(command, timeout=120, capture_output=True, text=True, check=False)
    assert ended.returncode in (0, -signal.SIGKILL), ended.stderr
    return ended.returncode != 0


def living(homes: Path) -> list[int]:
    """Return the QEMUs that run in those homes."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"qemu-system" in words[0] and os.fsencode(homes) in b" ".join(words):
                found.append(int(process.name))
    return found


def left(homes: Path) -> set[str]:
    """Return the files that no VM should have left, now that there is none."""
    kept = {
        "data",
        "data/networks",
        "data/vms",
        "data/vmnb.locks",
        "data/vmnb.sqlite3",
        "run",
        "data/vmnb.uses",
    }
    return {str(path.relative_to(homes)) for path in homes.rglob("*")} - kept


def await_switches(homes: Path) -> None:
    """Wait until the switches have ended that have no members any more."""
    for lock in homes.glob("run/net-*/switch.lock"):
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)


async def require_true(session: Session, homes: Path) -> None:
    """See that each VM is told to be as it is."""
    states = [machine.last_state for machine in await session.machines()]
    assert len(living(homes)) == sum(state in LIVE for state in states)


def new_session() -> Session:
    return Session(Store(), RouterHypervisor([QemuHypervisor()]))


@pytest.mark.parametrize(
    ("network", "every"),  # of the steps, so that it does not take too long
    [(NetworkConfig.user(), 3), (NetworkConfig.private("lab"), 9)],
    ids=["user", "private"],
)
def test_a_life_can_be_killed_at_any_step_and_be_lived_again(
    homes: Path, runner: asyncio.Runner, spec: Spec, network: NetworkConfig, every: int
) -> None:
    wanted = spec(boot="cold", network=network)

    async def next_use() -> None:
        session = new_session()
        await require_true(session, homes)
        machine = await session.open(wanted)
        await machine.start()
        assert await machine.state() is VmState.RUNNING
        assert len(living(homes)) == 1
        assert machine.handle.pid is not None
        await machine.destroy()
        assert await session.records() == []
        await session.aclose()

    for steps in range(0, 1000, every):
        killed = is_killed(wanted, steps)
        runner.run(next_use())
        await_switches(homes)
        assert (living(homes), left(homes)) == ([], set())
        if not killed:
            break
    assert steps > 50


def test_after_a_restart_of_the_machine_its_vms_are_stopped_and_their_history_says_why(
    homes: Path, runner: asyncio.Runner, spec: Spec
) -> None:
    """What is left then: a handle of an earlier boot, a journal without an end, and no QEMU."""

    async def scenario() -> None:
        session = new_session()
        machine = await session.open(spec(boot="cold"))
        await machine.start()
        await session.aclose()
        earlier = replace(machine.handle, boot_id="of an earlier boot")
        (started,) = [row for row in await machine.history() if row.action == "start"]
        session.store.record(earlier.id, replace(started, action="resume"), earlier)
        assert earlier.pid is not None
        os.kill(earlier.pid, signal.SIGKILL)
        await asyncio.to_thread(os.waitpid, earlier.pid, 0)
        shutil.rmtree(homes / "run")

        session = new_session()
        again = await session.attach(machine.name)
        assert await again.state() is VmState.STOPPED
        (told,) = [row for row in await again.history() if row.action == "exit"]
        assert (told.to_state, told.cause) == (VmState.STOPPED, Cause.HOST)
        assert told.detail == "the machine was restarted"
        await again.start()
        assert await again.state() is VmState.RUNNING
        await again.destroy()
        await session.aclose()

    runner.run(scenario())
