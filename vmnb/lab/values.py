"""From what a lab file says of a VM to the arguments of :class:`vmnb.VM`."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from vmnb.core.errors import SpecError
from vmnb.core.network import NetworkConfig, NetworkMode
from vmnb.core.ssh import SshConfig

__all__ = ["CONVERSIONS", "Step", "step"]

Step: TypeAlias = str | Path | tuple[Path, str]
"""A command, a script, or a file with its path in the guest."""

_DISK_SUFFIXES = frozenset(
    {".qcow2", ".img", ".raw", ".vmdk", ".vdi", ".vhdx", ".gz", ".xz", ".zst"}
)


def step(value: str | Mapping[str, str], folder: Path) -> Step:
    """Return a step of a provisioning.

    Raises
    ------
    SpecError
        A file that it names is not there.
    """
    if isinstance(value, str):
        return value
    if "script" in value:
        return _file(value["script"], folder)
    return _there(_path(value["file"], folder)), value["to"]


def _image(value: str, folder: Path) -> str:
    """Return a name as it is, and a path as that of a file."""
    path = _path(value, folder)
    named = os.sep in value or value.startswith("~") or path.suffix.lower() in _DISK_SUFFIXES
    if "://" in value or not (named or path.is_file()):
        return value
    return str(_file(value, folder))


def _network(value: str | Mapping[str, Any], folder: Path) -> str | NetworkConfig:  # noqa: ARG001
    if isinstance(value, str):
        return value
    mode, forward = NetworkMode(value["mode"]), value.get("forward", ())
    if isinstance(forward, Mapping):
        forward = {int(host): guest for host, guest in forward.items()}
    behind_nat = NetworkConfig.user(forward, restrict=value.get("restrict", False))
    names = {NetworkMode.PRIVATE: "network", NetworkMode.VNIC: "vnic_name"}
    if "name" in value and mode not in names:
        raise SpecError(f"network {mode} takes no name", hint='mode = "private" has a name')
    return NetworkConfig(
        mode=mode,
        bridge=value.get("bridge"),
        forwards=behind_nat.forwards,
        restrict=behind_nat.restrict,
        **({names[mode]: value["name"]} if "name" in value else {}),
    )


def _cloud_init(value: str | Mapping[str, Any], folder: Path) -> str | Path | Mapping[str, Any]:
    if isinstance(value, Mapping) and value.keys() == {"file"}:
        return _file(value["file"], folder)
    return value


def _ssh(value: bool | str | Mapping[str, str], folder: Path) -> bool | str | SshConfig:
    if not isinstance(value, Mapping):
        return value
    settings: dict[str, Any] = dict(value)
    if "private_key" in settings:
        settings["private_key"] = _file(settings["private_key"], folder)
    return SshConfig(**settings)


CONVERSIONS: Mapping[str, Callable[[Any, Path], Any]] = MappingProxyType(
    {
        "image": _image,
        "vcpus": lambda value, _: value,
        "memory": lambda value, _: value,
        "disk": lambda value, _: value,
        "network": _network,
        "cloud_init": _cloud_init,
        "ssh": _ssh,
        "uefi": lambda value, _: value,
        "boot": lambda value, _: value,
    }
)
"""For each argument of a VM what makes it of the file's value and the file's directory.

Each may raise SpecError."""


def _file(value: Any, folder: Path) -> Path:
    if not isinstance(value, str):
        raise SpecError("file is no path", hint='{ file = "web.yaml" }')
    path = _there(_path(value, folder))
    if path.is_dir():
        raise SpecError(f"{path} is a directory", hint="name a file in it")
    return path


def _path(value: str, folder: Path) -> Path:
    try:
        return folder / Path(value).expanduser()
    except RuntimeError as error:
        raise SpecError(f"there is no such home directory: {value!r}", hint="a path") from error


def _there(path: Path) -> Path:
    try:
        path.stat()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise SpecError(
            f"cannot find {path}: {why}", hint="paths are from the file's own directory"
        ) from error
    return path
