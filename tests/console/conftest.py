"""Consoles of real QEMU processes, and of a test that plays QEMU on a real socket."""

import asyncio
import inspect
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .serial_guest import SerialGuest


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test on a loop of its own, and see that it leaves no task behind."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters

    async def whole() -> None:
        await pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(whole())
    return True


@pytest.fixture
def boot(tmp_path: Path) -> Iterator[Callable[[bytes], SerialGuest]]:
    guests: list[SerialGuest] = []

    def start(program: bytes) -> SerialGuest:
        guests.append(SerialGuest(program, tmp_path))
        return guests[-1]

    yield start
    for guest in guests:
        guest.stop()


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    """Listen where a console would, without a log."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "console"))
        listener.listen(1)
        listener.setblocking(False)
        yield listener
