"""VMs on a server that runs already, on this machine or another: nothing is made there."""

from vmnb.backends.propolis.api import PropolisApi
from vmnb.backends.propolis.files import WorkFiles
from vmnb.backends.propolis.place import CAPABILITIES, Made
from vmnb.core.checks import fits_utf_8
from vmnb.core.errors import CapabilityError, SpecError
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import Capability, IpAddress
from vmnb.core.spec import VmSpec

__all__ = ["ServerPlace"]


class ServerPlace:
    """The server of `api`, at `url`; the image is a disk there, the VNIC one that is there."""

    starts_servers = False

    def __init__(self, url: str, api: PropolisApi) -> None:
        self._url = url
        self._api = api

    def capabilities(self, spec: VmSpec | None) -> frozenset[Capability]:
        """Return what any VM can do here."""
        del spec
        return CAPABILITIES

    async def check(self, spec: VmSpec) -> None:
        """Look whether the image can be a path there, and whether the server answers.

        Raises
        ------
        SpecError
            It is no path, or the disk is to have another size.
        BackendError
            The server does not answer.
        """
        if not spec.image.startswith("/") or not fits_utf_8(spec.image):
            raise SpecError(
                f"image {spec.image!r} is no absolute path",
                hint="with PropolisHypervisor(url=…) it names the VM's own disk on the server's "
                "machine, a raw file or a volume: /dev/zvol/rdsk/rpool/web",
            )
        if spec.disk_mib is not None:
            raise SpecError(
                "the disk's size cannot be chosen: it is the VM's own disk, as it is",
                hint="leave disk= out, and make the disk as large as it shall be",
            )
        await self._api.instance()

    async def make(self, vm_id: str, spec: VmSpec, files: WorkFiles) -> Made:
        """Return what is there already."""
        del vm_id, files
        return Made(server=self._url, disk=spec.image, vnic=spec.network.vnic_name)

    async def unmake(self, files: WorkFiles) -> None:
        """Do nothing: nothing was made."""

    async def up(self, handle: VmHandle) -> None:
        """Do nothing: it is up, or nobody here can help it."""

    async def down(self, handle: VmHandle) -> None:
        """Do nothing: it goes on, for it is not ours."""

    async def is_down(self, handle: VmHandle) -> bool:
        """Return False: nobody here knows."""
        del handle
        return False

    async def guest_ip(self, handle: VmHandle) -> IpAddress:
        """Refuse: the server does not know, and its machine may be another one."""
        raise CapabilityError(
            f"the address of {handle.name!r} cannot be known: its server does not tell",
            hint="look at its console: ip address",
        )
