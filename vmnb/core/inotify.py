"""Word from the kernel that files have changed (inotify(7)).

A change is told to every process of the machine on which it is made, on any file system; not one
that another machine makes on a file system of the network.
"""

import asyncio
import ctypes
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from weakref import WeakKeyDictionary

from vmnb.core.errors import BackendUnavailableError
from vmnb.core.listeners import Listeners

__all__ = ["changes"]

_EVENT = struct.Struct("iIII")  # watch, mask, cookie, length of the name that follows
_MODIFY, _CLOSE_WRITE = 0x2, 0x8
_CHUNK = 64 * 1024


@contextmanager
def changes(path: Path, hear: Callable[[str], object]) -> Iterator[None]:
    """Let `hear` be called on the running loop whenever a file is written, or no longer held open.

    Parameters
    ----------
    path
        A file, or a directory whose files are meant.
    hear
        Called with the name of the directory's file; with no name where `path` itself changed, or
        where more changed than could be told. One change may be told more than once.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    BackendUnavailableError
        This machine cannot tell.
    """
    kernel = _kernels.setdefault(asyncio.get_running_loop(), _Kernel())
    watch = kernel.watch(path)
    forget = kernel.listeners[watch].add(hear)
    try:
        yield
    finally:
        forget()
        kernel.leave(watch)


class _Kernel:
    """One loop's connection to the kernel, open while something is watched.

    One for all, since a user may have few of them (``fs.inotify.max_user_instances``).
    """

    def __init__(self) -> None:
        self.listeners: dict[int, Listeners[[str]]] = {}
        self._uses: dict[int, int] = {}
        self._descriptor = -1

    def watch(self, path: Path) -> int:
        """Return the number of the watch on `path`, the same for all who watch it."""
        loop = asyncio.get_running_loop()
        if self._descriptor < 0:
            self._descriptor = _call("inotify_init1", os.O_NONBLOCK | os.O_CLOEXEC)
            loop.add_reader(self._descriptor, self._read)
        try:
            mask = ctypes.c_uint32(_MODIFY | _CLOSE_WRITE)
            watch = _call("inotify_add_watch", self._descriptor, os.fsencode(path), mask)
        except BaseException:
            self._close_if_unused()
            raise
        self.listeners.setdefault(watch, Listeners())
        self._uses[watch] = self._uses.get(watch, 0) + 1
        return watch

    def leave(self, watch: int) -> None:
        """End one use of it."""
        self._uses[watch] -= 1
        if self._uses[watch] == 0:
            del self._uses[watch], self.listeners[watch]
            with suppress(OSError):  # the file is gone, and so is its watch
                _call("inotify_rm_watch", self._descriptor, watch)
        self._close_if_unused()

    def _close_if_unused(self) -> None:
        if not self._uses:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def _read(self) -> None:
        with suppress(BlockingIOError):
            for watch, name in _events(os.read(self._descriptor, _CHUNK)):
                if watch in self.listeners:
                    self.listeners[watch].tell(name)
                elif watch < 0:  # there were more than the kernel keeps
                    for listeners in tuple(self.listeners.values()):
                        listeners.tell("")


_kernels: WeakKeyDictionary[asyncio.AbstractEventLoop, _Kernel] = WeakKeyDictionary()


def _events(data: bytes) -> Iterator[tuple[int, str]]:
    while data:
        watch, _, _, length = _EVENT.unpack_from(data)
        name = data[_EVENT.size : _EVENT.size + length].rstrip(b"\0")
        yield watch, os.fsdecode(name)
        data = data[_EVENT.size + length :]


def _call(name: str, *arguments: object) -> int:
    try:
        result = int(getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments))
    except AttributeError as error:
        raise BackendUnavailableError(
            "this system does not tell that files change: it has no inotify"
        ) from error
    if result >= 0:
        return result
    failure = OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if name == "inotify_rm_watch" or isinstance(failure, FileNotFoundError):
        raise failure
    raise BackendUnavailableError(
        f"this system does not tell that files change: {failure.strerror}",
        hint="allow each user more: sysctl fs.inotify.max_user_instances and "
        "fs.inotify.max_user_watches",
    ) from failure
