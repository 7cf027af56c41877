"""One VM: what is done to it, what happens to it, and what is recorded of both."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from vmnb.backends.noop import NoopHypervisor
from vmnb.core.errors import BackendError, BusyError, StateError
from vmnb.core.handle import VmHandle
from vmnb.core.history import HistoryRow, utc_now
from vmnb.core.lock import action_lock
from vmnb.core.machine import Machine
from vmnb.core.router import RouterHypervisor
from vmnb.core.session import Session
from vmnb.core.spec import VmSpec
from vmnb.core.state import Action, Cause, VmState
from vmnb.core.store import Store
from vmnb.core.uses import Uses

NewSession = Callable[[], Session]
WEB = VmSpec(name="web")


async def told(machine: Machine, until: Callable[[Machine], bool]) -> None:
    """Wait until the machine has told its listeners that `until` is so."""
    seen = asyncio.Event()
    end = machine.subscribe(lambda m: seen.set() if until(m) else None)
    if not until(machine):
        await seen.wait()
    end()


async def rows(machine: Machine) -> list[tuple[str, VmState | None, VmState, Cause]]:
    return [(r.action, r.from_state, r.to_state, r.cause) for r in await machine.history()]


async def following(session: Session) -> Machine:
    """Return a machine that runs and is followed from now on."""
    machine = await session.open(WEB)
    await machine.start()
    return machine


def is_continuous(history: list[HistoryRow]) -> bool:
    """Return whether each row begins in the state that the one before it led to."""
    states = [row.to_state for row in history]
    return [row.from_state for row in history[1:]] == states[:-1]


def test_a_life_is_recorded_row_by_row(runner: asyncio.Runner, session: Session) -> None:
    async def scenario() -> list[HistoryRow]:
        machine = await session.open(WEB)
        for act in ("start", "suspend", "resume", "stop", "start", "destroy"):
            await getattr(machine, act)()
        return await machine.history()

    history = runner.run(scenario())
    assert [(r.action, r.to_state) for r in history] == [
        ("prepare", VmState.PREPARED),
        ("start", VmState.RUNNING),
        ("suspend", VmState.SUSPENDED),
        ("resume", VmState.RUNNING),
        ("stop", VmState.STOPPED),
        ("start", VmState.RUNNING),
        ("destroy", VmState.DESTROYED),
    ]
    assert history[0].from_state is VmState.PREPARING
    assert is_continuous(history)
    assert {r.cause for r in history} == {Cause.USER}
    assert all(r.duration_s is not None and r.duration_s >= 0 for r in history)
    assert all(r.time.utcoffset() == timedelta(0) for r in history)


def test_a_duration_is_the_time_that_the_action_took(
    runner: asyncio.Runner, session: Session, noop: NoopHypervisor
) -> None:
    noop.delays_s[Action.START] = 0.05

    async def scenario() -> HistoryRow:
        return (await (await following(session)).history())[-1]

    row = runner.run(scenario())
    assert row.duration_s is not None
    assert row.duration_s >= 0.05


@pytest.mark.parametrize(
    ("acts", "again"),
    [
        (["start"], "start"),
        (["start", "stop"], "stop"),
        (["start", "suspend"], "suspend"),
        (["start"], "resume"),
        (["destroy"], "destroy"),
    ],
)
def test_what_is_done_already_changes_and_records_nothing(
    runner: asyncio.Runner, session: Session, acts: list[str], again: str
) -> None:
    async def scenario() -> None:
        machine = await session.open(WEB)
        for act in acts:
            await getattr(machine, act)()
        before = await machine.history()
        await getattr(machine, again)()
        assert await machine.history() == before

    runner.run(scenario())


def test_what_the_state_forbids_is_refused_and_not_recorded(
    runner: asyncio.Runner, session: Session
) -> None:
    async def scenario() -> None:
        machine = await session.open(WEB)
        with pytest.raises(StateError, match="start"):
            await machine.suspend()
        assert len(await machine.history()) == 1
        await machine.destroy()
        for act in (machine.start, machine.suspend, machine.resume, machine.stop):
            with pytest.raises(StateError):
                await act()

    runner.run(scenario())


def test_a_failing_action_is_recorded_with_its_reason(
    runner: asyncio.Runner, session: Session, noop: NoopHypervisor
) -> None:
    noop.failures[Action.START] = "no room"

    async def scenario() -> HistoryRow:
        machine = await session.open(WEB)
        with pytest.raises(BackendError, match="no room"):
            await machine.start()
        assert machine.busy is None
        assert machine.last_state is VmState.PREPARED
        assert machine.started is None
        return (await machine.history())[-1]

    row = runner.run(scenario())
    assert (row.action, row.from_state, row.to_state) == (
        "start",
        VmState.PREPARED,
        VmState.PREPARED,
    )
    assert row.cause is Cause.FAILURE
    assert row.detail == "cannot start 'web': no room"


def test_a_cancelled_action_is_recorded_and_the_next_one_may_begin(
    runner: asyncio.Runner, session: Session, noop: NoopHypervisor
) -> None:
    noop.delays_s[Action.START] = 3600

    async def scenario() -> HistoryRow:
        machine = await session.open(WEB)
        task = asyncio.create_task(machine.start())
        await told(machine, lambda m: m.busy is not None)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert machine.busy is None
        row = (await machine.history())[-1]
        noop.delays_s.clear()
        await machine.start()
        return row

    row = runner.run(scenario())
    assert (row.action, row.to_state, row.detail) == ("start", VmState.PREPARED, "cancelled")
    assert row.cause is Cause.USER


def test_whenever_a_start_is_cancelled_the_record_tells_what_became_of_it(
    runner: asyncio.Runner, session: Session, new_session: NewSession
) -> None:
    async def scenario() -> None:
        machine = await session.open(WEB)
        for steps in range(0, 60, 3):
            task = asyncio.create_task(machine.start())
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
            record = session.store.find("web")
            assert record is not None
            assert record.state is await machine.state()
            await machine.refresh()
            if await machine.state() is VmState.RUNNING:
                await machine.stop()
        history = await machine.history()
        assert is_continuous(history)
        assert "found" not in {row.action for row in history}

    runner.run(scenario())


@pytest.mark.parametrize(
    ("event", "state", "cause"),
    [
        ("power-off", VmState.STOPPED, Cause.GUEST),
        ("panic", VmState.FAILED, Cause.GUEST),
        ("exit", VmState.FAILED, Cause.FAILURE),
    ],
)
def test_what_happens_by_itself_is_recorded_once_although_two_see_it(
    runner: asyncio.Runner,
    new_session: NewSession,
    noop: NoopHypervisor,
    event: str,
    state: VmState,
    cause: Cause,
) -> None:
    async def scenario() -> None:
        mine = await following(new_session())
        theirs = await new_session().attach("web")
        noop.happen(mine.handle, event)
        for machine in (mine, theirs):
            await told(machine, lambda m: m.last_state is state)
            await machine.refresh()
            assert await machine.state() is state
        assert (await rows(mine))[2:] == [(event, VmState.RUNNING, state, cause)]

    runner.run(scenario())


def test_a_reboot_is_recorded_and_begins_the_uptime_anew(
    runner: asyncio.Runner, session: Session, noop: NoopHypervisor
) -> None:
    async def scenario() -> None:
        machine = await following(session)
        began = machine.started
        noop.happen(machine.handle, "reboot")
        await told(machine, lambda m: m.started != began)
        assert (await rows(machine))[-1] == (
            "reboot",
            VmState.RUNNING,
            VmState.RUNNING,
            Cause.GUEST,
        )
        assert machine.started == (await machine.history())[-1].time

    runner.run(scenario())


class Telling(NoopHypervisor):
    """Tells of the end as QEMU does, also when it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.may_return = asyncio.Event()

    async def stop(self, handle: VmHandle, timeout_s: float = 0) -> VmHandle:
        del timeout_s
        self.happen(handle, "power-off")
        await self.may_return.wait()
        return handle


