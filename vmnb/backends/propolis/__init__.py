"""VMs on illumos: bhyve guests behind ``propolis-server``."""

from vmnb.backends.propolis.hypervisor import PropolisHypervisor
from vmnb.backends.propolis.illumos.settings import Zones

__all__ = ["PropolisHypervisor", "Zones"]
