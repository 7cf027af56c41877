"""VMs each in a zone of their own, with a server, a clone of an image and VNICs."""

import asyncio
from ipaddress import IPv4Network
from pathlib import PurePosixPath

from vmnb.backends.propolis.files import WorkFiles
from vmnb.backends.propolis.illumos import links, slots, zfs, zones
from vmnb.backends.propolis.illumos.ledger import Ledger
from vmnb.backends.propolis.illumos.manifest import manifest, manifest_path
from vmnb.backends.propolis.illumos.names import Names, snapshot_of
from vmnb.backends.propolis.illumos.neighbours import address_of
from vmnb.backends.propolis.illumos.settings import Zones
from vmnb.backends.propolis.illumos.slots import Slot
from vmnb.backends.propolis.illumos.tool import require_illumos
from vmnb.backends.propolis.place import CAPABILITIES, Made
from vmnb.core.errors import DeadlineError, SpecError
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import Capability, IpAddress
from vmnb.core.network import NetworkMode
from vmnb.core.spec import VmSpec

__all__ = ["ZonePlace"]

_WITH_A_CARD = frozenset({Capability.GUEST_ADDRESS, Capability.SSH})
_MIB = 1024 * 1024
_ADDRESS_S = 20.0
_LOOK_AGAIN_S = 1.0


class ZonePlace:
    """Makes all that a VM needs on this illumos."""

    starts_servers = True

    def __init__(self, settings: Zones) -> None:
        self._settings = settings

    def capabilities(self, spec: VmSpec | None) -> frozenset[Capability]:
        """Return what a VM of that spec can do; one without a network has no address."""
        if spec is not None and spec.network.mode is NetworkMode.NONE:
            return CAPABILITIES
        return CAPABILITIES | _WITH_A_CARD

    async def check(self, spec: VmSpec) -> None:
        """Look for the image, the links and the tools.

        Raises
        ------
        BackendUnavailableError
            This is no illumos.
        SpecError, ImageError
            The spec cannot be had here.
        """
        require_illumos()
        if spec.ssh is not None and spec.network.mode is NetworkMode.NONE:
            raise SpecError(
                "there is no SSH without a network", hint='network=NetworkConfig.vnic("net0")'
            )
        snapshot = snapshot_of(spec.image, self._settings.dataset)
        size = await zfs.snapshot_size(snapshot)
        if spec.disk_mib is not None and spec.disk_mib * _MIB < size:
            needed = -(-size // _MIB)
            raise SpecError(
                f"disk_mib is {spec.disk_mib}, and the image {spec.image!r} needs {needed}",
                hint=f"ask for {needed} or more, or leave it out",
            )
        await links.require_link(
            self._settings.control_link,
            "make it once, with this machine's own address on it: "
            f"dladm create-etherstub {self._settings.control_link}",
        )
        if spec.network.vnic_name is not None:
            await links.require_link(spec.network.vnic_name, "name a link of dladm show-link")

    async def make(self, vm_id: str, spec: VmSpec, files: WorkFiles) -> Made:
        """Make the disk, the VNICs and the zone, in this order; none of it runs."""
        settings, ledger = self._settings, Ledger(files.made)
        names = Names(vm_id=vm_id, dataset=settings.dataset)
        slot = slots.claim(vm_id, IPv4Network(settings.control_network))
        ledger.add("slot", str(slot.number))
        ledger.add("volume", names.disk)
        await zfs.clone(snapshot_of(spec.image, settings.dataset), names.disk)
        if spec.disk_mib is not None:
            await zfs.grow(names.disk, spec.disk_mib)
        ledger.add("vnic", names.control_vnic)
        await links.create_vnic(names.control_vnic, settings.control_link)
        link = spec.network.vnic_name
        if link is not None:
            ledger.add("vnic", names.guest_vnic)
            await links.create_vnic(names.guest_vnic, link, names.mac)
        await self._make_zone(names, slot, files, ledger, has_card=link is not None)
        return Made(
            server=f"http://{slot.listens}",
            disk=names.disk_device,
            vnic=names.guest_vnic if link else None,
            mac=names.mac if link else None,
            facts={"zone": names.zone},
        )

    async def unmake(self, files: WorkFiles) -> None:
        """Remove what was made, the last first."""
        await Ledger(files.made).remove_all()

    async def up(self, handle: VmHandle) -> None:
        """Boot the zone, if it is not up; its server starts with it."""
        if await zones.state_of(handle.extra["zone"]) not in zones.UP:
            await zones.boot(handle.extra["zone"])

    async def down(self, handle: VmHandle) -> None:
        """Halt the zone, if it is up."""
        if await zones.state_of(handle.extra["zone"]) in zones.UP:
            await zones.halt(handle.extra["zone"])

    async def is_down(self, handle: VmHandle) -> bool:
        """Whether the zone is down, as after a restart of this machine."""
        return await zones.state_of(handle.extra["zone"]) not in zones.UP

    async def guest_ip(self, handle: VmHandle) -> IpAddress:
        """Look for the guest's card among this machine's neighbours.

        Raises
        ------
        DeadlineError
            It said nothing to this machine yet.
        """
        assert handle.mac is not None  # noqa: S101 - who calls has looked
        try:
            async with asyncio.timeout(_ADDRESS_S):
                while True:  # the table has no events
                    if address := await address_of(handle.mac):
                        return address
                    await asyncio.sleep(_LOOK_AGAIN_S)
        except TimeoutError as error:
            raise DeadlineError(
                f"the address of {handle.name!r} is not known: no neighbour of this machine has "
                f"the card {handle.mac}",
                hint="let the guest say something to this machine: ping it from there",
            ) from error

    async def _make_zone(
        self, names: Names, slot: Slot, files: WorkFiles, ledger: Ledger, *, has_card: bool
    ) -> None:
        settings, path = self._settings, PurePosixPath(self._settings.path) / names.zone
        config = zones.zone_config(
            brand=settings.brand,
            path=path,
            programs=PurePosixPath(settings.programs),
            control=(names.control_vnic, slot.interface),
            vnics=[names.guest_vnic] if has_card else [],
            disk=names.disk_device,
        )
        files.zone_config.write_text(config)
        ledger.add("zone", names.zone)
        await zones.configure(names.zone, files.zone_config)
        ledger.add("zone-files", names.zone)
        await zones.install(names.zone)
        service = manifest_path(path)
        await asyncio.to_thread(service.parent.mkdir, parents=True, exist_ok=True)
        text = manifest(PurePosixPath(settings.programs), slot.listens)
        await asyncio.to_thread(service.write_text, text)
