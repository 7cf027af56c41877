"""The store: durable, private, and safe with several processes at once."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.core.samples import row
from vmnb.core.errors import SpecError, StoreError, VmExistsError
from vmnb.core.handle import VmHandle
from vmnb.core.history import utc_now
from vmnb.core.spec import VmSpec
from vmnb.core.state import Action, VmState
from vmnb.core.store import Store

Python = Callable[..., subprocess.CompletedProcess[str]]

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def made(store: Store, name: str) -> VmHandle:
    """Bring a VM into the store and return its handle."""
    spec = VmSpec(name=name)
    claim = store.claim(spec, "noop")
    handle = VmHandle(id=f"id of {name}", backend="noop", spec=spec)
    store.settle(claim, handle, row(Action.PREPARE, VmState.PREPARED))
    return handle


def sql(store: Store, statement: str) -> list[tuple[object, ...]]:
    """Go around the store."""
    db = sqlite3.connect(store.path)
    with db:
        rows = db.execute(statement).fetchall()
    db.close()
    return rows


def test_a_claim_becomes_the_vm_that_was_prepared(store: Store) -> None:
    claim = store.claim(VmSpec(name="web"), "noop")
    claimed = store.find("web")
    assert claimed is not None
    assert (claimed.handle, claimed.state) == (None, VmState.PREPARING)
    handle = VmHandle(id="1", backend="noop", spec=VmSpec(name="web"))
    store.settle(claim, handle, row(Action.PREPARE, VmState.PREPARED))
    record = store.find("web")
    assert record is not None
    assert (record.id, record.handle, record.state) == ("1", handle, VmState.PREPARED)


def test_a_name_can_be_taken_once(store: Store) -> None:
    store.claim(VmSpec(name="web"), "noop")
    with pytest.raises(VmExistsError, match="'web'"):
        store.claim(VmSpec(name="web"), "noop")


def test_a_released_claim_leaves_nothing_and_a_vm_is_never_released(store: Store) -> None:
    store.release(store.claim(VmSpec(name="web"), "noop"))
    assert store.machines() == []
    handle = made(store, "web")
    store.release(handle.id)
    assert [record.handle for record in store.machines()] == [handle]


def test_a_destroyed_vm_keeps_its_history_and_frees_its_name(store: Store) -> None:
    first = made(store, "web")
    store.record(first.id, row(Action.DESTROY, VmState.DESTROYED))
    assert store.find("web") is None
    spec = VmSpec(name="web")
    second = VmHandle(id="second", backend="noop", spec=spec)
    store.settle(store.claim(spec, "noop"), second, row(Action.PREPARE, VmState.PREPARED))
    assert [r.action for r in store.history(first.id)] == ["prepare", "destroy"]
    assert [r.action for r in store.history(second.id)] == ["prepare"]


def test_vms_that_are_gone_are_remembered_in_their_order_and_claims_are_not(store: Store) -> None:
    first, other = made(store, "web"), made(store, "other")
    store.record(first.id, row(Action.DESTROY, VmState.DESTROYED))
    store.claim(VmSpec(name="web"), "noop")
    assert [record.id for record in store.remembered()] == [first.id, other.id]
    assert [record.id for record in store.remembered("web")] == [first.id]
    assert store.remembered("nobody") == []


def test_what_is_recorded_late_does_not_bring_a_destroyed_vm_back(store: Store) -> None:
    handle = made(store, "web")
    store.record(handle.id, row(Action.DESTROY, VmState.DESTROYED))
    made(store, "other")
    store.record(handle.id, row("exit", VmState.FAILED, key="late"))
    record = store.get(handle.id)
    assert record is not None
    assert record.state is VmState.DESTROYED
    assert record.destroyed is not None


def test_a_row_is_read_back_as_it_was_written(store: Store) -> None:
    handle = made(store, "web")
    written = replace(
        row("panic", VmState.FAILED, key="k"), from_state=VmState.RUNNING, detail="é\n'--"
    )
    store.record(handle.id, written)
    assert store.history(handle.id)[-1] == written


def test_times_are_kept_in_utc_to_the_microsecond(store: Store) -> None:
    handle = made(store, "web")
    elsewhere = NOON.astimezone(timezone(timedelta(hours=9)))
    for time in (elsewhere, NOON + timedelta(microseconds=1)):
        store.record(handle.id, replace(row("x", VmState.RUNNING), time=time))
    assert sql(store, "SELECT time FROM history WHERE action = 'x' ORDER BY seq") == [
        ("2026-01-01T12:00:00.000000+00:00",),
        ("2026-01-01T12:00:00.000001+00:00",),
    ]


def test_history_is_told_in_the_order_it_happened_not_was_recorded(store: Store) -> None:
    handle = made(store, "web")
    for minute in (2, 1):
        time = NOON + timedelta(days=9999, minutes=minute)
        store.record(handle.id, replace(row(f"at {minute}", VmState.RUNNING), time=time))
    assert [r.action for r in store.history(handle.id)] == ["prepare", "at 1", "at 2"]


def test_an_event_is_recorded_once_by_its_key_and_an_action_each_time(store: Store) -> None:
    handle, other = made(store, "web"), made(store, "other")
    event = row("reboot", VmState.RUNNING, key="reboot:1")
    assert [store.record(handle.id, event) for _ in range(2)] == [True, False]
    assert store.record(other.id, event)
    action = row(Action.START, VmState.RUNNING)
    assert [store.record(handle.id, action) for _ in range(2)] == [True, True]


def test_the_last_beginning_is_the_last_start_or_reboot_that_succeeded(store: Store) -> None:
    handle = made(store, "web")
    assert store.last_beginning(handle.id, utc_now()) is None
    for second, (action, state) in enumerate(
        [
            (Action.START, VmState.RUNNING),
            ("reboot", VmState.RUNNING),
            (Action.START, VmState.FAILED),
            (Action.SUSPEND, VmState.SUSPENDED),
        ]
    ):
        time = NOON + timedelta(seconds=second)
        store.record(handle.id, replace(row(action, state), time=time))
    assert store.last_beginning(handle.id, NOON + timedelta(hours=1)) == (
        NOON + timedelta(seconds=1),
        True,
    )
    assert store.last_beginning(handle.id, NOON) == (NOON, True)


def test_boot_times_are_those_of_the_same_image_and_accelerator(store: Store) -> None:
    handle = made(store, "web")
    store.record(handle.id, row(Action.START, VmState.RUNNING), replace(handle, accelerator="tcg"))
    store.record(handle.id, row("ready", VmState.RUNNING, key="ready:1"))
    assert store.boot_times_s("tiny", "tcg") == [0.5]
    assert store.boot_times_s("tiny", "kvm") == []
    assert store.boot_times_s("other", "tcg") == []


def test_nothing_is_recorded_of_a_vm_that_the_store_does_not_know(store: Store) -> None:
    with pytest.raises(StoreError):
        store.record("nobody", row(Action.START, VmState.RUNNING))


def test_there_is_no_write_ahead_log(store: Store) -> None:
    made(store, "web")
    assert sql(store, "PRAGMA journal_mode") == [("delete",)]
    assert [path.name for path in store.path.parent.iterdir()] == ["vmnb.sqlite3"]


def test_file_and_directory_are_private_whatever_the_umask(python: Python, store: Store) -> None:
    done = python(
        "import os; os.umask(0)\n"
        "from vmnb.core.store import Store; from vmnb.core.spec import VmSpec\n"
        "Store().claim(VmSpec(name='web'), 'noop')"
    )
    assert done.stderr == ""
    modes = [stat.S_IMODE(p.stat().st_mode) for p in (store.path, store.path.parent)]
    assert modes == [0o600, 0o700]


WRITER = """
import sys
from vmnb.core.handle import VmHandle
from vmnb.core.history import HistoryRow, utc_now
from vmnb.core.spec import VmSpec
from vmnb.core.state import Cause, VmState
from vmnb.core.store import Store

