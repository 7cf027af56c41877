"""What cannot be had is refused with a clear word, and nothing is left of the try."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vmnb.backends.qemu import QemuHypervisor
from vmnb.core.errors import (
    BackendError,
    BackendUnavailableError,
    CapabilityError,
    ImageError,
    SpecError,
)
from vmnb.core.network import NetworkConfig
from vmnb.core.spec import VmSpec

Spec = Callable[..., VmSpec]


def files_below(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if not path.is_dir()]


@pytest.fixture
def nothing_made(homes: Path) -> Iterator[None]:
    yield
    assert files_below(homes) == []


@pytest.mark.usefixtures("nothing_made")
@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ({"vcpus": 100_000}, SpecError, "takes at most"),
        ({"disk_mib": 1}, SpecError, "needs 2"),
        ({"network": NetworkConfig.tap("nowhere0")}, BackendError, "no bridge 'nowhere0'"),
        ({"network": NetworkConfig.tap("lo")}, BackendError, "'lo' of this machine is not a"),
        ({"network": NetworkConfig.vnic("net0")}, CapabilityError, "network-vnic"),
        ({"image": "/nowhere/disk.qcow2"}, ImageError, "no image"),
        ({"image": "/"}, ImageError, "directory"),
        ({"image": __file__}, ImageError, "not a disk image"),
    ],
)
def test_a_spec_that_cannot_be_had_makes_nothing(
    hypervisor: QemuHypervisor,
    runner: asyncio.Runner,
    spec: Spec,
    values: dict[str, object],
    error: type[Exception],
    words: str,
) -> None:
    with pytest.raises(error, match=words):
        runner.run(hypervisor.prepare(spec(**values)))


@pytest.mark.usefixtures("nothing_made")
def test_no_qemu_on_the_machine_is_said_with_what_to_install(
    hypervisor: QemuHypervisor,
    runner: asyncio.Runner,
    spec: Spec,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackendUnavailableError, match="apt-get install qemu-system-x86 qemu-utils"):
        runner.run(hypervisor.prepare(spec()))


def test_a_full_disk_is_said_before_anything_is_made(
    hypervisor: QemuHypervisor,
    runner: asyncio.Runner,
    spec: Spec,
    small_disk: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    full = small_disk("size=1M")
    monkeypatch.setenv("VMNB_HOME", str(full / "data"))
    with pytest.raises(BackendError, match=r"full: \d+ MiB are free"):
        runner.run(hypervisor.prepare(spec()))
    assert files_below(full) == []


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(
    hypervisor: QemuHypervisor,
    runner: asyncio.Runner,
    spec: Spec,
    small_disk: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    full = small_disk("size=100M,nr_inodes=4")
    monkeypatch.setenv("VMNB_HOME", str(full / "data"))
    with pytest.raises(BackendError, match="No space left"):
        runner.run(hypervisor.prepare(spec()))
    assert files_below(full) == []
    assert list((full / "data" / "vms").iterdir()) == []


def test_a_read_only_home_is_said(
    hypervisor: QemuHypervisor,
    runner: asyncio.Runner,
    spec: Spec,
    small_disk: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VMNB_HOME", str(small_disk("ro") / "data"))
    with pytest.raises(SpecError, match="Read-only file system"):
        runner.run(hypervisor.prepare(spec()))


def test_a_cancelled_prepare_leaves_nothing(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, spec: Spec, homes: Path
) -> None:
    async def scenario() -> None:
        await hypervisor.destroy(await hypervisor.prepare(spec()))
        for turns in range(1, 40, 3):
            preparing = asyncio.create_task(hypervisor.prepare(spec()))
            for _ in range(turns):
                await asyncio.sleep(0)
            preparing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await preparing

    runner.run(scenario())
    assert files_below(homes) == []


def test_a_home_of_another_user_is_said(spec: Spec, homes: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("becoming another user needs root")
    homes.chmod(0o755)
    homes.parent.chmod(0o755)
    foreign = homes / "foreign"
    foreign.mkdir(mode=0o755)
    code = """
import os, sys
from vmnb.core.errors import SpecError
from vmnb.core.paths import private_dir
from pathlib import Path
from vmnb.backends.qemu.files import WorkFiles, new_work_directory
os.setuid(65534)
try:
    with new_work_directory(WorkFiles.of("0" * 32), "web"):
        pass
except SpecError as error:
    print(error)
"""
    environment = {**os.environ, "VMNB_HOME": str(foreign / "data")}
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert "cannot make the directory" in said.stdout
    assert "VMNB_HOME" in said.stdout
    assert files_below(foreign) == []
    homes.parent.chmod(0o700)
