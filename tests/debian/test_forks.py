"""Copies of a real Debian that is set up, and the way back."""

from collections.abc import Iterator

import pytest

from tests.debian.conftest import READY_S
from vmnb import VM

pytestmark = [pytest.mark.slow, pytest.mark.debian, pytest.mark.timeout(READY_S + 300)]

IDENTITY = (
    "cat /proc/sys/kernel/random/uuid /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub; hostname"
)


@pytest.fixture(scope="module")
def copy(debian: VM) -> Iterator[VM]:
    """A copy of it; its kernel does not hear of that by itself."""
    with debian.fork(names=["Zwilling"])["Zwilling"] as copy:
        yield copy


def test_a_copy_is_a_machine_of_its_own_and_is_entered_by_ssh(debian: VM, copy: VM) -> None:
    theirs, own = (vm.run(IDENTITY, check=True).stdout.splitlines() for vm in (debian, copy))
    assert all(before != after for before, after in zip(theirs, own, strict=True))
    assert own[-1] == "zwilling"
    assert copy.run("hostname; cat /etc/motd", via="ssh", check=True).stdout == "zwilling\nGrüße\n"
    assert debian.run("hostname", via="ssh", check=True).stdout == f"{theirs[-1]}\n"


def test_what_was_broken_is_whole_again(copy: VM) -> None:
    copy.checkpoint("whole")
    copy.run("rm -rf /etc/motd /etc/ssh; sync", check=True)
    assert not copy.run("cat /etc/motd").ok
    assert copy.rewind("whole").run("id -un; cat /etc/motd", check=True).stdout == "root\nGrüße\n"
