"""From what a VM should be to what the server is sent: pure."""

import base64
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from vmnb.core.errors import SpecError
from vmnb.core.spec import VmSpec

__all__ = ["REQUEST_MAX", "DiskInterface", "Parts", "ensure_request", "instance_id"]

REQUEST_MAX = 1024 * 1024
"""Most bytes of a request that the server takes."""

_VCPUS_MAX = 255  # an unsigned byte
_BLOCK_SIZE = 512
_SERIAL_NUMBER_SIZE = 20
_NOBODY = str(UUID(int=0))
_NIC_DEVICE = 8
_DISK_DEVICE = 16
_SEED_DEVICE = 24


class DiskInterface(StrEnum):
    """What the guest sees its disk as."""

    VIRTIO = "virtio"
    NVME = "nvme"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the VM is made of on the server's machine.

    Parameters
    ----------
    disk
        Path of the file or the device of its disk.
    vnic
        Its VNIC, or None.
    seed
        What cloud-init reads, an ISO image, or None.
    """

    disk: str
    interface: DiskInterface = DiskInterface.VIRTIO
    vnic: str | None = None
    seed: bytes | None = None


def instance_id(vm_id: str) -> UUID:
    """Return the VM's id as the server knows it."""
    return UUID(vm_id)


def ensure_request(vm_id: str, spec: VmSpec, parts: Parts) -> bytes:
    """Return the request that makes the VM's instance, as JSON.

    Raises
    ------
    SpecError
        No instance can be so: too many vCPUs, or it would be longer than :data:`REQUEST_MAX`.
    """
    if spec.vcpus > _VCPUS_MAX:
        raise SpecError(
            f"vcpus is {spec.vcpus}, and an instance has {_VCPUS_MAX} at most",
            hint=f"ask for 1 to {_VCPUS_MAX}",
        )
    body = {
        "properties": _properties(vm_id, spec),
        "init": {
            "method": "Spec",
            "value": {"spec": {"board": _board(spec), "components": _components(vm_id, parts)}},
        },
    }
    request = json.dumps(body).encode()
    if len(request) > REQUEST_MAX:
        raise SpecError(
            f"what {spec.name!r} is told by cloud-init makes a request of {len(request)} bytes, "
            f"and the server takes {REQUEST_MAX} at most",
            hint="let cloud-init fetch what is large: #include, or write_files with a source",
        )
    return request


def _properties(vm_id: str, spec: VmSpec) -> dict[str, Any]:
    return {
        "id": str(instance_id(vm_id)),
        "name": spec.name,
        "description": "made by vmnb",
        "metadata": {
            "silo_id": _NOBODY,
            "project_id": _NOBODY,
            "sled_id": _NOBODY,
            "sled_serial": "none",
            "sled_revision": 0,
            "sled_model": "none",
        },
    }


def _board(spec: VmSpec) -> dict[str, Any]:
    return {
        "cpus": spec.vcpus,
        "memory_mb": spec.memory_mib,
        "chipset": {"type": "i440_fx", "value": {"enable_pcie": False}},
    }


def _components(vm_id: str, parts: Parts) -> dict[str, Any]:
    components = {
        "com1": _component("serial_port", num="com1"),
        "boot": _component("boot_settings", order=[{"id": "disk"}]),
        "disk": _disk(vm_id, parts.interface),
        "disk-backend": _component(
            "file_storage_backend", path=parts.disk, readonly=False, block_size=_BLOCK_SIZE
        ),
    }
    if parts.vnic is not None:
        components["nic"] = _device(
            "virtio_nic",
            "nic-backend",
            _NIC_DEVICE,
            interface_id=str(uuid5(instance_id(vm_id), "nic")),
        )
        components["nic-backend"] = _component("virtio_network_backend", vnic_name=parts.vnic)
    if parts.seed is not None:
        components["seed"] = _device("virtio_disk", "seed-backend", _SEED_DEVICE)
        text = base64.b64encode(parts.seed).decode()
        components["seed-backend"] = _component("blob_storage_backend", base64=text, readonly=True)
    return components


def _disk(vm_id: str, interface: DiskInterface) -> dict[str, Any]:
    if interface is DiskInterface.VIRTIO:
        return _device("virtio_disk", "disk-backend", _DISK_DEVICE)
    number = list(vm_id[:_SERIAL_NUMBER_SIZE].encode())
    return _device("nvme_disk", "disk-backend", _DISK_DEVICE, serial_number=number)


def _device(kind: str, backend: str, slot: int, **more: Any) -> dict[str, Any]:
    path = {"bus": 0, "device": slot, "function": 0}
    return _component(kind, backend_id=backend, pci_path=path, **more)


def _component(kind: str, **component: Any) -> dict[str, Any]:
    return {"type": kind, "component": component}
