"""VMs on QEMU."""

from vmnb.backends.qemu.hypervisor import QemuHypervisor

__all__ = ["QemuHypervisor"]