def test_the_end_that_an_action_brings_is_not_recorded_a_second_time(
    runner: asyncio.Runner, new_session: NewSession
) -> None:
    async def scenario() -> None:
        telling = Telling()
        sessions = [new_session(), new_session()]
        for session in sessions:
            session.router.add(telling)
        mine = await following(sessions[0])
        theirs = await sessions[1].attach("web")
        stopping = asyncio.create_task(mine.stop())
        await told(theirs, lambda m: m.last_state is VmState.STOPPED)
        telling.may_return.set()
        await stopping
        await mine.refresh()
        await theirs.refresh()
        assert [row[0] for row in await rows(mine)] == ["prepare", "start", "stop"]

    runner.run(scenario())


def test_a_vm_that_was_restarted_is_followed_again(
    runner: asyncio.Runner, session: Session
) -> None:
    async def scenario() -> None:
        telling = Telling()
        session.router.add(telling)
        machine = await following(session)
        stopping, starting = (asyncio.create_task(act()) for act in (machine.stop, machine.start))
        await told(machine, lambda m: m.busy is not None)
        telling.may_return.set()
        await asyncio.gather(stopping, starting)
        telling.happen(machine.handle, "reboot")
        telling.happen(machine.handle, "exit")
        await told(machine, lambda m: m.last_state is VmState.FAILED)
        history = await machine.history()
        assert [row.action for row in history[2:]] == ["stop", "start", "reboot", "exit"]
        assert is_continuous(history)

    runner.run(scenario())