def row(number):
    return HistoryRow(
        time=utc_now(), from_state=None, to_state=VmState.RUNNING, action=f"event {number}",
        duration_s=None, cause=Cause.GUEST, key=str(number),
    )

store, spec = Store(), VmSpec(name=sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
handle = VmHandle(id=f"id of {spec.name}", backend="noop", spec=spec)
store.settle(store.claim(spec, "noop"), handle, row("made"))
for number in range(20):
    store.record(handle.id, row(number))
    store.record("id of shared", row(number))
"""


def test_processes_that_make_the_store_and_write_at_once_lose_nothing(store: Store) -> None:
    names = ["a", "b", "c"]
    made(store, "shared")
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.communicate("go\n")
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    for name in names:
        actions = [r.action for r in store.history(f"id of {name}")]
        assert actions == ["event made", *(f"event {number}" for number in range(20))]
    assert len(store.history("id of shared")) == 1 + 20


def newer(path: Path) -> None:
    Store(path).machines()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 999")
    db.close()


def nonsense(path: Path) -> None:
    made(Store(path), "web")
    db = sqlite3.connect(path)
    with db:
        db.execute("""UPDATE machines SET state = 'flying'""")
    db.close()


@pytest.mark.parametrize(
    ("spoil", "hint"),
    [
        (newer, "newest vmnb"),
        (nonsense, "newest vmnb"),
        (lambda path: path.mkdir(), "writable"),
    ],
)
def test_a_store_that_cannot_be_used_says_so_and_what_to_do(
    tmp_path: Path, spoil: Callable[[Path], object], hint: str
) -> None:
    spoil(tmp_path / "spoilt.sqlite3")
    with pytest.raises(StoreError, match=hint):
        Store(tmp_path / "spoilt.sqlite3").machines()


def test_a_home_that_cannot_be_made_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VMNB_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(SpecError, match="VMNB_HOME"):
        Store().claim(VmSpec(name="web"), "noop")


FULL_DISK = """
import resource, sys
from vmnb.core.errors import StoreError
from vmnb.core.cloud_init import CloudInitConfig
from vmnb.core.spec import VmSpec
from vmnb.core.store import Store
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
try:
    Store().claim(VmSpec(name="big", cloud_init=CloudInitConfig(user_data="x" * 99999)), "noop")
except StoreError as error:
    print(error)
"""


def test_a_disk_that_takes_no_more_is_a_clear_error_and_the_store_stays_whole(
    python: Python, store: Store
) -> None:
    handle = made(store, "web")
    done = python(FULL_DISK)
    assert "its disk is not full" in done.stdout, done.stderr
    assert [record.handle for record in store.machines()] == [handle]
    assert store.record(handle.id, row("y", VmState.RUNNING))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_that_was_forked_amid_the_reads_of_other_threads_can_read(store: Store) -> None:
    made(store, "web")
    enough = threading.Event()

    def read() -> None:
        while not enough.is_set():
            store.find("web")

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        alive = all(_read_in_a_child(store) == 0 for _ in range(50))
    finally:
        enough.set()
        for reader in readers:
            reader.join()
    assert alive


def _read_in_a_child(store: Store) -> int:
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(30)
        os._exit(0 if store.find("web") else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
