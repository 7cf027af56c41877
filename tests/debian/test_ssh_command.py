"""The command ``vmnb ssh`` into a real Debian, by the system's own client."""

import shutil
import subprocess
import sys

import asyncssh
import pytest

from tests.debian.conftest import READY_S
from vmnb import VM

pytestmark = [pytest.mark.slow, pytest.mark.debian, pytest.mark.timeout(READY_S + 300)]


def test_a_command_runs_as_the_owner_and_the_guests_key_is_asked_for_ever_after(
    debian: VM,
) -> None:
    if not shutil.which("ssh"):
        pytest.skip("there is no ssh on this machine")
    assert [entered(debian, "id -un; exit 3") for _ in range(2)] == [(3, "vm\n", "")] * 2
    assert debian.handle.work_dir is not None
    known = debian.handle.work_dir / "ssh" / "known_hosts"
    true = known.read_text()
    assert true.startswith(f"{debian.handle.id} ssh-ed25519 ")
    another = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    known.write_text(f"{debian.handle.id} {another}")
    try:
        code, _, said = entered(debian, "true")
        assert code == 255
        assert "HAS CHANGED" in said
    finally:
        known.write_text(true)


def entered(vm: VM, command: str) -> tuple[int, str, str]:
    argv = [sys.executable, "-m", "vmnb.cli", "ssh", vm.name, "--", command]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr
