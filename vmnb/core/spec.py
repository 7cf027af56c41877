"""What a VM should be: a frozen description, validated on construction, to and from JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Self

from vmnb.core.checks import require_count
from vmnb.core.cloud_init import CloudInitConfig
from vmnb.core.errors import SpecError
from vmnb.core.names import checked_name
from vmnb.core.network import NetworkConfig
from vmnb.core.ssh import SshConfig

__all__ = ["COLD_BOOT", "VmSpec"]

COLD_BOOT = "cold"
"""As :attr:`VmSpec.boot`: from the disk, as a machine that is switched on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VmSpec:
    """What a VM should be.

    Parameters
    ----------
    name
        1 to 200 printable characters, no ``/``, not beginning with ``-`` or ``.``; kept in
        Unicode's NFC form. It is never used as a file name.
    image
        ``"tiny"``, the name or the address of an image, or the path of a disk image.
    vcpus
        Number of virtual CPUs, 1 or more.
    memory_mib
        Memory in MiB, 1 or more.
    disk_mib
        Size of the disk in MiB; the image's own size where it is None.
    boot
        How the first start goes: where it is None, from the template of this spec, if there is one;
        :data:`COLD_BOOT` never does so; any other text is the name of the template to begin from.

    Raises
    ------
    SpecError
        A value is not usable; the message says which and why.
    """

    name: str
    image: str = "tiny"
    vcpus: int = 1
    memory_mib: int = 1024
    disk_mib: int | None = None
    network: NetworkConfig = field(default_factory=NetworkConfig)
    cloud_init: CloudInitConfig | None = None
    ssh: SshConfig | None = None
    uefi: bool = False
    boot: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", checked_name(self.name))
        require_count(self.vcpus, "vcpus")
        require_count(self.memory_mib, "memory_mib")
        if self.disk_mib is not None:
            require_count(self.disk_mib, "disk_mib")
        if not isinstance(self.image, str) or not self.image or "\0" in self.image:
            raise SpecError(
                f"image {self.image!r} is neither a name nor a path",
                hint='use image="tiny", or the path of a disk image',
            )
        kinds: dict[str, type] = {
            "network": NetworkConfig,
            "cloud_init": CloudInitConfig,
            "ssh": SshConfig,
        }
        for name, kind in kinds.items():
            value = getattr(self, name)
            if not isinstance(value, kind) and (value is not None or name == "network"):
                # Not the value itself: it may be a password in a shape that nobody expected.
                raise SpecError(
                    f"{name} is of type {type(value).__name__}", hint=f"give a {kind.__name__}"
                )
        if not isinstance(self.uefi, bool):
            raise SpecError(f"uefi is {self.uefi!r}", hint="uefi is True or False")
        if self.boot is not None and (not isinstance(self.boot, str) or not self.boot):
            raise SpecError(
                f"boot is {self.boot!r}", hint=f'"{COLD_BOOT}", or the name of a template'
            )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values that :meth:`from_json` reads back."""
        values = asdict(self)
        if self.ssh is not None and isinstance(self.ssh.private_key, Path):
            values["ssh"]["private_key"] = {"path": str(self.ssh.private_key)}
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the spec that :meth:`to_json` wrote."""
        plain = dict(values)
        plain["network"] = NetworkConfig.from_json(plain["network"])
        if plain["cloud_init"] is not None:
            plain["cloud_init"] = CloudInitConfig(**plain["cloud_init"])
        if plain["ssh"] is not None:
            ssh = dict(plain["ssh"])
            if isinstance(ssh["private_key"], Mapping):
                ssh["private_key"] = Path(ssh["private_key"]["path"])
            plain["ssh"] = SshConfig(**ssh)
        return cls(**plain)

    def differences(self, other: "VmSpec") -> dict[str, tuple[str, str]]:
        """Return, for each field that differs, this spec's value and that of `other`, to be read.

        A field of a part is named with it (``network.restrict``), and no secret is shown.
        """
        return dict(_differences(self, other))


def _differences(have: Any, asked: Any) -> Iterator[tuple[str, tuple[str, str]]]:
    for part in fields(have):
        pair = getattr(have, part.name), getattr(asked, part.name)
        if pair[0] == pair[1]:
            continue
        if is_dataclass(pair[0]) and type(pair[0]) is type(pair[1]):
            yield from ((f"{part.name}.{name}", both) for name, both in _differences(*pair))
        elif part.repr:
            yield part.name, (repr(pair[0]), repr(pair[1]))
        else:
            yield part.name, _secrets(*pair)


def _secrets(have: object, asked: object) -> tuple[str, str]:
    """Return what may be told of two secrets that differ."""
    return ("None" if have is None else "a secret", "None" if asked is None else "another secret")
