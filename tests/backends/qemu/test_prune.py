"""What VMs have left behind is found and removed, and nothing that anybody needs."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

import pytest

from vmnb.backends.qemu import QemuHypervisor
from vmnb.backends.qemu.files import Sockets
from vmnb.backends.qemu.instants.templates import MAKING, Templates
from vmnb.core.handle import VmHandle
from vmnb.core.lock import action_lock
from vmnb.core.paths import data_home, runtime_home
from vmnb.core.process import find_process, identify
from vmnb.core.pruning import find_remnants, remove_remnants
from vmnb.core.router import RouterHypervisor
from vmnb.core.session import Session
from vmnb.core.spec import VmSpec
from vmnb.core.state import VmState
from vmnb.core.store import Store
from vmnb.lan import join
from vmnb.lan.files import register_path

Spec = Callable[..., VmSpec]


@pytest.fixture
def session(
    homes: Path, image_cache: Path, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Session]:
    """A session in homes and with a cache of the test's own, in which QEMU was tried already."""
    (image_cache / "qemu").mkdir(parents=True, exist_ok=True)
    (homes / "cache").mkdir()
    (homes / "cache" / "qemu").symlink_to(image_cache / "qemu")
    monkeypatch.setenv("VMNB_CACHE", str(homes / "cache"))
    session = Session(Store(), RouterHypervisor([QemuHypervisor()]))
    yield session
    runner.run(session.aclose())


def aged(path: Path) -> Path:
    """Let `path` be as it is since yesterday."""
    yesterday = time.time() - 86400
    os.utime(path, (yesterday, yesterday))
    return path


def is_alive(handle: VmHandle) -> bool:
    found = find_process(Sockets.of(handle.id).pidfile, None)
    if found is not None:
        found.close()
    return found is not None


async def kinds(session: Session) -> list[tuple[str, str]]:
    """Return what is found."""
    return [(each.kind, Path(each.what).name) for each in await find_remnants(session)]


async def prune(session: Session) -> int:
    return len(await remove_remnants(session, await find_remnants(session)))


def test_a_vm_that_no_store_knows_is_removed_with_its_qemu_when_nobody_is_making_it(
    session: Session, hypervisor: QemuHypervisor, runner: asyncio.Runner, spec: Spec
) -> None:
    async def scenario() -> None:
        stray = await hypervisor.start(await hypervisor.prepare(spec()))
        assert stray.work_dir is not None
        assert await kinds(session) == []  # it may be in the making
        aged(stray.work_dir)
        assert await kinds(session) == [("vm", stray.id)]
        assert await prune(session) == 1
        assert not is_alive(stray)
        assert list(stray.work_dir.parent.iterdir()) == []
        assert list(runtime_home().iterdir()) == []

    runner.run(scenario())


def test_what_was_never_made_or_removed_to_the_end_is_removed(
    session: Session, runner: asyncio.Runner
) -> None:
    async def scenario() -> None:
        names = [f".gone-{uuid4().hex}", f".new-{uuid4().hex}"]
        for name in [*names, "something else"]:
            (data_home() / "vms" / name).mkdir(parents=True)
            aged(data_home() / "vms" / name)
        assert await kinds(session) == [("vm", name) for name in names]
        assert await prune(session) == 2
        assert [path.name for path in (data_home() / "vms").iterdir()] == ["something else"]

    runner.run(scenario())


def test_a_qemu_whose_files_are_gone_is_ended(
    session: Session, hypervisor: QemuHypervisor, runner: asyncio.Runner, spec: Spec
) -> None:
    async def scenario() -> None:
        stray = await hypervisor.start(await hypervisor.prepare(spec()))
        assert stray.work_dir is not None
        shutil.rmtree(stray.work_dir)
        assert await kinds(session) == [("process", f"QEMU, process {stray.pid}")]
        assert await prune(session) == 1
        assert not is_alive(stray)
        assert list(runtime_home().iterdir()) == []

    runner.run(scenario())


def test_a_vm_of_the_store_is_left_alone_whether_it_runs_or_not(
    session: Session, runner: asyncio.Runner, spec: Spec
) -> None:
    async def scenario() -> None:
        machine = await session.open(spec())
        await machine.start()
        assert machine.handle.work_dir is not None
        for path in (machine.handle.work_dir, Sockets.of_handle(machine.handle).directory):
            aged(path)
        assert await kinds(session) == []
        await machine.stop(0)
        aged(machine.handle.work_dir)
        assert await kinds(session) == []
        await machine.destroy()

    runner.run(scenario())


