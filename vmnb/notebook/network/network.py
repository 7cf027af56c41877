"""A private network: blocking by default, awaitable by ``.aio``, a drawing when shown."""

import logging
import os
from collections.abc import Coroutine
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any, TypeVar

from vmnb.core import runtime
from vmnb.core.network import NetworkConfig
from vmnb.core.units import parse_ms
from vmnb.lan import Zone
from vmnb.notebook.network.drawing import drawn
from vmnb.notebook.network.lan import Lan
from vmnb.notebook.network.topology import Topology, plain_text
from vmnb.notebook.vm.facade import Facade

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AsyncNetwork", "Network"]

_log = logging.getLogger(__name__)

_T = TypeVar("_T")
_DELAY_MAX_MS = 60_000.0


class Network:
    """A network that VMs have among themselves, without privileges; in a cell, it is drawn.

    ``VM("a", network=vmnb.Network("lab"))`` has a card behind NAT, as by default, and a second one
    here, where it gets an address by DHCP and finds the others by name: ``ping b``. Nothing else is
    on the network, and nothing leads out of it. It is there from the first VM's first start until
    the last VM is destroyed; two networks of one name are one.

    Parameters
    ----------
    name
        Up to 15 letters, digits, ``_``, ``.``, ``-``, and a letter first.

    Raises
    ------
    SpecError
        The name fits no network.
    """

    def __init__(self, name: str) -> None:
        self._config = NetworkConfig.private(name)
        self._name = name
        self._taken = runtime.run(Lan.of(name))
        self._owner = os.getpid()

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    @property
    def config(self) -> NetworkConfig:
        """What a VM on it is made with; ``vmnb.private("lab", forward=…)`` says more."""
        return self._config

    @property
    def subnet(self) -> IPv4Network:
        """Its addresses; the first is the network's own."""
        return Zone.of(self.name).subnet

    @property
    def aio(self) -> "AsyncNetwork":
        """The same actions, to be awaited."""
        return AsyncNetwork(self.name)

    @property
    def members(self) -> "pd.DataFrame":
        """The VMs on it, one in each row; see :data:`vmnb.notebook.network.members.MEMBER_SCHEMA`.

        Names and addresses are given at a VM's first start. If the process that carries the frames
        was killed, it is there again afterwards.

        Raises
        ------
        BackendError
            That process cannot be started.
        """
        # pandas is imported where it is needed
        from vmnb.notebook.network.members import member_table

        return member_table(runtime.run(_members(self.name)))

    @property
    def delay(self) -> str:
        """How long each frame is on its way from one VM to another: ``"50 ms"``.

        Set it with its unit, ``"50ms"`` or ``"0.2s"``, up to a minute; ``"0"`` is none. A ping
        takes twice as long, there and back. Beyond 4096 frames on their way to one VM, frames are
        lost.

        Raises
        ------
        SpecError
            It is no time.
        """
        return runtime.run(_delay(self.name))

    @delay.setter
    def delay(self, delay: str) -> None:
        runtime.run(_set_delay(self.name, delay))

    def block(self, *vms: str | Facade) -> None:
        """Let nothing pass between VMs: as if a cable were cut, and they are not told.

        Addresses and names are still given by the network itself; the way out through a VM's other
        card is not touched. It lasts until :meth:`unblock`, over restarts, or until the last VM is
        destroyed. Blocked twice is blocked once.

        Parameters
        ----------
        vms
            One VM, to cut it off from all others; two, to part them; none, for the whole network.

        Raises
        ------
        SpecError
            They are more than two, or not on this network.
        BackendError
            The process that carries the frames cannot be started.
        """
        runtime.run(_block(self.name, vms))

    def unblock(self, *vms: str | Facade) -> None:
        """Lift what :meth:`block` did with the same VMs; without any, lift every block.

        Raises
        ------
        SpecError, BackendError
            As for :meth:`block`.
        """
        runtime.run(_unblock(self.name, vms))

    def __repr__(self) -> str:
        return plain_text(self._lan.topology())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        topology = self._lan.topology()
        shown: dict[str, Any] = {"text/plain": plain_text(topology), "text/html": drawn(topology)}
        try:
            mounted = self._mounted()
        except Exception:  # noqa: BLE001 - a repr never raises
            _log.exception("the network %r is shown without its widget", self.name)
            return shown
        return mounted | shown

    def _mounted(self) -> dict[str, Any]:
        lan = self._lan
        if lan.widget is None:
            from vmnb.notebook.network.widget import NetworkWidget  # ipywidgets, where needed

            lan.widget = NetworkWidget(lan)
        return lan.widget._repr_mimebundle_() or {}

    @property
    def _lan(self) -> Lan:
        """What this process holds: the child of a fork has not the loop of what it inherited."""
        if self._owner != os.getpid():
            self._taken, self._owner = runtime.run(Lan.of(self.name)), os.getpid()
        return self._taken


class AsyncNetwork:
    """``network.aio``: each method is as that of :class:`vmnb.Network`, and is awaited."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def members(self) -> Topology:
        """Return what :attr:`vmnb.Network.members` shows, as plain values."""
        return await self._wait(_members(self._name))

    async def delay(self) -> str:
        """See :attr:`vmnb.Network.delay`."""
        return await self._wait(_delay(self._name))

    async def set_delay(self, delay: str) -> None:
        """See :attr:`vmnb.Network.delay`."""
        await self._wait(_set_delay(self._name, delay))

    async def block(self, *vms: str | Facade) -> None:
        """See :meth:`vmnb.Network.block`."""
        await self._wait(_block(self._name, vms))

    async def unblock(self, *vms: str | Facade) -> None:
        """See :meth:`vmnb.Network.unblock`."""
        await self._wait(_unblock(self._name, vms))

    async def _wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return await runtime.awaited(coroutine)


async def _members(name: str) -> Topology:
    return await (await Lan.of(name)).members()


async def _delay(name: str) -> str:
    return f"{(await Lan.of(name)).topology().delay_ms:g} ms"


async def _set_delay(name: str, delay: str) -> None:
    delay_ms = parse_ms(delay, "delay", at_most_ms=_DELAY_MAX_MS)
    await (await Lan.of(name)).set_delay(delay_ms)


async def _block(name: str, vms: tuple[str | Facade, ...]) -> None:
    await (await Lan.of(name)).block(tuple(map(_vm_name, vms)))


async def _unblock(name: str, vms: tuple[str | Facade, ...]) -> None:
    await (await Lan.of(name)).unblock(tuple(map(_vm_name, vms)))


def _vm_name(vm: str | Facade) -> str:
    return vm.name if isinstance(vm, Facade) else vm
