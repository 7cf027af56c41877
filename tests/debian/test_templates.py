"""A real Debian as a template: what cloud-init was told stays, and names and keys are new."""

from pathlib import Path

import pytest

import vmnb
from tests.debian.conftest import READY_S, like_debian
from vmnb import VM

pytestmark = [pytest.mark.slow, pytest.mark.debian, pytest.mark.timeout(READY_S + 300)]

KEYS = "cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub /home/vm/.ssh/authorized_keys"


def test_another_begins_from_it_ready_and_is_entered_with_its_own_key(
    debian: VM, debian_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VMNB_CACHE", str(debian_cache))
    debian.template("set up")
    with like_debian("second", boot="set up") as vm:
        vm.start().wait_ready(60)
        assert list(vm.history["action"])[:2] == ["prepare", "restore"]
        assert vm.run("id -un", via="ssh", user="vm", check=True).stdout == "vm\n"
        names = "hostname; cat /etc/motd /var/tmp/ran-as"
        assert vm.run(names, check=True).stdout == debian.run(names, check=True).stdout
        for own, other in zip(
            *(each.run(KEYS, check=True).stdout.splitlines() for each in (vm, debian)), strict=True
        ):
            assert own != other
        vm.stop().start().wait_ready(READY_S)
        assert vm.run(names, check=True).stdout == debian.run(names, check=True).stdout
        assert vm.run("id -un", via="ssh", user="vm", check=True).stdout == "vm\n"
    vmnb.templates.remove("set up")
