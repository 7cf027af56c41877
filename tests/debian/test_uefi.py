"""A real Debian, booted by UEFI from its own boot loader."""

import pytest

from tests.debian.conftest import READY_S
from vmnb import VM

pytestmark = [pytest.mark.slow, pytest.mark.debian, pytest.mark.timeout(2 * READY_S)]

LOADER = "/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
VARIABLE = "/sys/firmware/efi/efivars/Kept-3d5f6a0e-7c0b-4d4e-9a53-5b6f0b0a4c11"


def test_what_the_guest_tells_its_firmware_to_remember_is_there_after_a_stop(big: VM) -> None:
    if not big.handle.uefi:
        pytest.skip("this machine has no UEFI firmware")
    # Four bytes of attributes come first: non-volatile, for the running system. All is
    # written at once.
    write = rf"printf '\007\000\000\000kept' > /run/value && cat /run/value > {VARIABLE}"
    big.run(write, check=True, timeout=READY_S)
    loader = big.run(f"tr -d '\\0' < {LOADER}", check=True)
    assert "systemd-boot" in loader.stdout
    big.stop()
    read = big.start().run(f"cat {VARIABLE} | tail -c +5", check=True, timeout=READY_S)
    assert read.stdout == "kept"
