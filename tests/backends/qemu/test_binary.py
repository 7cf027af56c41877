"""What is asked of the QEMU of this machine."""

from pathlib import Path

import pytest

from vmnb.backends.qemu.program.binary import require_version
from vmnb.core.errors import BackendUnavailableError

QEMU = Path("/usr/bin/qemu-system-x86_64")


@pytest.mark.parametrize("version", ["7.2.0", "7.2.22", "8.0.2", "10.1.0"])
def test_a_qemu_that_is_new_enough_is_taken(version: str) -> None:
    require_version(QEMU, version)


@pytest.mark.parametrize("version", ["6.2.0", "7.1.9"])
def test_a_qemu_that_is_too_old_is_refused_with_the_way_out(version: str) -> None:
    with pytest.raises(BackendUnavailableError, match=rf"QEMU {version}; vmnb needs 7\.2"):
        require_version(QEMU, version)
