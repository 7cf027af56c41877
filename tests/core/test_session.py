"""Opening, attaching and listing: one VM for one name, whoever asks."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from vmnb.backends.noop import NoopHypervisor
from vmnb.core.cloud_init import CloudInitConfig
from vmnb.core.errors import (
    BackendError,
    BackendUnavailableError,
    BusyError,
    CapabilityError,
    StoreError,
    VmExistsError,
    VmNotFoundError,
)
from vmnb.core.handle import VmHandle
from vmnb.core.network import NetworkConfig
from vmnb.core.router import RouterHypervisor
from vmnb.core.session import Session
from vmnb.core.spec import VmSpec
from vmnb.core.state import Action, VmState
from vmnb.core.store import Store

NewSession = Callable[[], Session]
WEB = VmSpec(name="web")


class OnlySettlingFails(Store):
    """The disk fills up between the claim and the VM's own row."""

    def settle(self, *args: object) -> None:
        raise StoreError("the disk is full")


def test_a_name_is_one_vm_for_all_who_open_it(
    runner: asyncio.Runner, new_session: NewSession
) -> None:
    async def scenario() -> None:
        mine, theirs = new_session(), new_session()
        machine = await mine.open(WEB)
        assert await mine.open(WEB) is machine
        assert (await theirs.open(WEB)).handle == machine.handle
        assert (await theirs.attach("web")).handle == machine.handle

    runner.run(scenario())


def test_a_new_name_that_two_open_at_once_is_one_vm(
    runner: asyncio.Runner, new_session: NewSession, noop: NoopHypervisor
) -> None:
    noop.delays_s[Action.PREPARE] = 0.05

    async def scenario() -> None:
        mine, theirs = new_session(), new_session()
        outcomes = await asyncio.gather(
            mine.open(WEB), mine.open(WEB), theirs.open(WEB), return_exceptions=True
        )
        first, second, third = outcomes
        assert isinstance(third, BusyError) or isinstance(first, BusyError)
        made = {m.handle.id for m in (first, second, third) if not isinstance(m, BaseException)}
        assert len(made) == 1
        assert len(await mine.records()) == 1
        assert (await theirs.open(WEB)).handle.id in made

    runner.run(scenario())


def test_a_slow_preparation_holds_up_no_other_vm(runner: asyncio.Runner, session: Session) -> None:
    class Slow(NoopHypervisor):
        tag = "slow"
        preparing = asyncio.Event()

        async def prepare(self, spec: VmSpec) -> VmHandle:
            self.preparing.set()
            return await super().prepare(spec)

    async def scenario() -> None:
        slow_noop = Slow(delays_s={Action.PREPARE: 3600})
        await session.open(VmSpec(name="other"))
        slow = asyncio.create_task(session.open(WEB, slow_noop))
        await slow_noop.preparing.wait()
        assert (await session.attach("other")).name == "other"
        assert [machine.name for machine in await session.machines()] == ["other"]
        slow.cancel()
        await asyncio.wait({slow})
        assert [record.name for record in await session.records()] == ["other"]

    runner.run(scenario())


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (replace(WEB, memory_mib=2048), ["memory_mib: has 1024, asked for 2048"]),
        (replace(WEB, vcpus=2, image="/x"), ["vcpus: has 1, asked for 2", "image: has 'tiny'"]),
        (replace(WEB, network=NetworkConfig.none()), ["network.mode: has", "none"]),
    ],
)
def test_another_spec_is_refused_with_both_values_and_the_choices(
    runner: asyncio.Runner, session: Session, asked: VmSpec, shown: list[str]
) -> None:
    async def scenario() -> str:
        await session.open(WEB)
        with pytest.raises(VmExistsError) as caught:
            await session.open(asked)
        return str(caught.value)

    text = runner.run(scenario())
    for part in [*shown, "VM.attach('web')", ".destroy()", "another name"]:
        assert part in text


def test_another_secret_is_refused_without_showing_it(
    runner: asyncio.Runner, session: Session
) -> None:
    def spec(user_data: str) -> VmSpec:
        return replace(WEB, cloud_init=CloudInitConfig(user_data=user_data))

    async def scenario() -> str:
        await session.open(spec("password: hunter2"))
        with pytest.raises(VmExistsError) as caught:
            await session.open(spec("password: swordfish"))
        return str(caught.value)

    text = runner.run(scenario())
    assert "asked for another secret" in text
    assert "hunter2" not in text
    assert "swordfish" not in text


def test_another_backend_is_refused_only_where_it_was_asked_for(
    runner: asyncio.Runner, session: Session
) -> None:
    class Other(NoopHypervisor):
        tag = "other"

    async def scenario() -> None:
        await session.open(WEB, Other())
        assert (await session.open(WEB)).handle.backend == "other"
        with pytest.raises(VmExistsError, match="backend: has other, asked for noop"):
            await session.open(WEB, "noop")

    runner.run(scenario())


