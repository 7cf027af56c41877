"""QEMU passes the contract of every hypervisor."""

import os
from pathlib import Path

import pytest

from vmnb.backends.qemu import QemuHypervisor
from vmnb.core.handle import VmHandle
from vmnb.core.spec import VmSpec
from vmnb.testing import HypervisorContract


class TestQemuHypervisor(HypervisorContract):
    @pytest.fixture(autouse=True)
    def _homes(self, homes: Path, make_image: object) -> None:
        self.image = make_image("idle")  # type: ignore[operator]

    def make_hypervisor(self) -> QemuHypervisor:
        return QemuHypervisor()

    def make_spec(self, name: str) -> VmSpec:
        return VmSpec(name=name, image=str(self.image), memory_mib=32)

    def is_alive(self, handle: VmHandle) -> bool:
        marks = os.fsencode(handle.work_dir or "")
        return any(_mentions(process, marks) for process in Path("/proc").glob("[0-9]*"))


def _mentions(process: Path, marks: bytes) -> bool:
    try:
        return marks in (process / "cmdline").read_bytes()
    except OSError:
        return False
