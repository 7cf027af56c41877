"""UEFI in a real guest, with variables of each VM's own."""

import stat
from pathlib import Path

import pytest

from vmnb import VM
from vmnb.backends.qemu.files import WorkFiles
from vmnb.backends.qemu.program.firmware import find_firmware, firmware_folders
from vmnb.core.errors import BackendError, SpecError

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def firmware() -> None:
    try:
        find_firmware("pc-q35-7.2", firmware_folders())
    except BackendError as error:
        pytest.skip(str(error))


def variables(vm: VM) -> Path:
    return WorkFiles.of_handle(vm.handle).uefi_variables


def test_the_tiny_guest_boots_by_uefi_and_only_its_own_variables_change(
    shared_homes: Path, tiny: VM
) -> None:
    with VM("uefi", uefi=True) as vm, VM("other", uefi=True) as other:
        fresh = variables(vm).read_bytes()
        assert stat.S_IMODE(variables(vm).stat().st_mode) == 0o600
        vm.start()
        assert vm.run("ls /sys/firmware/efi").ok
        vm.stop()
        kept = variables(vm).read_bytes()
        assert kept != fresh
        assert variables(other).read_bytes() == fresh
        vm.start().run("true", check=True)
        vm.stop()
        assert vm.handle.uefi
    assert not tiny.run("ls /sys/firmware/efi").ok


def test_less_memory_than_it_takes_by_uefi_is_refused(shared_homes: Path) -> None:
    with pytest.raises(SpecError, match="needs 160 to boot by UEFI"):
        VM("small", uefi=True, memory=128)


def test_variables_that_are_gone_are_named_by_the_start(shared_homes: Path) -> None:
    with VM("bereft", uefi=True) as vm:
        variables(vm).unlink()
        with pytest.raises(BackendError, match=r"uefi-variables\.qcow2"):
            vm.start()
        assert vm.state == "prepared"
