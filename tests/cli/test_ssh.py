"""The command line of the system's ssh; that it leads into a guest is shown on a real Debian."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from vmnb import SshConfig, VmSpec
from vmnb.cli.ssh import ssh_argv
from vmnb.core.errors import CapabilityError
from vmnb.core.handle import VmHandle


def handle(folder: Path, ssh: SshConfig | None = None) -> VmHandle:
    return VmHandle(id="1f", backend="qemu", spec=VmSpec(name="web", ssh=ssh), work_dir=folder)


def understood(argv: list[str]) -> dict[str, str]:
    """Return what the real ssh makes of its options."""
    if not shutil.which("ssh"):
        pytest.skip("there is no ssh on this machine")
    # -G says what it would do, and does nothing.
    said = subprocess.run([argv[0], "-G", *argv[1:]], capture_output=True, text=True, check=True)
    return dict(line.split(" ", 1) for line in said.stdout.splitlines() if " " in line)


def test_it_enters_with_the_vms_own_key_and_keeps_the_guests(tmp_path: Path) -> None:
    argv = ssh_argv(handle(tmp_path, SshConfig(user="ada")), "127.0.0.1", 2222, ["ls", "-l"])
    assert argv[-3:] == ["ada@127.0.0.1", "ls", "-l"]
    options = understood(argv)
    assert (options["user"], options["hostname"], options["port"]) == ("ada", "127.0.0.1", "2222")
    assert options["identityfile"] == str(tmp_path / "ssh" / "id_ed25519")
    assert options["userknownhostsfile"] == str(tmp_path / "ssh" / "known_hosts")
    assert (options["stricthostkeychecking"], options["hostkeyalias"]) == ("accept-new", "1f")
    assert options["identitiesonly"] == "yes"


def test_its_files_may_be_anywhere(tmp_path: Path) -> None:
    folder = tmp_path / 'Eigene "Dateien" 100% \\ %h'
    folder.mkdir()
    options = understood(ssh_argv(handle(folder, SshConfig()), "127.0.0.1", 22, []))
    for option, name in (("userknownhostsfile", "known_hosts"), ("identityfile", "id_ed25519")):
        assert options[option].replace("%%", "%") == str(folder / "ssh" / name)


def test_a_key_of_the_users_own_is_used(tmp_path: Path) -> None:
    ssh = SshConfig(private_key=tmp_path / "my key")
    options = understood(ssh_argv(handle(tmp_path, ssh), "127.0.0.1", 22, []))
    assert options["identityfile"] == str(tmp_path / "my key")


def test_without_a_key_in_a_file_there_is_no_way_in(tmp_path: Path) -> None:
    with pytest.raises(CapabilityError, match="'web' has no SSH"):
        ssh_argv(handle(tmp_path), "127.0.0.1", 22, [])
    with pytest.raises(CapabilityError, match="is in no file"):
        ssh_argv(handle(tmp_path, SshConfig(private_key="-----BEGIN")), "127.0.0.1", 22, [])
    with pytest.raises(CapabilityError):
        ssh_argv(replace(handle(tmp_path, SshConfig()), work_dir=None), "127.0.0.1", 22, [])
