"""The one background event loop, and the bridge to it from blocking calls.

A daemon thread runs one loop that owns every process, socket and QMP client of this Python
process. :func:`run` submits a coroutine and waits; Ctrl-C cancels the coroutine and waits until it
has cleaned up. :func:`submit` is its twin for callers that await or do not wait. After a fork the
child starts anew; what the parent owns stays the parent's.
"""

import asyncio
import atexit
import logging
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Generic, ParamSpec, TypeVar

from vmnb.core.errors import LoopError
from vmnb.core.session import Session

__all__ = ["at_shutdown", "awaited", "run", "session", "shutdown", "submit"]

_log = logging.getLogger(__name__)

_T = TypeVar("_T")
_P = ParamSpec("_P")
_SHUTDOWN_S = 5.0


class _Runtime:
    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.executor = _Threads(thread_name_prefix="vmnb")
        self.loop.set_default_executor(self.executor)
        self.calls: set[asyncio.Task[Any]] = set()
        self.session: Session | None = None
        self.thread = threading.Thread(target=self._serve, name="vmnb", daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    async def aclose(self) -> None:
        """Cancel the calls and await their clean-up, then let go of every VM."""
        await _cancel(self.calls)
        try:
            for close in _closers:
                await close()
            if self.session is not None:
                await self.session.aclose()
        finally:
            await _cancel(asyncio.all_tasks() - {asyncio.current_task()})
            await self.loop.shutdown_asyncgens()


class _Call(Generic[_T]):
    """A coroutine on the loop, the future of its result, and its very end.

    The future of a cancelled call is done at once; the call ends when its clean-up is done.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, _T]) -> None:
        self.future: Future[_T] = Future()
        self.ended = threading.Event()
        self._coroutine = coroutine
        self._task: asyncio.Task[_T] | None = None

    def start(self) -> None:
        """Start it on the loop, unless it has been started or cancelled."""
        with _guard:  # no shutdown in between, or the call would wait on a loop that has ended
            runtime = _current()
            runtime.loop.call_soon_threadsafe(self._begin, runtime)

    def _begin(self, runtime: _Runtime) -> None:
        if self._task is not None or self.ended.is_set():
            return
        if self.future.cancelled():
            self._coroutine.close()
            self.ended.set()
            return
        self._task = task = runtime.loop.create_task(self._coroutine)
        runtime.calls.add(task)
        task.add_done_callback(runtime.calls.discard)
        task.add_done_callback(self._end)
        cancel = partial(runtime.loop.call_soon_threadsafe, task.cancel)
        self.future.add_done_callback(lambda f: cancel() if f.cancelled() else None)

    def _end(self, task: asyncio.Task[_T]) -> None:
        error = None if task.cancelled() else task.exception()
        if task.cancelled():
            self.future.cancel()
        if self.future.set_running_or_notify_cancel():
            if error is not None:
                self.future.set_exception(error)
            else:
                self.future.set_result(task.result())
        self.ended.set()


class _Threads(ThreadPoolExecutor):
    """Runs calls in threads; once the interpreter exits and starts none, where they are submitted.

    It refuses calls from before the functions of `atexit` are run, while the loop still goes on.
    """

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        try:
            return super().submit(fn, *args, **kwargs)
        except RuntimeError as error:
            if "cannot schedule new futures" not in str(error):
                raise
        future: Future[_T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 (it is raised where the future is awaited)
            future.set_exception(error)
        return future


_runtime: _Runtime | None = None
_guard = threading.RLock()
_left_behind: list[_Runtime] = []
"""Runtimes of a parent process: kept, since collecting them would touch the parent's sockets."""


_closers: list[Callable[[], Coroutine[Any, Any, None]]] = []


def at_shutdown(close: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Let `close` run on the loop at each shutdown, before the session is closed."""
    _closers.append(close)


def submit(coroutine: Coroutine[Any, Any, _T]) -> Future[_T]:
    """Run `coroutine` on the background loop and return its future; cancelling it cancels both."""
    call = _Call(coroutine)
    call.start()
    return call.future


async def awaited(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Await, on any loop, what runs on the background loop; cancelling it cancels both."""
    return await asyncio.wrap_future(submit(coroutine))


def run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run `coroutine` on the background loop and wait for its result.

    Raises
    ------
    LoopError
        It was called from the background loop, where it would wait for itself for ever.
    KeyboardInterrupt
        After Ctrl-C; the coroutine has been cancelled and has cleaned up by then. A second Ctrl-C
        does not wait for that.
    """
    if _is_loop_thread():
        coroutine.close()
        raise LoopError(
            "a blocking call was made on the background loop, where it would never return",
            hint="use the awaitable twin there: await vm.aio.start()",
        )
    call = _Call(coroutine)
    try:
        call.start()
        return call.future.result()
    except KeyboardInterrupt:
        call.future.cancel()
        call.start()  # it may have been interrupted before it was started
        call.ended.wait()
        raise


def session() -> Session:
    """Return the session of the background loop."""
    with _guard:
        runtime = _current()
        if runtime.session is None:
            runtime.session = Session()
        return runtime.session


def shutdown() -> None:
    """End what is going on, close the session and the loop; VMs that run go on running.

    A later call of any other function here starts a new loop.

    Raises
    ------
    LoopError
        It was called from the background loop, which cannot wait for its own end.
    """
    global _runtime
    if _is_loop_thread():
        raise LoopError(
            "the background loop cannot wait for its own end", hint="call it in another thread"
        )
    with _guard:
        runtime, _runtime = _runtime, None
    if runtime is None:
        return
    try:
        asyncio.run_coroutine_threadsafe(runtime.aclose(), runtime.loop).result(_SHUTDOWN_S)
    except Exception:  # noqa: BLE001 (whatever went wrong, the loop must end)
        _log.exception("the background loop did not close in order")
    runtime.loop.call_soon_threadsafe(runtime.loop.stop)
    runtime.thread.join(_SHUTDOWN_S)
    if not runtime.thread.is_alive():
        runtime.executor.shutdown(wait=False)
        runtime.loop.close()


async def _cancel(tasks: set[asyncio.Task[Any]]) -> None:
    waiting = tuple(tasks)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


def _is_loop_thread() -> bool:
    return _runtime is not None and threading.current_thread() is _runtime.thread


def _current() -> _Runtime:
    global _runtime
    if _runtime is None:
        _runtime = _Runtime()
    return _runtime


def _after_fork() -> None:
    global _runtime, _guard
    if _runtime is not None:
        _left_behind.append(_runtime)
    _runtime, _guard = None, threading.RLock()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(shutdown)
