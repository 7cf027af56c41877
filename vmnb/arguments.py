"""What people say of a VM, in a notebook or in a file, made into its spec."""

import os

from vmnb.core.cloud_init import CloudInitConfig
from vmnb.core.errors import SpecError
from vmnb.core.network import NetworkConfig, NetworkMode
from vmnb.core.spec import VmSpec
from vmnb.core.ssh import SshConfig
from vmnb.core.units import parse_mib
from vmnb.seed.user_data import Document, cloud_init

__all__ = ["describe"]

_TINY_MEMORY_MIB = 256
_MEMORY_MIB = 1024


def describe(
    name: str,
    *,
    image: str | os.PathLike[str] = "tiny",
    vcpus: int = 1,
    memory: int | str | None = None,
    disk: int | str | None = None,
    network: str | NetworkConfig = "user",
    cloud_init: Document | CloudInitConfig | None = None,
    ssh: bool | str | SshConfig | None = None,
    uefi: bool = False,
    boot: str | None = None,
) -> VmSpec:
    """Return the spec of a VM; the parameters are those of :class:`vmnb.VM`.

    Raises
    ------
    SpecError
        A value is not usable.
    """
    if isinstance(image, os.PathLike):
        image = os.fspath(image)
    return VmSpec(
        name=name,
        image=image,
        vcpus=vcpus,
        memory_mib=_memory_mib(memory, image),
        disk_mib=None if disk is None else parse_mib(disk, "disk"),
        network=network if isinstance(network, NetworkConfig) else _network(network),
        cloud_init=_cloud_init(cloud_init),
        ssh=_ssh(ssh),
        uefi=uefi,
        boot=boot,
    )


def _memory_mib(memory: int | str | None, image: str) -> int:
    if memory is None:
        return _TINY_MEMORY_MIB if image == "tiny" else _MEMORY_MIB
    return parse_mib(memory, "memory")


def _cloud_init(given: Document | CloudInitConfig | None) -> CloudInitConfig | None:
    return given if isinstance(given, CloudInitConfig | None) else cloud_init(given)


def _ssh(given: bool | str | SshConfig | None) -> SshConfig | None:
    if isinstance(given, str):
        return SshConfig(user=given)
    if isinstance(given, bool):
        return SshConfig() if given else None
    return given


def _network(mode: str) -> NetworkConfig:
    try:
        return NetworkConfig(mode=NetworkMode(mode))
    except ValueError:
        raise SpecError(
            f"network {mode!r} is not known",
            hint='"user", "none", vmnb.user(forward={8080: 80}), vmnb.Network("lab") or '
            'NetworkConfig.tap("br0")',
        ) from None