def test_an_unknown_name_is_not_found_and_the_known_ones_are_told(
    runner: asyncio.Runner, session: Session
) -> None:
    async def scenario() -> None:
        with pytest.raises(VmNotFoundError, match="make it"):
            await session.attach("web")
        await session.open(WEB)
        with pytest.raises(VmNotFoundError, match="there are: web"):
            await session.attach("wbe")

    runner.run(scenario())


def test_a_name_is_found_however_its_letters_are_composed(
    runner: asyncio.Runner, session: Session
) -> None:
    async def scenario() -> None:
        machine = await session.open(VmSpec(name="caf\u00e9"))
        assert await session.attach("cafe\u0301") is machine

    runner.run(scenario())


def test_what_the_backend_cannot_do_is_refused_before_anything_is_made(
    runner: asyncio.Runner, session: Session
) -> None:
    async def scenario() -> None:
        with pytest.raises(CapabilityError):
            await session.open(replace(WEB, network=NetworkConfig.tap("br0")))
        with pytest.raises(BackendUnavailableError):
            await session.open(WEB, "no such backend")
        assert await session.records() == []

    runner.run(scenario())


def test_a_preparation_that_fails_leaves_the_name_free(
    runner: asyncio.Runner, session: Session, noop: NoopHypervisor
) -> None:
    noop.failures[Action.PREPARE] = "no room"

    async def scenario() -> None:
        with pytest.raises(BackendError, match="no room"):
            await session.open(WEB)
        assert await session.records() == []
        noop.failures.clear()
        await session.open(WEB)

    runner.run(scenario())


def test_a_preparation_that_is_cancelled_at_any_moment_leaves_all_or_nothing(
    runner: asyncio.Runner, session: Session
) -> None:
    async def scenario() -> None:
        for steps in range(0, 60, 3):
            task = asyncio.create_task(session.open(WEB))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
            assert all(record.handle for record in await session.records())
            await (await session.open(WEB)).destroy()

    runner.run(scenario())


def test_a_vm_that_cannot_be_written_down_is_removed_again(
    runner: asyncio.Runner, home: object
) -> None:
    destroyed: list[str] = []

    class Watched(NoopHypervisor):
        async def destroy(self, handle: VmHandle) -> None:
            destroyed.append(handle.name)
            await super().destroy(handle)

    async def scenario() -> None:
        session = Session(OnlySettlingFails(), RouterHypervisor([Watched()]))
        with pytest.raises(StoreError, match="full"):
            await session.open(WEB)
        assert await session.records() == []
        await session.aclose()

    runner.run(scenario())
    assert destroyed == ["web"]


DYING = """
import asyncio
from vmnb.backends.noop import NoopHypervisor
from vmnb.core.router import RouterHypervisor
from vmnb.core.session import Session
from vmnb.core.spec import VmSpec

class Preparing(NoopHypervisor):
    async def prepare(self, spec):
        print("preparing", flush=True)
        await asyncio.sleep(3600)

asyncio.run(Session(router=RouterHypervisor([Preparing()])).open(VmSpec(name="web")))
"""


def test_the_claim_of_a_living_process_is_busy_and_that_of_a_killed_one_is_forgotten(
    runner: asyncio.Runner, session: Session
) -> None:
    with subprocess.Popen([sys.executable, "-c", DYING], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"preparing\n"
        records = runner.run(session.records())
        assert [(r.name, r.state) for r in records] == [("web", VmState.PREPARING)]
        with pytest.raises(BusyError):
            runner.run(session.open(WEB))
        process.send_signal(signal.SIGKILL)
    assert runner.run(session.records()) == []
    machine = runner.run(session.open(WEB))
    assert machine.last_state is VmState.PREPARED


def test_one_vm_that_cannot_be_asked_spoils_no_list(
    runner: asyncio.Runner, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    class Mute(NoopHypervisor):
        tag = "mute"

        async def state(self, handle: VmHandle) -> VmState:
            raise BackendError("no answer")

    async def scenario() -> None:
        machine = await session.open(WEB)
        await machine.start()
        await session.open(VmSpec(name="mute"), Mute())
        machines = await session.machines()
        assert [(m.name, m.last_state) for m in machines] == [
            ("web", VmState.RUNNING),
            ("mute", VmState.PREPARED),
        ]
        with pytest.raises(BackendError, match="no answer"):
            await machines[1].state()

    runner.run(scenario())
    assert "'mute'" in caplog.text


def test_the_vm_of_a_backend_that_is_no_longer_installed_spoils_no_list(
    runner: asyncio.Runner, new_session: NewSession
) -> None:
    class Gone(NoopHypervisor):
        tag = "gone"

    async def scenario() -> None:
        await new_session().open(WEB, Gone())
        (machine,) = await new_session().machines()
        assert machine.name == "web"
        with pytest.raises(BackendUnavailableError):
            await machine.state()

    runner.run(scenario())


def test_a_closed_session_leaves_no_task_and_the_vm_runs_on(
    runner: asyncio.Runner, new_session: NewSession, noop: NoopHypervisor
) -> None:
    async def scenario() -> None:
        session = new_session()
        machine = await session.open(WEB)
        await machine.start()
        await session.aclose()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert await noop.state(machine.handle) is VmState.RUNNING

    runner.run(scenario())
