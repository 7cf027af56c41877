"""The bridge from blocking calls to the one background loop."""

import asyncio
import gc
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError

import pytest

from vmnb.core import runtime
from vmnb.core.errors import LoopError

Python = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def _no_runtime_is_left() -> Iterator[None]:
    yield
    runtime.shutdown()
    assert [thread.name for thread in threading.enumerate() if thread.name == "vmnb"] == []


async def thread_name() -> str:
    return threading.current_thread().name


def test_a_coroutine_runs_in_the_background_and_its_result_comes_back() -> None:
    assert runtime.run(thread_name()) == "vmnb"
    assert runtime.submit(thread_name()).result() == "vmnb"


def test_an_error_comes_back_as_it_is() -> None:
    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        runtime.run(fail())


def test_it_may_be_called_where_another_loop_runs() -> None:
    async def cell() -> str:
        return runtime.run(thread_name())

    assert asyncio.run(cell()) == "vmnb"


def test_a_blocking_call_on_the_loop_is_refused_before_it_can_hang() -> None:
    async def block() -> None:
        runtime.run(thread_name())

    async def end() -> None:
        runtime.shutdown()

    for coroutine in (block(), end()):
        with pytest.raises(LoopError):
            runtime.run(coroutine)


def test_a_cancelled_future_cancels_the_coroutine() -> None:
    begun, ended = threading.Event(), threading.Event()

    async def wait() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    future = runtime.submit(wait())
    begun.wait()
    assert future.cancel()
    assert ended.wait(60)
    with pytest.raises(CancelledError):
        future.result()


def test_many_threads_share_one_loop_and_one_session() -> None:
    sessions: list[object] = []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        sessions.append(runtime.session())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sessions) == 8
    assert len(set(sessions)) == 1


def test_who_waits_at_shutdown_is_let_go_after_the_clean_up() -> None:
    begun = threading.Event()
    cleaned: list[bool] = []

    async def wait() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.to_thread(cleaned.append, True)

    future = runtime.submit(wait())
    begun.wait()
    runtime.shutdown()
    assert future.cancelled()
    assert cleaned == [True]
    assert runtime.run(thread_name()) == "vmnb"


def test_a_loop_that_is_ended_leaves_nothing_to_collect() -> None:
    runtime.run(thread_name())
    runtime.shutdown()
    gc.collect()  # an unclosed loop or socket would be a warning, and that an error


INTERRUPTED = """
import asyncio, sys, time
from vmnb.core import runtime

async def work():
    print("working", flush=True)
    try:
        await asyncio.sleep(3600)
    finally:
        await asyncio.to_thread(print, "cleaned up")

try:
    runtime.run(work())
except KeyboardInterrupt:
    print("interrupted")
print(runtime.run(asyncio.sleep(0, "goes on")))
"""

INTERRUPTED_BEFORE_IT_BEGAN = """
import asyncio, signal, threading, time
from vmnb.core import runtime

blocked = threading.Event()

async def block_the_loop():
    blocked.set()
    time.sleep(0.1)  # until the call waits behind this one: nothing tells that it does
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    time.sleep(0.2)

async def work():
    print("never")

try:
    runtime.submit(block_the_loop())
    blocked.wait()
    runtime.run(work())
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_cancels_the_coroutine_and_waits_for_its_clean_up() -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", INTERRUPTED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert (output, errors) == ("cleaned up\ninterrupted\ngoes on\n", "")


def test_ctrl_c_before_the_coroutine_began_does_not_wait_for_ever(python: Python) -> None:
    done = python(INTERRUPTED_BEFORE_IT_BEGAN)
    assert (done.stdout, done.stderr) == ("interrupted\n", "")


FORKING = """
import asyncio, os, sys
from vmnb.core import runtime
from vmnb.core.spec import VmSpec

machine = runtime.run(runtime.session().open(VmSpec(name="web"), "noop"))
runtime.run(machine.start())
child = os.fork()
if child == 0:
    mine = runtime.run(runtime.session().attach("web"))
    runtime.run(mine.stop())
    other = runtime.run(runtime.session().open(VmSpec(name="other"), "noop"))
    sys.exit(0)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status))
names = [known.name for known in runtime.run(runtime.session().machines())]
print(names, len(runtime.run(machine.history())))
runtime.run(machine.stop())
"""


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_after_a_fork_child_and_parent_both_work(python: Python) -> None:
    done = python(FORKING)
    assert done.stderr == ""
    assert done.stdout.splitlines()[0] == "0"
    assert "'web', 'other'" in done.stdout


LEAVING = """
import asyncio, threading
from vmnb.backends.noop import NoopHypervisor
from vmnb.core import runtime
from vmnb.core.spec import VmSpec
from vmnb.core.state import Action

noop = NoopHypervisor(delays_s={Action.START: 3600})
machine = runtime.run(runtime.session().open(VmSpec(name="web"), noop))
begun = threading.Event()
machine.subscribe(lambda m: begun.set())
future = runtime.submit(machine.start())
begun.wait()
"""


def test_an_interpreter_that_exits_cancels_and_records_what_was_going_on(
    python: Python, runner: asyncio.Runner
) -> None:
    began = time.monotonic()
    done = python(LEAVING)
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - began < 30
    machine = runtime.run(runtime.session().attach("web"))
    history = runtime.run(machine.history())
    assert [(row.action, row.detail) for row in history[:2]] == [
        ("prepare", ""),
        ("start", "cancelled"),
    ]
