"""A store that is damaged, lost or locked: its VMs are found again."""

import asyncio
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.core.samples import row
from tests.small_disk import mountable
from vmnb.core.errors import StoreError
from vmnb.core.handle import VmHandle
from vmnb.core.session import Session
from vmnb.core.spec import VmSpec
from vmnb.core.state import Action, Cause, VmState
from vmnb.core.store import Store

Python = Callable[..., subprocess.CompletedProcess[str]]


def made(store: Store, name: str) -> VmHandle:
    """Bring a VM with a work directory into the store and return its handle."""
    spec = VmSpec(name=name)
    claim = store.claim(spec, "noop")
    work = store.path.parent / "vms" / claim
    work.mkdir(parents=True)
    handle = VmHandle(id=claim, backend="noop", spec=spec, work_dir=work)
    store.settle(claim, handle, row(Action.PREPARE, VmState.PREPARED))
    return handle


def damaged(store: Store) -> list[Path]:
    return sorted(store.path.parent.glob(f"{store.path.name}.damaged-*"))


def no_database(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 100)


def torn(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def cut_short(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [no_database, torn, cut_short, emptied, Path.unlink])
def test_a_damaged_store_is_made_anew_with_the_vms_that_are_there(
    store: Store, spoil: Callable[[Path], object]
) -> None:
    first, second = made(store, "web"), made(store, "db")
    spoil(store.path)
    assert [record.handle for record in store.machines()] == [first, second]
    (told,) = store.history(first.id)
    assert (told.action, told.cause) == ("rebuilt", Cause.FAILURE)
    assert "the history until then is lost" in told.detail
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    store.record(first.id, row(Action.START, VmState.RUNNING))
    kept = damaged(store)
    assert len(kept) == (spoil in (no_database, torn, cut_short))
    assert all(path.name in told.detail for path in kept)


def test_what_was_recorded_last_of_a_handle_is_there_again(store: Store) -> None:
    handle = made(store, "web")
    started = replace(handle, pid=7, pid_start=8, boot_id="9")
    store.record(handle.id, row(Action.START, VmState.RUNNING), started)
    torn(store.path)
    record = store.find("web")
    assert record is not None
    assert record.handle == started


def test_a_vm_that_is_gone_does_not_come_back(store: Store) -> None:
    handle = made(store, "web")
    assert handle.work_dir is not None
    handle.work_dir.rename(handle.work_dir.with_name(f".gone-{handle.id}"))
    store.record(handle.id, row(Action.DESTROY, VmState.DESTROYED), handle)
    torn(store.path)
    assert store.machines() == []


def test_a_journal_of_the_damaged_store_is_not_written_into_the_new_one(store: Store) -> None:
    handle = made(store, "web")
    torn(store.path)
    journal = store.path.with_name(f"{store.path.name}-journal")
    journal.write_bytes(bytes(1024))
    assert [record.handle for record in store.machines()] == [handle]
    assert not journal.exists()


def test_processes_that_find_it_damaged_at_once_rebuild_it_once(store: Store) -> None:
    made(store, "web")
    torn(store.path)
    program = "from vmnb.core.store import Store; print(len(Store().machines()))"
    found = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [process.communicate(timeout=60)[0] for process in found] == ["1\n"] * 4
    assert len(damaged(store)) == 1


def test_a_handle_is_private_and_written_only_where_it_changes(store: Store) -> None:
    handle = made(store, "web")
    assert handle.work_dir is not None
    (file,) = handle.work_dir.iterdir()
    before = file.stat()
    assert stat.S_IMODE(before.st_mode) == 0o600
    store.record(handle.id, row(Action.START, VmState.RUNNING), handle)
    assert file.stat().st_ino == before.st_ino


@pytest.fixture
def mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], subprocess.CompletedProcess[str]]]:
    """A data home on a file system of its own; give what mounts it again with other options."""
    place = tmp_path / "small"
    with mountable(place) as mount:
        mount("size=16M")
        monkeypatch.setenv("VMNB_HOME", str(place))

        def again(options: str) -> subprocess.CompletedProcess[str]:
            argv = ["mount", "-o", f"remount,{options}", str(place)]
            return subprocess.run(argv, check=True, capture_output=True, text=True)

        yield again


def test_a_store_that_cannot_be_written_to_is_read_and_says_so(
    mounted: Callable[[str], object],
) -> None:
    store = Store()
    handle = made(store, "web")
    mounted("ro")
    assert [record.handle for record in store.machines()] == [handle]
    with pytest.raises(StoreError, match="its directory is writable"):
        store.record(handle.id, row(Action.START, VmState.RUNNING))
    mounted("rw")
    torn(store.path)
    mounted("ro")
    with pytest.raises(StoreError, match="damaged, and cannot be made anew"):
        store.machines()
    mounted("rw")
    assert [record.handle for record in store.machines()] == [handle]


def test_a_full_disk_is_told_and_leaves_the_store_and_the_handle_as_they_were(
    mounted: Callable[[str], object],
) -> None:
    store = Store()
    handle = made(store, "web")
    filler = store.path.parent / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    started = replace(handle, pid=7, extra={"much": "x" * 100_000})
    for handle_too in (started, None):
        with pytest.raises(StoreError, match="its disk is not full"):
            store.record(handle.id, row("x" * 9000, VmState.RUNNING), handle_too)
    with pytest.raises(StoreError, match="its disk is not full"):
        store.claim(VmSpec(name="other", image="x" * 9000), "noop")
    filler.unlink()
    record = store.find("web")
    assert record is not None
    assert (record.handle, record.state) == (handle, VmState.PREPARED)
    assert handle.work_dir is not None
    assert len(list(handle.work_dir.iterdir())) == 1


HOLDER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.readline()
"""


@contextmanager
def holder(path: Path) -> Iterator[None]:
    """Let another process have the file for itself, for the time of a body."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield
        finally:
            process.communicate("enough\n", timeout=60)


@pytest.mark.parametrize("held_s", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_a_store_that_another_process_holds_is_waited_for_and_holds_up_nothing_else(
    session: Session, runner: asyncio.Runner, held_s: int
) -> None:
    async def scenario() -> None:
        machine = await session.open(VmSpec(name="web"))
        with holder(session.store.path):
            starting = asyncio.create_task(machine.start())
            for _ in range(20 * held_s):
                await asyncio.sleep(0.05)
            assert not starting.done()
        await starting
        assert await machine.state() is VmState.RUNNING

    runner.run(scenario())
