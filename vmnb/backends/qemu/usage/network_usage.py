"""What a VM's network cards have moved, as far as somebody counts it.

A tap interface is counted by the host's kernel, a card on a private network by its switch. What
passes a card behind NAT is counted by nobody on the host, QEMU included: there the guest is asked.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from vmnb.backends.qemu.running.patience import Patient
from vmnb.backends.qemu.usage.guest_usage import GuestUsage
from vmnb.backends.qemu.usage.usage import tap_bytes
from vmnb.core.handle import VmHandle
from vmnb.core.network import NetworkMode
from vmnb.core.process import ProcessId
from vmnb.lan import moved_bytes

__all__ = ["NetworkMeter", "NetworkUsage"]

_Moved = tuple[int, int]


@dataclass(frozen=True, slots=True)
class NetworkUsage:
    """Bytes that were received and sent; None where some card's are not known."""

    moved: _Moved | None
    notes: tuple[str, ...] = ()


class NetworkMeter:
    """Counts for one run of a VM."""

    def __init__(self, handle: VmHandle, process: ProcessId) -> None:
        self._handle = handle
        self._process = process
        ways: dict[str, Callable[[], Awaitable[_Moved]]] = {}
        if handle.network.bridge is not None:
            ways["tap interface"] = self._by_tap
        if handle.network.network is not None:
            ways["private network"] = self._by_switch
        self._heard: GuestUsage | None = None
        self._ways = {name: Patient(ask, keep_s=0.0) for name, ask in ways.items()}

    async def moved(self, guest: GuestUsage | None) -> NetworkUsage:
        """Return what all cards have moved.

        Parameters
        ----------
        guest
            What the guest said last; what is older than the last call is not taken again.
        """
        if self._handle.network.mode is NetworkMode.NONE:
            return NetworkUsage(None, ("network: it has none",))
        parts = [await self._counted(name, patient) for name, patient in self._ways.items()]
        if self._handle.network.has_user_card:
            parts.append(self._told(guest))
        counts = [part.moved for part in parts if part.moved is not None]
        notes = tuple(note for part in parts for note in part.notes)
        if len(counts) < len(parts):
            return NetworkUsage(None, notes)
        received, sent = (sum(each) for each in zip(*counts, strict=True))
        return NetworkUsage((received, sent), notes)

    async def _counted(self, name: str, patient: Patient[_Moved]) -> NetworkUsage:
        moved = await patient.answer()
        note = f"network: not known by its {name} ({patient.problem})"
        return NetworkUsage(moved, () if moved else (note,))

    def _told(self, guest: GuestUsage | None) -> NetworkUsage:
        moved = guest.card_bytes.get(self._handle.mac or "") if guest else None
        if moved is None:
            return NetworkUsage(None, ("network: not known; behind NAT the guest alone counts",))
        is_news, self._heard = guest is not self._heard, guest
        note = "network: as the guest counts it every few seconds; on the host nobody does"
        return NetworkUsage(moved if is_news else None, (note,))

    async def _by_tap(self) -> _Moved:
        return await asyncio.to_thread(tap_bytes, self._process)

    async def _by_switch(self) -> _Moved:
        network = self._handle.network.network
        assert network is not None  # noqa: S101 - it is asked only where there is one
        return await asyncio.to_thread(moved_bytes, network, self._handle.id)
