"""The command ``vmnb ssh`` into a real Debian, by the system's own client."""

import shutil
import stat
import subprocess
import sys

import pytest

from tests.debian.conftest import READY_S
from vmnb import VM

pytestmark = [pytest.mark.slow, pytest.mark.debian, pytest.mark.timeout(READY_S + 300)]


def test_a_command_runs_as_the_owner_and_the_guests_key_is_kept(debian: VM) -> None:
    if not shutil.which("ssh"):
        pytest.skip("there is no ssh on this machine")
    said = [entered(debian, "id -un; exit 3") for _ in range(2)]
    assert said == [(3, "vm\n", "")] * 2
    assert debian.handle.work_dir is not None
    known = debian.handle.work_dir / "ssh" / "known_hosts"
    assert stat.S_IMODE(known.stat().st_mode) & 0o077 == 0
    assert f"vmnb-{debian.handle.id} ssh-ed25519 " in known.read_text()

    true = known.read_text()
    known.write_text(true.replace("AAAAC3NzaC1lZDI1NTE5AAAAI", "AAAAC3NzaC1lZDI1NTE5AAAAIA")[:60])
    try:
        code, _, err = entered(debian, "true")
        assert code == 255
        assert err != ""
    finally:
        known.write_text(true)


def entered(vm: VM, command: str) -> tuple[int, str, str]:
    argv = [sys.executable, "-m", "vmnb.cli", "ssh", vm.name, "--", command]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr
