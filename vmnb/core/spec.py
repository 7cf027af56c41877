"""What a VM should be: frozen descriptions, validated on construction, to and from JSON."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from vmnb.core.errors import SpecError
from vmnb.core.names import checked_name

__all__ = ["CloudInitConfig", "NetworkConfig", "NetworkMode", "SshConfig", "VmSpec"]


_USER_DATA_HINT = 'give the whole document, such as "#cloud-config\\n…"'
_NETWORK_HINT = 'NetworkConfig.user(), .tap("br0"), .vnic("net0") or .none()'


class NetworkMode(StrEnum):
    """How a VM reaches the network."""

    USER = "user"
    """Behind QEMU's own NAT; needs no privileges."""
    TAP = "tap"
    """A tap interface on a bridge of the host."""
    VNIC = "vnic"
    """A virtual NIC of illumos."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """A VM's network: one of :meth:`user`, :meth:`tap`, :meth:`vnic`, :meth:`none`.

    Raises
    ------
    SpecError
        A tap has no bridge, a vnic has no name, or a name fits no network interface.
    """

    mode: NetworkMode = NetworkMode.USER
    bridge: str | None = None
    vnic_name: str | None = None

    def __post_init__(self) -> None:
        if self.mode not in set(NetworkMode):
            raise SpecError(f"{self.mode!r} is not a network", hint=_NETWORK_HINT)
        object.__setattr__(self, "mode", NetworkMode(self.mode))
        wanted = {NetworkMode.TAP: "bridge", NetworkMode.VNIC: "vnic_name"}.get(self.mode)
        for attribute in ("bridge", "vnic_name"):
            value = getattr(self, attribute)
            if (attribute == wanted) != (value is not None):
                raise SpecError(
                    f"network {self.mode} {'needs' if wanted else 'takes no'} {attribute}",
                    hint=_NETWORK_HINT,
                )
            if value is not None:
                _require_match(
                    value,
                    r"[A-Za-z][A-Za-z0-9_.-]{0,14}",
                    "the name of a network interface",
                    hint="up to 15 letters, digits, '_', '.', '-', and a letter first",
                )

    @classmethod
    def user(cls) -> Self:
        """Return the network behind NAT that needs no privileges: the default."""
        return cls()

    @classmethod
    def tap(cls, bridge: str) -> Self:
        """Return a tap interface that joins `bridge`."""
        return cls(mode=NetworkMode.TAP, bridge=bridge)

    @classmethod
    def vnic(cls, name: str) -> Self:
        """Return the illumos VNIC `name`."""
        return cls(mode=NetworkMode.VNIC, vnic_name=name)

    @classmethod
    def none(cls) -> Self:
        """Return no network at all."""
        return cls(mode=NetworkMode.NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudInitConfig:
    """What cloud-init is told at the first boot.

    Parameters
    ----------
    user_data
        The whole document, with its ``#cloud-config`` or ``#!`` line. Never shown in a repr.
    instance_id
        Identity of this installation; the VM's own id where it is None.
    hostname
        The guest's host name (RFC 1123); made from the VM's name where it is None.

    Raises
    ------
    SpecError
        The user data is not text, or another value is not a name.
    """

    user_data: str = field(repr=False)
    instance_id: str | None = None
    hostname: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.user_data, str) or not self.user_data:
            raise SpecError("the user data of cloud-init is not text", hint=_USER_DATA_HINT)
        if not _fits_utf_8(self.user_data):
            raise SpecError(
                "the user data of cloud-init has characters that UTF-8 cannot carry",
                hint=_USER_DATA_HINT,
            )
        if self.instance_id is not None:
            _require_match(self.instance_id, r"[!-~]{1,200}", "an instance id", hint="a UUID")
        if self.hostname is not None:
            label = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
            _require_match(
                self.hostname,
                rf"(?!.{{254}}){label}(\.{label})*",
                "a host name",
                hint="letters, digits and hyphens, in parts of up to 63 between dots",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SshConfig:
    """How to enter the guest by SSH.

    Parameters
    ----------
    user
        Login name in the guest.
    public_key
        One line as in ``authorized_keys``.
    private_key
        A path, or the key's PEM text. Never shown in a repr.

    Raises
    ------
    SpecError
        The user is no login name, or the public key is not one line.
    """

    user: str = "vm"
    public_key: str | None = None
    private_key: Path | str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _require_match(
            self.user,
            r"[A-Za-z_][A-Za-z0-9_.-]{0,31}",
            "a login name",
            hint="up to 32 letters, digits, '_', '.', '-', and a letter or '_' first",
        )
        key = self.public_key
        if key is not None and not (isinstance(key, str) and re.fullmatch(r"[ -~]+ [ -~]+", key)):
            raise SpecError(  # without the value: it may be the private key
                "the public key is not one line of text",
                hint='one line as in authorized_keys: "ssh-ed25519 AAAA… me"',
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class VmSpec:
    """What a VM should be.

    Parameters
    ----------
    name
        1 to 200 printable characters, no ``/``, not beginning with ``-`` or ``.``; kept in
        Unicode's NFC form. It is never used as a file name.
    image
        ``"tiny"`` or the path of a disk image.
    vcpus
        Number of virtual CPUs, 1 or more.
    memory_mib
        Memory in MiB, 1 or more.
    disk_mib
        Size of the disk in MiB; the image's own size where it is None.

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

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", checked_name(self.name))
        _require_count(self.vcpus, "vcpus")
        _require_count(self.memory_mib, "memory_mib")
        if self.disk_mib is not None:
            _require_count(self.disk_mib, "disk_mib")
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
        plain["network"] = NetworkConfig(**plain["network"])
        if plain["cloud_init"] is not None:
            plain["cloud_init"] = CloudInitConfig(**plain["cloud_init"])
        if plain["ssh"] is not None:
            ssh = dict(plain["ssh"])
            if isinstance(ssh["private_key"], Mapping):
                ssh["private_key"] = Path(ssh["private_key"]["path"])
            plain["ssh"] = SshConfig(**ssh)
        return cls(**plain)

    def differences(self, other: "VmSpec") -> dict[str, tuple[Any, Any]]:
        """Return, for each field that differs, this spec's value and that of `other`."""
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _fits_utf_8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _require_count(value: int, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SpecError(f"{what} is {value!r}", hint=f"{what} is a whole number above zero")


def _require_match(value: str, pattern: str, what: str, *, hint: str) -> None:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise SpecError(f"{value!r} is not {what}", hint=hint)
