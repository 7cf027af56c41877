"""How a machine makes VMs' zones."""

from dataclasses import dataclass
from ipaddress import IPv4Network

from vmnb.backends.propolis.illumos.names import DATASET, LINK
from vmnb.core.checks import require_match
from vmnb.core.errors import SpecError

__all__ = ["Zones"]

_PATH = r"(/[A-Za-z0-9_.-]+)+"
_BRAND = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Zones:
    """How a machine makes VMs' zones.

    Parameters
    ----------
    dataset
        The ZFS data set with the images (``DATASET/images/NAME@base``, snapshots of volumes) and
        the VMs' disks.
    path
        The directory of the zones' files.
    brand
        The zones' brand.
    programs
        The directory with ``propolis-server`` and its ``bootrom``.
    control_link, control_network
        The link over which servers are reached, mostly an etherstub, and their network there; its
        first address is this machine's own.

    Raises
    ------
    SpecError
        A value is none that illumos takes.
    """

    dataset: str = "rpool/vmnb"
    path: str = "/zones"
    brand: str = "sparse"
    programs: str = "/opt/propolis"
    control_link: str = "vmnbstub0"
    control_network: str = "10.98.0.0/16"

    def __post_init__(self) -> None:
        require_match(self.dataset, DATASET, "a data set of ZFS", hint="rpool/vmnb")
        require_match(self.path, _PATH, "the path of a directory", hint="/zones")
        require_match(self.brand, _BRAND, "a zone's brand", hint="sparse, lipkg or pkgsrc")
        require_match(self.programs, _PATH, "the path of a directory", hint="/opt/propolis")
        require_match(self.control_link, LINK, "the name of a link", hint="vmnbstub0")
        try:
            IPv4Network(self.control_network)
        except ValueError as error:
            raise SpecError(
                f"control_network is {self.control_network!r}: {error}", hint="10.98.0.0/16"
            ) from error
