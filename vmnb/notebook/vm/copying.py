"""Files and trees that go into the guest and come out of it: the part of a VM that copies."""

import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Self

from vmnb.core.errors import SpecError
from vmnb.core.progress import reporting_to
from vmnb.guest.copy_in import copy_in
from vmnb.guest.copy_out import copy_out
from vmnb.guest.copying import COPY_TIMEOUT_S, guest_path
from vmnb.notebook.live.live import Live
from vmnb.notebook.progress import progress_bar
from vmnb.notebook.vm.facade import AsyncFacade, Facade

__all__ = ["AsyncCopying", "Copying"]

_HostPath = str | os.PathLike[str]


class Copying(Facade):
    """What a VM does with files of the host and of its guest."""

    def copy_in(
        self, source: _HostPath, target: _HostPath, *, timeout: float = COPY_TIMEOUT_S
    ) -> Self:
        """Copy a file, or a directory with all in it, into the guest; what is there is replaced.

        It goes by SSH where the VM has it, else by the agent. Modes, times and links are kept, and
        everything belongs to root. It is compared by SHA-256, and appears whole or not at all; a
        directory that is there already gets what `source` has, and keeps the rest.

        Parameters
        ----------
        source
            Of the host; ``~`` is your home.
        target
            Its path in the guest, absolute or in root's home by ``~``; directories above it are
            made. Where it ends with ``/``, it is the directory that `source` is put in.
        timeout
            In seconds.

        Raises
        ------
        SpecError
            `source` cannot be read, or has a socket, pipe or device in it, or `target` is no path.
        GuestError
            The guest has no room, or lacks what it takes; nothing of it is left there.
        DeadlineError
            It was not done in time, or the guest did not answer; the same.
        StateError, CapabilityError
            As for :meth:`run`.
        """
        with progress_bar() as show, reporting_to(show):
            return self._act("copy_in", lambda: _copy_in(self._live, source, target, timeout))

    def copy_out(
        self, source: _HostPath, target: _HostPath, *, timeout: float = COPY_TIMEOUT_S
    ) -> Self:
        """Copy a file, or a directory with all in it, out of the guest; see :meth:`copy_in`.

        Everything is yours then. Nothing that the guest sends lands outside of `target`: links
        that lead out of the directory are refused.

        Parameters
        ----------
        source
            Of the guest, absolute or in root's home by ``~``; a link is followed.
        target
            Of the host; where it ends with ``/``, the directory that `source` is put in.
        timeout
            In seconds.

        Raises
        ------
        GuestError
            It is not there, was written to meanwhile, or has something in it that cannot be
            copied; nothing of it is left here.
        SpecError
            `target` cannot be written.
        DeadlineError, StateError, CapabilityError
            As for :meth:`copy_in`.
        """
        with progress_bar() as show, reporting_to(show):
            return self._act("copy_out", lambda: _copy_out(self._live, source, target, timeout))


class AsyncCopying(AsyncFacade):
    """The awaitable twin of :class:`Copying`."""

    async def copy_in(
        self,
        source: _HostPath,
        target: _HostPath,
        *,
        timeout: float = COPY_TIMEOUT_S,  # noqa: ASYNC109 - it ends what goes on in the guest too
    ) -> None:
        """See :meth:`vmnb.VM.copy_in`."""
        await self._wait(_copy_in(self._live, source, target, timeout))

    async def copy_out(
        self,
        source: _HostPath,
        target: _HostPath,
        *,
        timeout: float = COPY_TIMEOUT_S,  # noqa: ASYNC109 - it ends what goes on in the guest too
    ) -> None:
        """See :meth:`vmnb.VM.copy_out`."""
        await self._wait(_copy_out(self._live, source, target, timeout))


def _copy_in(
    live: Live, source: _HostPath, target: _HostPath, timeout_s: float
) -> Coroutine[Any, Any, None]:
    ours, theirs = _host_path(source), guest_path(target)

    async def copy() -> None:
        async with live.entered():
            way = await live.ways.choose_for_files()
            await copy_in(way, ours, theirs, timeout_s=timeout_s)

    return copy()


def _copy_out(
    live: Live, source: _HostPath, target: _HostPath, timeout_s: float
) -> Coroutine[Any, Any, None]:
    theirs, ours = guest_path(source), _host_path(target)
    into = os.fspath(target).endswith("/")

    async def copy() -> None:
        async with live.entered():
            way = await live.ways.choose_for_files()
            await copy_out(way, theirs, ours, into=into, timeout_s=timeout_s)

    return copy()


def _host_path(path: _HostPath) -> Path:
    if not isinstance(path, str | os.PathLike) or not os.fspath(path) or "\0" in os.fspath(path):
        raise SpecError(f"{path!r:.200} is no path", hint="give a text or a Path")
    return Path(path).expanduser().absolute()
