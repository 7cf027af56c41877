"""Acting inside a real guest: by its agent, and by the shell on its serial console."""

import asyncio
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmnb import VM
from vmnb.core.errors import CapabilityError, DeadlineError, GuestError, SpecError
from vmnb.errors import CommandTimeoutError, ProvisionError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

WAYS = pytest.mark.parametrize("via", ["agent", "serial"])


@pytest.fixture
def folder(tiny: VM) -> Iterator[str]:
    """A directory of the guest for one test."""
    tiny.run("mkdir /root/test", check=True)
    yield "/root/test"
    tiny.run("rm -rf /root/test", check=True)


@WAYS
def test_a_command_has_environment_directory_and_user(tiny: VM, via: str) -> None:
    env = {"A": 'it\'s "x" \\ $HOME\nö'}
    result = tiny.run('printf %s "$A"; pwd >&2; exit 3', env=env, cwd="/etc", via=via)
    assert (result.stdout, result.stderr, result.exit_code) == (env["A"], "/etc\n", 3)
    assert result.via == via
    assert tiny.run("id -un; pwd", user="nobody", via=via).stdout == "nobody\n/\n"
    assert tiny.run(["id", "-u"], via=via).stdout == "0\n"


@WAYS
def test_who_or_what_is_not_there_is_told(tiny: VM, via: str) -> None:
    with pytest.raises(GuestError, match="there is no user nobody2"):
        tiny.run("true", user="nobody2", via=via)
    with pytest.raises(GuestError, match="/nowhere cannot be entered"):
        tiny.run("true", cwd="/nowhere", via=via)


@WAYS
def test_input_and_output_need_not_be_text(tiny: VM, via: str) -> None:
    data = bytes(range(256)) * 40
    result = tiny.run("tee /proc/self/fd/2", input=data, via=via)
    assert result.stdout_bytes == data
    assert result.stderr_bytes == data


@WAYS
def test_what_takes_too_long_is_killed_with_its_children(tiny: VM, via: str) -> None:
    with pytest.raises(CommandTimeoutError, match="was killed") as caught:
        tiny.run("echo begun; sleep 4321 & sleep 4321", timeout=20, via=via)
    assert caught.value.result.stdout == "begun\n"
    assert tiny.run("ps | grep -c 'sleep [4]321'").stdout == "0\n"
    assert tiny.run("echo on", via=via).stdout == "on\n"


