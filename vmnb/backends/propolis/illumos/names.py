"""What things are called: of a VM's id, so that every name is one that illumos takes."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from vmnb.core.errors import SpecError

__all__ = ["DATASET", "LINK", "Names", "snapshot_of"]

_SHORT = 16
_COMPONENT = r"[A-Za-z0-9][A-Za-z0-9_.:-]*"
DATASET = rf"{_COMPONENT}(/{_COMPONENT})*"
"""What a data set of ZFS is called (zfs(8)); spaces are allowed there, and not here."""
LINK = r"(?=.{2,31}\Z)[A-Za-z]([A-Za-z0-9_]*[A-Za-z_])?(0|[1-9][0-9]*)"
"""What a link is called: a letter first, a number last (dladm(8))."""
_SNAPSHOT = re.compile(rf"{DATASET}@{_COMPONENT}")
_NAME_MAX = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names of one VM's things.

    A zone's name has up to 63 letters, digits, ``_``, ``-``, ``.`` (zones(7)).

    Parameters
    ----------
    vm_id
        32 hexadecimal digits.
    dataset
        The data set below which all data sets are.
    """

    vm_id: str
    dataset: str

    @property
    def zone(self) -> str:
        """Its zone."""
        return f"vmnb-{self.vm_id}"

    @property
    def disk(self) -> str:
        """The volume that is its disk."""
        return f"{self.dataset}/vms/{self.vm_id}"

    @property
    def disk_device(self) -> str:
        """The path of that volume's device."""
        return str(PurePosixPath("/dev/zvol/rdsk") / self.disk)

    @property
    def guest_vnic(self) -> str:
        """The VNIC that is the guest's card."""
        return f"vmnb{self.vm_id[:_SHORT]}_g0"

    @property
    def control_vnic(self) -> str:
        """The VNIC by which its server is reached."""
        return f"vmnb{self.vm_id[:_SHORT]}_c0"

    @property
    def mac(self) -> str:
        """The address of the guest's card, under illumos' own prefix for VNICs."""
        return ":".join(("02", "08", "20", self.vm_id[0:2], self.vm_id[2:4], self.vm_id[4:6]))


def snapshot_of(image: str, dataset: str) -> str:
    """Return the snapshot that an image's name stands for, or that it names itself.

    Raises
    ------
    SpecError
        It can be neither.
    """
    snapshot = image if "@" in image else f"{dataset}/images/{image}@base"
    if len(snapshot) > _NAME_MAX or not _SNAPSHOT.fullmatch(snapshot):
        raise SpecError(
            f"image {image!r} is no name of ZFS",
            hint=f"debian-12 stands for {dataset}/images/debian-12@base; a snapshot is named "
            "whole: rpool/golden/web@v1",
        )
    return snapshot
