"""UEFI firmware of this machine: code and a template of its variables, which only fit together.

Who installs firmware describes it in a file, so that nobody has to guess names and builds
(``docs/interop/firmware.json`` of QEMU says what is in it, and in which order they are looked up).
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from vmnb.core.errors import BackendError

__all__ = ["Firmware", "find_firmware", "firmware_folders"]

_ARCHITECTURE = "x86_64"
_FORMATS = ("raw", "qcow2")
_NOT_OFFERED = {"requires-smm", "secure-boot", "enrolled-keys"}
"""Features of firmware that wants a machine of another make, or boots signed systems alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """Code to be run, and the variables that a new VM begins with; with QEMU's names of formats."""

    code: Path
    code_format: str
    template: Path
    template_format: str


def firmware_folders() -> tuple[Path, ...]:
    """Return where descriptions of firmware are, the user's own first."""
    own = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    if not own.is_absolute():
        with suppress(RuntimeError):  # a user without a home
            own = Path.home() / ".config"
    return tuple(base / "qemu/firmware" for base in (own, Path("/etc"), Path("/usr/share")))


def find_firmware(machine: str, folders: tuple[Path, ...]) -> Firmware:
    """Return the first UEFI firmware in `folders` that boots a `machine` such as ``pc-q35-7.2``.

    Raises
    ------
    BackendError
        There is none.
    """
    for path in _descriptions(folders):
        firmware = _read(path, machine)
        if firmware is not None and firmware.code.is_file() and firmware.template.is_file():
            return firmware
    raise BackendError(
        f"there is no UEFI firmware for {machine} on this machine (looked for its description in "
        f"{', '.join(map(str, folders))})",
        hint="install it: sudo apt-get install ovmf",
    )


def _descriptions(folders: tuple[Path, ...]) -> list[Path]:
    """Return the files in the order of their names; a name hides itself in later folders."""
    chosen: dict[str, Path] = {}
    for folder in folders:
        for path in folder.glob("*.json"):
            chosen.setdefault(path.name, path)
    return [chosen[name] for name in sorted(chosen)]


def _read(path: Path, machine: str) -> Firmware | None:
    """Return the firmware that `path` describes; None where it is not for us, or makes no sense."""
    try:
        said = json.loads(path.read_text())
        return _firmware(said["mapping"]) if _suits(said, machine) else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None  # an empty file is how an administrator takes one away


def _suits(said: Any, machine: str) -> bool:
    return (
        "uefi" in said["interface-types"]
        and said["mapping"]["device"] == "flash"
        and _NOT_OFFERED.isdisjoint(said["features"])
        and any(fnmatchcase(machine, pattern) for pattern in _machines(said["targets"]))
    )


def _machines(targets: Any) -> Iterator[str]:
    for target in targets:
        if target["architecture"] == _ARCHITECTURE:
            yield from target["machines"]


def _firmware(mapping: Any) -> Firmware | None:
    code, template = mapping["executable"], mapping["nvram-template"]
    if {code["format"], template["format"]} - set(_FORMATS):
        return None
    return Firmware(
        code=Path(code["filename"]),
        code_format=code["format"],
        template=Path(template["filename"]),
        template_format=template["format"],
    )
