"""One action at a time on a VM, over all processes."""

import asyncio
import fcntl
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmnb.core.errors import BusyError, StoreError
from vmnb.core.lock import (
    _Lock,
    action_lock,
    forgotten_locks,
    is_locked,
    lock_name,
    remove_lock,
)

HOLDER = """
import asyncio, sys
from pathlib import Path
from vmnb.core.lock import action_lock

async def hold():
    async with action_lock(Path(sys.argv[1]), "web"):
        print("held", flush=True)
        await asyncio.to_thread(sys.stdin.readline)

asyncio.run(hold())
"""


FORKED = """
import asyncio, os, sys
from pathlib import Path
from vmnb.core.lock import action_lock

async def hold():
    async with action_lock(Path(sys.argv[1]), "web"):
        if os.fork() == 0:
            print("held", flush=True)
        os.read(0, 1)
        os._exit(0)

asyncio.run(hold())
"""


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    return tmp_path / "locks"


@pytest.fixture
def holder(locks: Path) -> Iterator[subprocess.Popen[str]]:
    """Give a process that holds the lock of "web"."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(locks)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


async def take(locks: Path, name: str = "web") -> None:
    async with action_lock(locks, name):
        assert is_locked(locks, name)


def test_a_lock_leaves_no_file_and_is_private(locks: Path) -> None:
    async def scenario() -> None:
        async with action_lock(locks, "web"):
            (file,) = await asyncio.to_thread(lambda: list(locks.iterdir()))
            assert stat.S_IMODE(file.stat().st_mode) == 0o600

    asyncio.run(scenario())
    assert list(locks.iterdir()) == []
    assert stat.S_IMODE(locks.stat().st_mode) == 0o700
    assert not is_locked(locks, "web")


def test_what_another_process_is_acting_on_is_busy(
    locks: Path, holder: subprocess.Popen[str]
) -> None:
    assert is_locked(locks, "web")
    with pytest.raises(BusyError, match="'web'"):
        asyncio.run(take(locks))
    asyncio.run(take(locks, "another name"))
    holder.communicate("go\n")
    asyncio.run(take(locks))


def test_the_lock_of_a_killed_process_is_free(locks: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert not is_locked(locks, "web")
    asyncio.run(take(locks))
    assert list(locks.iterdir()) == []


def test_it_is_held_once_even_within_a_process(locks: Path) -> None:
    async def scenario() -> None:
        async with action_lock(locks, "web"):
            with pytest.raises(BusyError):
                await take(locks)
            assert is_locked(locks, "web")

    asyncio.run(scenario())


def test_many_who_want_it_at_once_have_it_one_after_the_other(locks: Path) -> None:
    holders = 0
    had = 0

    async def try_often() -> None:
        nonlocal holders, had
        for _ in range(20):
            try:
                async with action_lock(locks, "web"):
                    holders += 1
                    assert holders == 1
                    await asyncio.sleep(0)
                    holders -= 1
                    had += 1
            except BusyError:
                await asyncio.sleep(0)

    async def scenario() -> None:
        await asyncio.gather(*(try_often() for _ in range(4)))

    asyncio.run(scenario())
    assert had > 0
    assert list(locks.iterdir()) == []


def test_who_is_cancelled_while_taking_it_does_not_keep_it(locks: Path) -> None:
    async def scenario() -> None:
        for steps in range(6):
            task = asyncio.create_task(take(locks))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
            assert not is_locked(locks, "web")

    asyncio.run(scenario())


def test_a_child_that_outlives_its_killed_parent_does_not_keep_the_lock(locks: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FORKED, str(locks)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"held\n"
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert not is_locked(locks, "web")


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_that_ends_does_not_free_the_lock_of_its_parent(locks: Path) -> None:
    lock = _Lock(locks / "web")
    lock.take()
    child = os.fork()
    if child == 0:
        try:
            lock.free()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert (locks / "web").exists()
    lock.free()
    assert not (locks / "web").exists()


def test_a_lock_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    name = "web"

    async def scenario() -> None:
        async with action_lock(tmp_path / "locks", name):
            (file,) = await asyncio.to_thread(lambda: list((tmp_path / "locks").iterdir()))
        file.mkdir()
        with pytest.raises(StoreError, match="cannot lock"):
            await take(tmp_path / "locks", name)

    asyncio.run(scenario())


def test_who_only_looks_whether_it_is_held_keeps_nobody_from_taking_it(locks: Path) -> None:
    locks.mkdir(mode=0o700)

    async def scenario() -> None:
        with (locks / lock_name("web")).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            taking = asyncio.create_task(take(locks))
            done, _ = await asyncio.wait({taking}, timeout=0.2)
            assert done == set()
        await taking

    asyncio.run(scenario())


def test_the_files_of_holders_that_were_killed_are_found_and_removed(
    locks: Path, holder: subprocess.Popen[str]
) -> None:
    (file,) = locks.iterdir()
    assert forgotten_locks(locks) == []
    remove_lock(file)
    assert file.exists()
    holder.kill()
    holder.wait()
    assert forgotten_locks(locks) == [file]
    remove_lock(file)
    assert list(locks.iterdir()) == []