@WAYS
def test_output_is_shown_as_it_comes_and_does_nothing_else(
    tiny: VM, via: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = "echo one; echo two >&2; printf '\\033]0;evil\\007'; echo größe"
    result = tiny.run(command, stream=True, via=via)
    said = capsys.readouterr()
    assert said.out == "one\n\\x1b]0;evil\\x07größe\n"
    assert said.err == "two\n"
    assert result.stdout_bytes == b"one\n\x1b]0;evil\x07" + "größe\n".encode()
    assert repr(result) == "[exit code 0]"


def test_the_awaitable_twin_shows_it_too(tiny: VM, capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario() -> str:
        return (await tiny.aio.run("echo shown", stream=True)).stdout

    assert asyncio.run(scenario()) == capsys.readouterr().out == "shown\n"


def test_large_output_is_whole_where_it_is_shown(
    tiny: VM, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "x" * 99 + "\n"
    size = 18 * 1024 * 1024 // 100 * 100
    result = tiny.run(f"yes {line.strip()} | head -c {size}", stream=True, timeout=200)
    whole = line.encode() * (size // 100)
    assert hashlib.sha256(result.stdout_bytes).digest() == hashlib.sha256(whole).digest()
    assert capsys.readouterr().out == whole.decode()


def test_the_console_is_left_as_it_was(tiny: VM) -> None:
    tiny.run("true", via="serial")
    tiny.console.write("stty -a | grep -o '.echo '; echo $((6*7))1\n")
    tiny.console.wait_for(" echo[ \r\n]+421")


def test_what_the_kernel_writes_in_between_does_not_matter(tiny: VM) -> None:
    command = "for i in 1 2 3 4 5 6; do echo noise >/dev/ttyS0; echo line $i; done; sleep 0.5"
    noise = (
        "(for i in $(seq 60); do echo more noise >/dev/ttyS0; sleep 0.05; done) >/dev/null 2>&1 &"
    )
    tiny.run(noise, check=True)
    result = tiny.run(command, via="serial", timeout=100)
    assert result.stdout == "".join(f"line {i}\n" for i in range(1, 7))


def test_a_console_at_which_a_program_runs_is_not_typed_into(tiny: VM) -> None:
    tiny.console.write("cat >/root/typed\n")
    tiny.wait_for_file("/root/typed")
    with pytest.raises(DeadlineError, match="no shell answered"):
        tiny.run("true", via="serial", timeout=3)
    tiny.console.write("\x04")
    assert tiny.run("cat /root/typed; rm /root/typed").stdout.strip() == ""
    assert tiny.run("echo on", via="serial").stdout == "on\n"


def test_a_way_that_it_has_not_is_refused(tiny: VM) -> None:
    with pytest.raises(CapabilityError, match="no way in by ssh") as caught:
        tiny.run("true", via="ssh")
    assert "ssh=True" in caught.value.hint
    with pytest.raises(SpecError, match="no way 'telnet'"):
        tiny.run("true", via="telnet")


def test_a_tree_goes_in_and_out(tiny: VM, folder: str, tmp_path: Path) -> None:
    source = tmp_path / "größe, 1"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "run it.sh").write_text("#!/bin/sh\necho hi\n")
    (source / "sub" / "run it.sh").chmod(0o750)
    (source / "data").write_bytes(os.urandom(5_000_000))
    (source / "link").symlink_to("sub/run it.sh")
    (source / ("x" * 200)).write_text("")
    tiny.copy_in(source, f"{folder}/a/b")
    assert tiny.run([f"{folder}/a/b/link"]).stdout == "hi\n"
    assert tiny.run(["stat", "-c", "%a %U", f"{folder}/a/b/sub/run it.sh"]).stdout == "750 root\n"
    tiny.copy_in(source, f"{folder}/a/b").copy_out(f"{folder}/a/b", tmp_path / "back")
    names = [str(path.relative_to(source)) for path in sorted(source.rglob("*"))]
    back = tmp_path / "back"
    assert [str(path.relative_to(back)) for path in sorted(back.rglob("*"))] == names
    assert (back / "data").read_bytes() == (source / "data").read_bytes()
    assert (back / "link").readlink() == Path("sub/run it.sh")
    assert tiny.run(f"ls -a {folder}/a").stdout.split() == [".", "..", "b"]


def test_a_guest_without_room_says_so_and_keeps_nothing(tiny: VM, tmp_path: Path) -> None:
    tiny.run("mkdir -p /run/small && mount -t tmpfs -o size=1m none /run/small", check=True)
    (tmp_path / "big").write_bytes(bytes(3 << 20))
    with pytest.raises(GuestError, match="No space left on device"):
        tiny.copy_in(tmp_path / "big", "/run/small/big")
    assert tiny.run("ls -A /run/small").stdout == ""
    tiny.run("umount /run/small", check=True)


def test_it_is_set_up_step_by_step(tiny: VM, folder: str, tmp_path: Path) -> None:
    (tmp_path / "up.sh").write_text("#!/bin/sh\necho second\n")
    result = tiny.provision(
        ["echo first", tmp_path / "up.sh", (tmp_path / "up.sh", f"{folder}/up")]
    )
    assert result.ok
    assert result.log.parent == tiny.handle.work_dir
    with pytest.raises(ProvisionError, match="step 1 of 2"):
        tiny.provision(["false", "true"])
    log = result.log.read_text()
    assert log.index("first") < log.index("second") < log.index("exit code 1")


@WAYS
def test_a_script_of_the_host_runs(tiny: VM, via: str) -> None:
    text = "#!/usr/bin/awk -f\nBEGIN { print ARGV[1]; exit 4 }\n"
    result = tiny.shell_script(text, "a b", via=via)
    assert (result.stdout, result.exit_code) == ("a b\n", 4)
    assert tiny.run("ls -A /tmp").stdout == ""