def test_a_cancelled_action_ends_only_when_its_row_is_written(
    runner: asyncio.Runner, noop: NoopHypervisor, home: object
) -> None:
    class Slow(Store):
        writing, may_write = threading.Event(), threading.Event()

        def record(self, vm_id: str, row: HistoryRow, handle: VmHandle | None = None) -> bool:
            self.writing.set()
            self.may_write.wait()
            return super().record(vm_id, row, handle)

    async def scenario() -> None:
        slow = Slow()
        session = Session(slow, RouterHypervisor([noop]))
        machine = await session.open(WEB)
        starting = asyncio.create_task(machine.start())
        await asyncio.to_thread(slow.writing.wait)
        starting.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not starting.done()
        slow.may_write.set()
        await asyncio.wait({starting})
        assert starting.cancelled()
        assert (await rows(machine))[-1][0] == "start"
        await session.aclose()

    runner.run(scenario())


def test_an_action_right_after_an_event_comes_after_it_in_the_history(
    runner: asyncio.Runner, session: Session, noop: NoopHypervisor
) -> None:
    async def scenario() -> None:
        machine = await following(session)
        noop.happen(machine.handle, "power-off")
        await machine.start()
        assert [row.action for row in await machine.history()][1:] == [
            "start",
            "power-off",
            "start",
        ]
        assert is_continuous(await machine.history())

    runner.run(scenario())


def test_a_change_that_nobody_saw_is_recorded_as_found(
    runner: asyncio.Runner, session: Session, noop: NoopHypervisor
) -> None:
    async def scenario() -> None:
        machine = await session.open(WEB)
        await noop.start(machine.handle)  # past the machine
        assert await machine.refresh() is VmState.RUNNING
        await machine.refresh()
        found = ("found", VmState.PREPARED, VmState.RUNNING, Cause.HOST)
        assert (await rows(machine))[1:] == [found]

    runner.run(scenario())


def test_what_another_is_doing_at_this_moment_is_not_taken_for_found(
    runner: asyncio.Runner, new_session: NewSession, noop: NoopHypervisor
) -> None:
    async def scenario() -> None:
        mine, theirs = await following(new_session()), await new_session().attach("web")
        async with action_lock(new_session().store.locks, "web"):
            await noop.stop(mine.handle)
            assert await theirs.refresh() is VmState.STOPPED
        assert len(await theirs.history()) == 2

    runner.run(scenario())


def test_a_vm_that_another_process_acts_on_is_busy_and_its_state_still_told(
    runner: asyncio.Runner, session: Session
) -> None:
    async def scenario() -> None:
        machine = await following(session)
        async with action_lock(session.store.locks, "web"):
            with pytest.raises(BusyError):
                await machine.stop()
            assert await machine.refresh() is VmState.RUNNING

    runner.run(scenario())


def test_who_waits_for_what_another_process_does_can_act_when_that_is_done(
    runner: asyncio.Runner, new_session: NewSession, noop: NoopHypervisor
) -> None:
    async def scenario() -> None:
        mine, theirs = await following(new_session()), await new_session().attach("web")
        async with action_lock(new_session().store.locks, "web"):
            await noop.stop(mine.handle)
            waiting = asyncio.create_task(theirs.wait_for_state("stopped", 30))
            await asyncio.wait({waiting}, timeout=0.2)
            assert not waiting.done()
        await waiting
        await theirs.start()

    runner.run(scenario())


