"""The ways into the guest of one VM, as this process has them."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from vmnb.console import Console
from vmnb.core.errors import CapabilityError, DeadlineError, SpecError
from vmnb.core.hypervisor import Capability, NoConsole
from vmnb.core.machine import Machine
from vmnb.guest import AgentWay, FirstReady, GuestAgent, SerialWay, SshWay, Via, Way
from vmnb.guest.ssh_login import SshLogin
from vmnb.guest.ssh_place import host_keys_path, key_path, ssh_address
from vmnb.guest.ssh_trust import HostKeys
from vmnb.notebook.live.running import require_running

__all__ = ["Ways"]

_SSH_PATIENCE_S = 20.0
_PATIENCE_S = 10.0
"""Seconds that an agent is given before a shell on the console is looked for."""


class Ways:
    """Chooses the way into the guest, and keeps what is open.

    Parameters
    ----------
    console
        Gives the console, connected.
    """

    def __init__(self, machine: Machine, console: Callable[[], Awaitable[Console]]) -> None:
        self._machine = machine
        self._console = console
        self._made: dict[Via, Way] = {}
        self._chosen: tuple[int | None, Way] | None = None

    async def choose(self, via: Via | str | None = None) -> Way:
        """Return the way that `via` names; if None, the one that suits.

        That is the agent where the image is known to have one; else what is ready first of the
        agent and SSH; and where SSH was not asked for, a shell on the console, when no agent
        answers for 10 s and the console shows a prompt.

        Raises
        ------
        SpecError
            There is no such way.
        CapabilityError
            This VM has no such way.
        StateError
            It does not run.
        """
        if via is not None and via not in set(Via):
            raise SpecError(
                f"there is no way {via!r} into a guest", hint=f"one of: {', '.join(Via)}"
            )
        known = self._known()
        await require_running(self._machine, "run a command in")
        if via is not None:
            return self._one(Via(via), known)
        handle = self._machine.handle
        if handle.has_agent and Via.AGENT in known:
            return self._one(Via.AGENT, known)
        if self._chosen is None or self._chosen[0] != handle.pid:
            self._chosen = (handle.pid, self._first(known))
        return self._chosen[1]

    async def choose_for_files(self) -> Way:
        """Return the way that suits files: SSH where it answers soon, for it is the fastest.

        Raises
        ------
        CapabilityError, StateError
            As for :meth:`choose`.
        """
        if Via.SSH in self._known():
            ssh = await self.choose(Via.SSH)
            with suppress(DeadlineError):
                await ssh.wait_ready(_SSH_PATIENCE_S)
                return ssh
        return await self.choose()

    async def aclose(self) -> None:
        """Let go of all."""
        self._chosen = None
        while self._made:
            _, way = self._made.popitem()
            await way.aclose()

    def _known(self) -> list[Via]:
        machine = self._machine
        known = {
            Via.AGENT: Capability.GUEST_AGENT in machine.capabilities,
            Via.SSH: Capability.SSH in machine.capabilities and machine.handle.spec.ssh is not None,
            Via.SERIAL: not isinstance(machine.console_endpoint, NoConsole),
        }
        if not any(known.values()):
            raise CapabilityError(
                f"the {machine.handle.backend} backend runs no commands in a guest",
                hint='choose a backend with a guest agent, such as "qemu"',
            )
        return [via for via, there in known.items() if there]

    def _first(self, known: list[Via]) -> Way:
        ways = [self._one(via, known) for via in known if via is not Via.SERIAL]
        if Via.SERIAL in known and Via.SSH not in known:
            ways.append(SerialWay(self._console, patience_s=_PATIENCE_S if ways else 0.0))
        return FirstReady(ways)

    def _one(self, via: Via, known: list[Via]) -> Way:
        if via not in known:
            raise CapabilityError(
                f"{self._machine.name!r} has no way in by {via}",
                hint="it has: "
                + ", ".join(known)
                + "; SSH is asked for when a VM is made: ssh=True",
            )
        if via is Via.AGENT:  # its socket may be another one after each start
            socket = self._machine.handle.agent_socket
            assert socket is not None  # noqa: S101 - a VM that runs has one
            self._made[via] = AgentWay(GuestAgent.of(socket))
        elif via not in self._made:
            way = SshWay(self._login()) if via is Via.SSH else SerialWay(self._console)
            self._made[via] = way
        return self._made[via]

    def _login(self) -> SshLogin:
        handle = self._machine.handle
        ssh, work = handle.spec.ssh, handle.work_dir
        assert ssh is not None  # noqa: S101 - who calls has looked
        assert work is not None  # noqa: S101 - a backend with SSH has files
        return SshLogin(
            name=handle.name,
            user=ssh.user,
            private_key=ssh.private_key or key_path(work),
            host_keys=HostKeys(host_keys_path(work), handle.id),
            address=partial(ssh_address, self._machine),
        )
