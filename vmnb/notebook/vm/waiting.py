"""Waiting for a VM: the part of it that returns when something has become so."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Self

from vmnb.core.network import Protocol
from vmnb.core.state import VmState
from vmnb.guest import RunResult
from vmnb.guest.condition import Condition, FileExists, Succeeds
from vmnb.guest.listening import Listens
from vmnb.guest.unit import UnitActive
from vmnb.notebook.live.live import WAIT_TIMEOUT_S
from vmnb.notebook.live.ready import READY_TIMEOUT_S, ready
from vmnb.notebook.live.until import console_says, until
from vmnb.notebook.vm.facade import AsyncFacade, Facade

__all__ = ["AsyncWaiting", "Waiting"]


class Waiting(Facade):
    """What a VM can be waited for.

    Each `timeout` is in seconds. A wait that is in vain raises a `DeadlineError`, or at once a
    `StateError` where the VM stops, fails or is destroyed meanwhile; both tell what was last seen
    and what the console said last. All but :meth:`wait_for_state` need a VM that runs, and go on
    over a restart of its guest.
    """

    def wait_for_state(self, state: VmState | str, timeout: float = WAIT_TIMEOUT_S) -> Self:
        """Wait until it is in that state, of itself or by anybody's action.

        Parameters
        ----------
        state
            Such as ``"stopped"``.
        timeout
            In seconds.

        Raises
        ------
        SpecError
            There is no such state.
        DeadlineError
            It was not in time.
        """
        return self._act("wait", lambda: self._machine.wait_for_state(state, timeout))

    def wait_ready(self, timeout: float = READY_TIMEOUT_S) -> Self:
        """Wait until the guest has booted and commands can be run in it.

        A guest in which none can be is ready when its console asks for a login. Where the VM has
        data for cloud-init, an SSH login included, cloud-init is waited for as well; problems from
        which it has recovered are none.

        Raises
        ------
        StateError, DeadlineError
            As said above.
        GuestError
            cloud-init has failed.
        CapabilityError
            The backend runs no commands in a guest.
        """
        return self._act("wait", lambda: ready(self._live, timeout))

    def wait_for_port(
        self,
        port: int,
        timeout: float = WAIT_TIMEOUT_S,
        *,
        protocol: Protocol | str = "tcp",
        address: str = "127.0.0.1",
    ) -> Self:
        """Wait until something in the guest listens on a port, as its kernel lists it.

        Parameters
        ----------
        port
            The guest's, 1 to 65535.
        protocol
            ``"tcp"`` or ``"udp"``.
        address
            An address of the guest at which it can be reached; what listens on all of the guest's
            addresses counts for each.

        Raises
        ------
        SpecError
            The port is no port, there is no such protocol, or the address is none.
        StateError, DeadlineError, CapabilityError
            As for :meth:`wait_ready`.
        """
        condition = Listens(port=port, protocol=protocol, address=address)
        self._until(condition, timeout)
        return self

    def wait_for_file(self, path: str | PurePosixPath, timeout: float = WAIT_TIMEOUT_S) -> Self:
        """Wait until there is a file in the guest, or anything else of that name.

        Parameters
        ----------
        path
            From the guest's root on.

        Raises
        ------
        SpecError
            It is no such path.
        StateError, DeadlineError, CapabilityError
            As for :meth:`wait_ready`.
        """
        self._until(FileExists(path), timeout)
        return self

    def wait_for_unit(self, unit: str, timeout: float = WAIT_TIMEOUT_S) -> Self:
        """Wait until a unit of the guest's systemd is active.

        Parameters
        ----------
        unit
            Such as ``"ssh"`` or ``"network-online.target"``.

        Raises
        ------
        SpecError
            No unit can have that name.
        GuestError
            The unit has failed, and the message has the last lines of its log; or the guest has no
            systemd.
        StateError, DeadlineError, CapabilityError
            As for :meth:`wait_ready`.
        """
        self._until(UnitActive(unit), timeout)
        return self

    def wait_until_succeeds(
        self, command: str | Sequence[str], timeout: float = WAIT_TIMEOUT_S
    ) -> RunResult:
        """Run a command in the guest, once and again, until its exit code is 0.

        Parameters
        ----------
        command
            As for :meth:`run`.

        Returns
        -------
        RunResult
            Of the run that succeeded.

        Raises
        ------
        SpecError
            The command is not usable.
        StateError, DeadlineError, CapabilityError
            As for :meth:`wait_ready`.
        """
        return self._until(Succeeds(command), timeout)

    def wait_for_console_text(
        self, pattern: str | re.Pattern[str], timeout: float = WAIT_TIMEOUT_S
    ) -> Self:
        """Wait until the console says, or has said, something that matches `pattern`.

        Parameters
        ----------
        pattern
            A regular expression.

        Raises
        ------
        SpecError
            It is none.
        StateError, DeadlineError
            As said above.
        CapabilityError
            The backend has no console.
        """
        return self._act("wait", lambda: console_says(self._live, pattern, timeout))

    def _until(self, condition: Condition, timeout_s: float) -> RunResult:
        return self._wait("wait", until(self._live, condition, timeout_s))


class AsyncWaiting(AsyncFacade):
    """The awaitable twin of :class:`Waiting`."""

    async def wait_for_state(
        self,
        state: VmState | str,
        timeout: float = WAIT_TIMEOUT_S,  # noqa: ASYNC109 - as for the blocking twin
    ) -> None:
        """See :meth:`vmnb.VM.wait_for_state`."""
        await self._wait(self._live.machine.wait_for_state(state, timeout))

    async def wait_ready(self, timeout: float = READY_TIMEOUT_S) -> None:  # noqa: ASYNC109
        """See :meth:`vmnb.VM.wait_ready`."""
        await self._wait(ready(self._live, timeout))

    async def wait_for_port(
        self,
        port: int,
        timeout: float = WAIT_TIMEOUT_S,  # noqa: ASYNC109
        *,
        protocol: Protocol | str = "tcp",
        address: str = "127.0.0.1",
    ) -> None:
        """See :meth:`vmnb.VM.wait_for_port`."""
        await self._until(Listens(port=port, protocol=protocol, address=address), timeout)

    async def wait_for_file(
        self,
        path: str | PurePosixPath,
        timeout: float = WAIT_TIMEOUT_S,  # noqa: ASYNC109
    ) -> None:
        """See :meth:`vmnb.VM.wait_for_file`."""
        await self._until(FileExists(path), timeout)

    async def wait_for_unit(self, unit: str, timeout: float = WAIT_TIMEOUT_S) -> None:  # noqa: ASYNC109
        """See :meth:`vmnb.VM.wait_for_unit`."""
        await self._until(UnitActive(unit), timeout)

    async def wait_until_succeeds(
        self,
        command: str | Sequence[str],
        timeout: float = WAIT_TIMEOUT_S,  # noqa: ASYNC109
    ) -> RunResult:
        """See :meth:`vmnb.VM.wait_until_succeeds`."""
        return await self._until(Succeeds(command), timeout)

    async def wait_for_console_text(
        self,
        pattern: str | re.Pattern[str],
        timeout: float = WAIT_TIMEOUT_S,  # noqa: ASYNC109
    ) -> None:
        """See :meth:`vmnb.VM.wait_for_console_text`."""
        await self._wait(console_says(self._live, pattern, timeout))

    async def _until(self, condition: Condition, timeout_s: float) -> RunResult:
        return await self._wait(until(self._live, condition, timeout_s))
