"""Acting inside a real Debian, over its real SSH server and by its agent."""

import hashlib
import os
import stat
from pathlib import Path

import asyncssh
import pytest

from tests.debian.conftest import READY_S
from vmnb import VM
from vmnb.core import runtime
from vmnb.core.errors import GuestError
from vmnb.errors import CommandTimeoutError

pytestmark = [pytest.mark.slow, pytest.mark.debian, pytest.mark.timeout(READY_S + 300)]

WAYS = pytest.mark.parametrize("via", ["agent", "ssh"])
MIB = 1024 * 1024


@pytest.fixture(scope="module", autouse=True)
def entered(debian: VM) -> None:
    """Wait until the last stage of its first boot has made the login's user."""
    debian.run("true", via="ssh", timeout=READY_S, check=True)


@WAYS
def test_the_default_user_is_root_and_another_is_who_is_named(debian: VM, via: str) -> None:
    result = debian.run("id -un; pwd", via=via)
    assert (result.stdout, result.via) == ("root\n/\n", via)
    assert debian.run("id -un; pwd", user="vm", cwd="~", via=via).stdout == "vm\n/home/vm\n"
    env = {"A": 'it\'s "x" \\ $HOME\nö'}
    assert debian.run('printf %s "$A"', env=env, user="ada", via=via).stdout == env["A"]


@WAYS
def test_who_or_what_is_not_there_is_told(debian: VM, via: str) -> None:
    with pytest.raises(GuestError, match="there is no user eve"):
        debian.run("true", user="eve", via=via)
    with pytest.raises(GuestError, match="/nowhere cannot be entered"):
        debian.run("true", cwd="/nowhere", user="vm", via=via)


@WAYS
@pytest.mark.parametrize("user", [None, "vm"])
def test_what_takes_too_long_is_killed_with_its_children(
    debian: VM, via: str, user: str | None
) -> None:
    with pytest.raises(CommandTimeoutError, match="was killed") as caught:
        debian.run("echo begun; sleep 4321 & sleep 4321", timeout=8, via=via, user=user)
    assert caught.value.result.stdout == "begun\n"
    assert debian.run("pgrep -f 'sleep [4]321'").stdout == ""


def test_a_signal_is_told_over_ssh(debian: VM) -> None:
    assert debian.run("kill -9 $$", via="ssh").signal == 9


def test_large_output_over_ssh_is_whole(debian: VM) -> None:
    result = debian.run(f"head -c {40 * MIB} /dev/zero", via="ssh", timeout=300)
    assert hashlib.sha256(result.stdout_bytes).digest() == hashlib.sha256(bytes(40 * MIB)).digest()


def test_input_over_ssh_need_not_be_text(debian: VM) -> None:
    data = os.urandom(MIB)
    assert debian.run("cat", input=data, via="ssh").stdout_bytes == data


def test_a_tree_goes_in_and_out_by_ssh(debian: VM, tmp_path: Path) -> None:
    source = tmp_path / "größe, 1"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "run it.sh").write_text("#!/bin/sh\necho hi\n")
    (source / "sub" / "run it.sh").chmod(0o750)
    (source / "data").write_bytes(os.urandom(20 * MIB))
    (source / "link").symlink_to("sub/run it.sh")
    debian.copy_in(source, "/srv/a/b").copy_out("/srv/a/b", tmp_path / "back")
    assert debian.run(["/srv/a/b/link"], user="root").stdout == "hi\n"
    back = tmp_path / "back"
    assert (back / "data").read_bytes() == (source / "data").read_bytes()
    assert stat.S_IMODE((back / "sub" / "run it.sh").stat().st_mode) == 0o750
    assert (back / "link").readlink() == Path("sub/run it.sh")


def test_the_servers_key_is_kept_and_another_one_refused(debian: VM) -> None:
    debian.run("true", via="ssh", check=True)
    assert debian.handle.work_dir
    known = debian.handle.work_dir / "ssh" / "known_hosts"
    assert stat.S_IMODE(known.stat().st_mode) == 0o600
    theirs = debian.run("cat /etc/ssh/ssh_host_ed25519_key.pub").stdout.split()[1]
    kept = known.read_bytes()
    assert theirs.encode() in kept
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key()
    known.write_bytes(kept.split()[0] + b" " + other)
    runtime.run(debian._live.ways.aclose())
    with pytest.raises(GuestError, match="another key than at its first login"):
        debian.run("true", via="ssh")
    known.write_bytes(kept)
    assert debian.run("true", via="ssh").ok