def test_vms_of_another_data_home_are_left_alone_though_their_sockets_are_beside(
    session: Session,
    homes: Path,
    runner: asyncio.Runner,
    spec: Spec,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        machine = await session.open(spec())
        await machine.start()
        aged(Sockets.of_handle(machine.handle).directory)
        with monkeypatch.context() as patch:
            patch.setenv("VMNB_HOME", str(homes / "other"))
            other = Session(Store(), RouterHypervisor([QemuHypervisor()]))
            assert await kinds(other) == []
            await other.aclose()
        assert await machine.state() is VmState.RUNNING
        await machine.destroy()

    runner.run(scenario())


def test_what_a_living_process_is_making_is_left_alone(
    session: Session, runner: asyncio.Runner
) -> None:
    async def scenario() -> None:
        async with action_lock(session.store.locks, "slow"):
            claim = session.store.claim(VmSpec(name="slow"), "qemu")
            vms = data_home() / "vms"
            (waiting := vms / uuid4().hex).mkdir(parents=True)
            (waiting / "disk.qcow2").symlink_to("layer.qcow2")
            owner = waiting / "waiting.json"
            owner.write_text(json.dumps(asdict(identify(os.getpid()))))
            (making := vms / f".new-{claim}").mkdir()
            (taken := vms / uuid4().hex).mkdir()
            (taken / "taken").write_text(claim)
            for path in (waiting, making, taken, *session.store.locks.iterdir()):
                aged(path)
            assert await kinds(session) == []
        (taken / "taken").unlink()
        owner.unlink()
        aged(waiting)
        # With its lock free, the claim is nobody's: with it goes what was made for it.
        assert await kinds(session) == [("vm", waiting.name)]
        assert not making.exists()
        assert await prune(session) == 1

    runner.run(scenario())


def test_locks_sockets_and_memberships_of_who_is_gone_are_removed(
    session: Session, runner: asyncio.Runner
) -> None:
    async def scenario() -> None:
        lock = session.store.locks / "0123"
        lock.parent.mkdir(parents=True)
        lock.touch()
        use = session.store.uses / uuid4().hex
        use.parent.mkdir()
        use.touch()
        sockets = Sockets.of(uuid4().hex)
        sockets.directory.mkdir(parents=True)
        sockets.pidfile.touch()
        stray = uuid4().hex
        join("lab", stray, "web", port=sockets.lan, pidfile=sockets.pidfile)
        for path in (lock, use, sockets.directory, register_path("lab")):
            aged(path)
        async with action_lock(session.store.locks, "held"):
            for path in session.store.locks.iterdir():
                aged(path)
            found = [kind for kind, _ in await kinds(session)]
            assert found == ["sockets", "network", "lock", "lock"]
            assert await prune(session) == 4
        assert not register_path("lab").exists()
        assert not sockets.directory.exists()
        assert not lock.exists()
        assert not use.exists()

    runner.run(scenario())


def kept_template(name: str, *, is_automatic: bool, used: float) -> Path:
    """Make what looks like a template that was used last so many days ago."""
    facts = {"image": "tiny", "vcpus": 1, "memory_mib": 96, "is_automatic": is_automatic}
    facts |= {"name": name, "time": "2026-01-01T00:00:00+00:00"}
    directory = Templates().named(name).directory
    directory.mkdir(parents=True)
    (directory / "facts.json").write_text(json.dumps(facts))
    (directory / "used").touch()
    then = time.time() - used * 86400
    os.utime(directory / "used", (then, then))
    return directory


def test_templates_that_were_made_by_themselves_go_when_no_vm_wanted_them_for_a_month(
    session: Session, runner: asyncio.Runner
) -> None:
    async def scenario() -> None:
        unused = kept_template("unused", is_automatic=True, used=31)
        kept_template("used", is_automatic=True, used=29)
        kept_template("named", is_automatic=False, used=99)
        half_made = unused.with_name(".new-1")
        half_made.mkdir()
        aged(half_made)
        async with action_lock(Templates().locks, MAKING):
            assert await kinds(session) == [("template", "unused")]
        assert await prune(session) == 2
        assert {each.name for each in Templates().all()} == {"used", "named"}
        assert not half_made.exists()

    runner.run(scenario())


def test_what_is_needed_by_the_time_it_is_to_be_removed_stays(
    session: Session, hypervisor: QemuHypervisor, runner: asyncio.Runner, spec: Spec
) -> None:
    async def scenario() -> None:
        handle = await hypervisor.prepare(spec())
        assert handle.work_dir is not None
        aged(handle.work_dir)
        found = await find_remnants(session)
        assert len(found) == 1

        async def prepared() -> VmHandle:
            return handle

        machine = await session.add(handle.spec, "qemu", prepared)
        aged(handle.work_dir)
        assert await remove_remnants(session, found) == []
        assert await machine.state() is VmState.PREPARED
        await machine.destroy()

    runner.run(scenario())
