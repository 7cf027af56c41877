"""What is done with ``qemu-img``: disks that nothing has written to yet."""

import subprocess
from pathlib import Path

from vmnb.backends.qemu.disk.layers import disk_size_bytes
from vmnb.backends.qemu.program.binary import Qemu
from vmnb.backends.qemu.program.firmware import Firmware
from vmnb.core.errors import BackendError
from vmnb.images import BootImage

__all__ = ["copy_variables", "create_layer", "create_overlay"]

_TIMEOUT_S = 60.0

_Arguments = list[str | Path]


def create_overlay(path: Path, qemu: Qemu, image: BootImage, disk_mib: int | None) -> None:
    """Make the first layer of a disk, over its image."""
    # An absolute path is never taken for a protocol, whatever colons and commas are in it.
    below: _Arguments = ["-F", image.disk_format, "-b", image.disk]
    _run(qemu, "create", ["-f", "qcow2", *below, path, *([f"{disk_mib}M"] if disk_mib else [])])


def create_layer(path: Path, qemu: Qemu, below: Path) -> None:
    """Make a layer over the one `below`, which lies beside it and may be in use."""
    size = str(disk_size_bytes(below))
    _run(qemu, "create", ["-f", "qcow2", "-u", "-F", "qcow2", "-b", below.name, path, size])


def copy_variables(path: Path, qemu: Qemu, firmware: Firmware) -> None:
    """Copy the firmware's template; as QCOW2, so that it grows only as it is written."""
    _run(qemu, "convert", ["-f", firmware.template_format, "-O", "qcow2", firmware.template, path])


def _run(qemu: Qemu, command: str, arguments: _Arguments) -> None:
    done = subprocess.run(
        [qemu.qemu_img, command, "-q", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_TIMEOUT_S,
        umask=0o077,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip()
        raise BackendError(
            f"qemu-img {command} failed with exit code {done.returncode}:\n{said}",
            hint="free some space, or choose another place with VMNB_HOME",
        )