def test_who_waits_for_a_state_waits_for_no_action_that_goes_on(
    runner: asyncio.Runner, session: Session
) -> None:
    async def scenario() -> None:
        machine = await following(session)
        async with action_lock(session.store.locks, "web"):
            await machine.wait_for_state("running", 30)

    runner.run(scenario())


def test_a_use_that_is_cancelled_at_any_moment_is_over(
    runner: asyncio.Runner, session: Session
) -> None:
    async def use(machine: Machine) -> None:
        async with machine.in_use():
            await asyncio.Event().wait()

    async def scenario() -> None:
        machine = await session.open(WEB)
        for turns in range(6):
            using = asyncio.create_task(use(machine))
            for _ in range(turns):
                await asyncio.sleep(0)
            using.cancel()
            await asyncio.wait({using})
        await asyncio.get_running_loop().shutdown_default_executor()  # until no thread is at it
        over = utc_now()
        last = Uses(session.store.uses / machine.handle.id).last()  # now, while it is in use
        assert last is not None
        assert last < over

    runner.run(scenario())


def test_what_is_tried_with_a_destroyed_vm_leaves_no_mark_of_a_use(
    runner: asyncio.Runner, session: Session
) -> None:
    async def scenario() -> None:
        machine = await session.open(WEB)
        await machine.destroy()
        async with machine.in_use():
            await machine.touch()
        await machine.aclose()  # which waits for what is being written
        assert not (session.store.uses / machine.handle.id).exists()

    runner.run(scenario())


def test_two_who_start_it_at_once_start_it_once(runner: asyncio.Runner, session: Session) -> None:
    async def scenario() -> None:
        machine = await session.open(WEB)
        await asyncio.gather(machine.start(), machine.start(), machine.start())
        assert [row[0] for row in await rows(machine)] == ["prepare", "start"]

    runner.run(scenario())


def test_listeners_are_told_of_each_change_until_they_end_it(
    runner: asyncio.Runner, session: Session
) -> None:
    async def scenario() -> None:
        machine = await session.open(WEB)
        heard: list[tuple[str | None, VmState]] = []
        end = machine.subscribe(
            lambda m: heard.append((m.busy.what if m.busy else None, m.last_state))
        )
        await machine.start()
        assert heard == [("start", VmState.PREPARED), (None, VmState.RUNNING)]
        end()
        end()
        await machine.stop()
        assert len(heard) == 2

    runner.run(scenario())


def test_a_listener_that_fails_stops_neither_the_action_nor_the_others(
    runner: asyncio.Runner, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(machine: Machine) -> None:
        raise RuntimeError("the widget is gone")

    async def scenario() -> None:
        machine = await session.open(WEB)
        heard: list[VmState] = []
        machine.subscribe(fail)
        machine.subscribe(lambda m: heard.append(m.last_state))
        await machine.start()
        assert heard[-1] is VmState.RUNNING

    runner.run(scenario())
    assert "the widget is gone" in caplog.text


def test_a_destroyed_vm_is_destroyed_for_every_process_and_its_name_is_free(
    runner: asyncio.Runner, new_session: NewSession
) -> None:
    async def scenario() -> None:
        mine, theirs = await following(new_session()), await new_session().attach("web")
        await mine.destroy()
        assert await theirs.refresh() is VmState.DESTROYED
        await theirs.destroy()
        again = await new_session().open(WEB)
        assert again.handle.id != mine.handle.id
        assert [row.action for row in await mine.history()] == ["prepare", "start", "destroy"]

    runner.run(scenario())


def test_a_vm_that_no_longer_answers_can_still_be_destroyed(
    runner: asyncio.Runner, session: Session
) -> None:
    class Mute(NoopHypervisor):
        async def state(self, handle: VmHandle) -> VmState:
            raise BackendError("no answer")

    async def scenario() -> None:
        machine = await following(session)
        session.router.add(Mute())
        with pytest.raises(BackendError, match="no answer"):
            await machine.stop()
        await machine.destroy()
        assert (await rows(machine))[-1][0] == "destroy"

    runner.run(scenario())


def test_nothing_follows_a_vm_that_was_let_go(runner: asyncio.Runner, session: Session) -> None:
    async def scenario() -> set[str]:
        machine = await following(session)
        await machine.aclose()
        return {task.get_name() for task in asyncio.all_tasks()}

    assert "watch web" not in runner.run(scenario())
