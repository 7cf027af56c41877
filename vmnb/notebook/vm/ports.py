"""Ports of the host that lead into the guest: the part of a VM that opens and closes them."""

from typing import TYPE_CHECKING, cast

from vmnb.core.network import Forward, Protocol
from vmnb.notebook.live.live import Live
from vmnb.notebook.vm.facade import AsyncFacade, Facade

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AsyncPorts", "Ports"]


class Ports(Facade):
    """What a VM does with ports of the host."""

    @property
    def forwards(self) -> "pd.DataFrame":
        """The ports of the host that lead into the guest now, one in each row.

        Asked of the machine itself, so it must run. See
        :data:`vmnb.notebook.tables.forwards.FORWARD_SCHEMA`.
        """
        # pandas is imported where it is needed
        from vmnb.notebook.tables.forwards import forward_table

        return forward_table(self._wait("forwards", self._machine.forwards()))

    def forward(
        self, guest_port: int, host_port: int | None = None, protocol: Protocol | str = "tcp"
    ) -> int:
        """Open a port of the host, on 127.0.0.1 alone, that leads into the guest until it stops.

        What every start shall open is said when the VM is made:
        ``network=vmnb.user(forward={8080: 80})``.

        Parameters
        ----------
        guest_port
            1 to 65535.
        host_port
            1 to 65535; a free one that the system chooses where it is None.
        protocol
            ``"tcp"`` or ``"udp"``.

        Returns
        -------
        int
            The port of the host.

        Raises
        ------
        SpecError
            A port is no port, or there is no such protocol.
        StateError
            The VM does not run.
        BackendError
            Another program has that port; nothing was changed.
        CapabilityError
            The VM has no card behind NAT, or its backend forwards no ports.
        """
        return self._wait("forward", _open(self._live, guest_port, host_port, protocol))

    def unforward(self, host_port: int, protocol: Protocol | str = "tcp") -> None:
        """Close a port of the host; connections that stand go on.

        Raises
        ------
        SpecError, StateError, CapabilityError
            As for :meth:`forward`.
        BackendError
            That port does not lead into the guest.
        """
        self._wait("unforward", _close(self._live, host_port, protocol))


class AsyncPorts(AsyncFacade):
    """The awaitable twin of :class:`Ports`."""

    async def forwards(self) -> tuple[Forward, ...]:
        """Return what :attr:`vmnb.VM.forwards` shows, as plain values."""
        return await self._wait(self._live.machine.forwards())

    async def forward(
        self, guest_port: int, host_port: int | None = None, protocol: Protocol | str = "tcp"
    ) -> int:
        """See :meth:`vmnb.VM.forward`."""
        return await self._wait(_open(self._live, guest_port, host_port, protocol))

    async def unforward(self, host_port: int, protocol: Protocol | str = "tcp") -> None:
        """See :meth:`vmnb.VM.unforward`."""
        await self._wait(_close(self._live, host_port, protocol))


async def _open(
    live: Live, guest_port: int, host_port: int | None, protocol: Protocol | str
) -> int:
    bound = (await live.machine.forward(_forward(guest_port, host_port, protocol))).host_port
    await live.show_anew()
    assert bound is not None  # noqa: S101 - what is bound has a port
    return bound


async def _close(live: Live, host_port: int, protocol: Protocol | str) -> None:
    # Which port of the guest it leads to does not matter for closing it.
    await live.machine.unforward(_forward(host_port, host_port, protocol))
    await live.show_anew()


def _forward(guest_port: int, host_port: int | None, protocol: Protocol | str) -> Forward:
    # A protocol that is none is refused there, with the same words as in a spec.
    return Forward(guest_port=guest_port, host_port=host_port, protocol=cast("Protocol", protocol))
