"""What was made for a VM, written down before it is made, so that all of it can be removed."""

import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from vmnb.backends.propolis.illumos import links, slots, zfs, zones
from vmnb.core.private_file import write_private

__all__ = ["Ledger"]


class Ledger:
    """The list in one file, in the order in which the things were made."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, kind: str, name: str) -> None:
        """Write down that something is about to be made: one of the kinds below, by its name."""
        assert kind in _REMOVERS  # noqa: S101 - or it could never be removed
        write_private(self._path, json.dumps([*self._read(), [kind, name]]))

    async def remove_all(self) -> None:
        """Remove everything, the last first; each that is gone is gone from the list, too."""
        left = self._read()
        while left:
            kind, name = left[-1]
            await _REMOVERS[kind](self._path.parent.name, name)
            left.pop()
            write_private(self._path, json.dumps(left))

    def _read(self) -> list[list[str]]:
        try:
            entries: list[list[str]] = json.loads(self._path.read_text())
        except FileNotFoundError:
            return []
        return entries


async def _remove_slot(vm_id: str, number: str) -> None:
    slots.release(vm_id, number)


async def _remove_volume(_: str, name: str) -> None:
    if await zfs.exists(name):
        await zfs.destroy(name)


async def _remove_vnic(_: str, name: str) -> None:
    if await links.exists(name):
        await links.delete_vnic(name)


async def _remove_configuration(_: str, zone: str) -> None:
    if await zones.state_of(zone) is not None:
        await zones.delete(zone)


async def _remove_files(_: str, zone: str) -> None:
    state = await zones.state_of(zone)
    if state in zones.UP:
        await zones.halt(zone)
    if state not in (None, "configured"):
        await zones.uninstall(zone)


_REMOVERS: Mapping[str, Callable[[str, str], Awaitable[None]]] = {
    "slot": _remove_slot,
    "volume": _remove_volume,
    "vnic": _remove_vnic,
    "zone": _remove_configuration,
    "zone-files": _remove_files,
}
"""For each kind what removes a thing by the VM's id and its name, if it is there."""
