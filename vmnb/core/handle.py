"""The plain facts of one VM: everything that is needed to find it again, and nothing alive."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from vmnb.core.network import NetworkConfig
from vmnb.core.spec import VmSpec

__all__ = ["IMAGE_DISK_MIB", "VmHandle"]

IMAGE_DISK_MIB = "disk_mib"
"""In the extra facts of a handle: the size of a disk that is as large as its image, in MiB."""

_PATHS = (
    "work_dir",
    "overlay",
    "seed_iso",
    "qmp_socket",
    "console_socket",
    "console_log",
    "second_console_socket",
    "second_console_log",
    "agent_socket",
    "vnc_socket",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VmHandle:
    """Plain facts of one VM; written down and read back, it attaches to the same VM.

    Parameters
    ----------
    id
        A UUID as 32 hexadecimal digits.
    backend
        Tag of the hypervisor that understands this handle.
    spec
        What the VM should be.
    work_dir
        Directory of its disk, seed and logs, or None where the backend has no files.
    pid, pid_start, boot_id
        The process: its number, its start time in clock ticks after boot (``proc(5)``, field 22
        of ``stat``), and the boot that both belong to. Only all three together name a process.
    second_console_socket
        Of the second serial port; None where the VM was started without one.
    has_agent
        Whether the image is known to bring a guest agent, which says when the guest is ready.
    accelerator, accelerator_note
        What runs the guest's code, and why it is not a faster one.
    extra
        Facts of the backend's own.
    """

    id: str
    backend: str
    spec: VmSpec
    work_dir: Path | None = None
    overlay: Path | None = None
    seed_iso: Path | None = None
    pid: int | None = None
    pid_start: int | None = None
    boot_id: str | None = None
    qmp_socket: Path | None = None
    console_socket: Path | None = None
    console_log: Path | None = None
    second_console_socket: Path | None = None
    second_console_log: Path | None = None
    agent_socket: Path | None = None
    vnc_socket: Path | None = None
    has_agent: bool = False
    ssh_host_port: int | None = None
    mac: str | None = None
    accelerator: str | None = None
    accelerator_note: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The VM's name."""
        return self.spec.name

    @property
    def vcpus(self) -> int:
        """Number of virtual CPUs."""
        return self.spec.vcpus

    @property
    def memory_mib(self) -> int:
        """Memory in MiB."""
        return self.spec.memory_mib

    @property
    def disk_mib(self) -> int | None:
        """Size of the disk in MiB, None where the image decides and its backend does not tell."""
        of_image = self.extra.get(IMAGE_DISK_MIB)
        return self.spec.disk_mib or (int(of_image) if of_image else None)

    @property
    def network(self) -> NetworkConfig:
        """The VM's network."""
        return self.spec.network

    @property
    def uefi(self) -> bool:
        """Whether it boots by UEFI."""
        return self.spec.uefi

    def with_extra(self, facts: Mapping[str, str]) -> Self:
        """Return a handle that has these facts, too."""
        return replace(self, extra={**self.extra, **facts})

    def without_extra(self, *names: str) -> Self:
        """Return a handle without these facts, whether it has them or not."""
        extra = {name: fact for name, fact in self.extra.items() if name not in names}
        return replace(self, extra=extra)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values that :meth:`from_json` reads back."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        paths = {name: os.fspath(values[name]) for name in _PATHS if values[name] is not None}
        return values | paths | {"spec": self.spec.to_json(), "extra": dict(self.extra)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the handle that :meth:`to_json` wrote, now or before a field was added."""
        paths = {name: Path(values[name]) for name in _PATHS if values.get(name) is not None}
        return cls(**{**values, **paths, "spec": VmSpec.from_json(values["spec"])})
