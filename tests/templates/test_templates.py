"""Guests that begin from a template: made by itself or by name, and never from a broken one."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

import vmnb
from tests.small_disk import mountable
from tests.templates.cache import homes_with_templates
from vmnb import VM
from vmnb.core import runtime
from vmnb.core.errors import BackendError, SpecError, StateError, TemplateError, VmExistsError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

IDENTITY = (
    "cat /proc/sys/kernel/random/uuid; head -c 16 /dev/urandom | md5sum; cat /etc/machine-id;"
    "hostname"
)


@pytest.fixture(scope="module")
def cache(
    homes_root: Path, image_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A cache in which the tiny guest has become a template by itself."""
    place = tmp_path_factory.mktemp("caches") / "cache"
    with homes_with_templates(homes_root, image_cache, place):
        with VM("first") as vm:
            vm.start().wait_ready()
            assert list(vm.history["action"]) == ["prepare", "start", "ready", "template"]
        yield place


@pytest.fixture
def named(cache: Path) -> Iterator[str]:
    """A template of a guest in which something was done."""
    with VM("teacher") as vm:
        vm.start().run("echo mine > /root/file; echo mine > /dev/shm/file", check=True)
        vm.template("prepared for the lesson")
    yield "prepared for the lesson"
    if "prepared for the lesson" in set(vmnb.templates.list()["name"]):
        vmnb.templates.remove("prepared for the lesson")


@pytest.fixture
def small_home(homes_root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data home with little room, for VMs that begin from the templates of the others."""
    runtime.shutdown()
    with mountable(homes_root / "small") as mount:
        monkeypatch.setenv("VMNB_HOME", str(mount("size=80M")))
        yield homes_root / "small"
        runtime.shutdown()


def test_where_there_is_no_room_to_lay_a_template_out_it_is_said_and_can_be_tried_again(
    named: str, small_home: Path
) -> None:
    with VM("cramped", boot=named) as vm:
        filler = small_home / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        with pytest.raises(BackendError, match=r"cannot lay out the template .*No space left"):
            vm.start()
        filler.unlink()
        assert vm.state == "prepared"
        assert vm.start().run("cat /dev/shm/file", check=True).stdout == "mine\n"


def began(vm: VM) -> str:
    """Return how the VM came to run, as its history says it."""
    return str(vm.history["action"][1])


def template_directory(cache: Path) -> Path:
    (directory,) = (path for path in (cache / "templates").iterdir() if (path / "memory").exists())
    return directory


def test_the_second_guest_begins_from_what_the_first_one_became(cache: Path) -> None:
    (template,) = vmnb.templates.list().to_dict("records")
    assert template["automatic"]
    assert (template["image"], template["memory_mib"]) == ("tiny", 256)
    assert 10 < template["size_mib"] < 256
    with VM("second") as vm:
        vm.start()
        assert began(vm) == "restore"
        assert vm.run("hostname; touch /root/own && sync", check=True).stdout == "second\n"
        assert template["name"] in vm.history["detail"][1]
        vm.console.wait_for("root@second:~#")
        assert "root@first" not in vm.console.text
        vm.stop().start()
        assert vm.run("ls /root/own && hostname", check=True).stdout == "/root/own\nsecond\n"
        assert vm.history["action"].iloc[-2] == "start"
        assert "restored_from" not in vm.handle.extra


def test_a_guest_whose_process_ended_before_it_was_ready_is_saved_by_the_next(cache: Path) -> None:
    assert cache.exists()
    code = "from vmnb import VM; VM('left alone', memory='224M').start()"
    subprocess.run([sys.executable, "-c", code], check=True)
    with VM.attach("left alone") as vm:
        vm.wait_ready()
        assert "template" in set(vm.history["action"])
        vmnb.templates.remove(vm.history["detail"].iloc[-1])


def test_ports_of_the_host_lead_into_one_that_began_from_a_template(cache: Path) -> None:
    with VM("served") as vm:
        vm.start().run("mkdir -p /srv && echo hi > /srv/index.html && httpd -h /srv", check=True)
        assert began(vm) == "restore"
        assert str(vm.guest_ip) == "10.0.2.15"
        with urlopen(f"http://127.0.0.1:{vm.forward(80)}/", timeout=30) as answer:
            assert answer.read() == b"hi\n"


SMALL_FILES = """
import resource, sys
from vmnb import VM
vm = VM.attach(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (32 << 20, 32 << 20))
vm.template("never")
"""
"""The file of the memory cannot be written to its end."""


def test_where_it_cannot_be_written_the_guest_goes_on_and_nothing_is_left(cache: Path) -> None:
    with VM("tight") as vm:
        vm.start().run("echo on > /dev/shm/on", check=True)
        runtime.run(vm._live.ways.aclose())  # so that the other process has the agent
        command = [sys.executable, "-c", SMALL_FILES, vm.name]
        ended = subprocess.run(command, timeout=120, capture_output=True, text=True, check=False)
        assert "cannot write a template of 'tight': File too large" in ended.stderr
        assert vm.run("cat /dev/shm/on").stdout == "on\n"
        assert "never" not in set(vmnb.templates.list()["name"])
        assert not list((cache / "templates").glob(".*-*"))


def test_those_that_begin_from_one_template_share_nothing_that_tells_them_apart(
    cache: Path,
) -> None:
    with VM("a") as a, VM("b") as b:
        said = [vm.start().run(IDENTITY, check=True).stdout.splitlines() for vm in (a, b)]
        assert {began(a), began(b)} == {"restore"}
        for values in zip(*said, strict=True):
            assert len(set(values)) == 2, values


def test_one_that_began_from_a_template_can_be_copied_and_can_go_back(cache: Path) -> None:
    with VM("origin") as vm:
        vm.start().checkpoint("before")
        (child,) = vm.fork(names=["child"])
        with child:
            assert child.run("hostname").stdout == "child\n"
            assert child.handle.extra["forked_from"] == "origin"
        vm.run("rm -r /etc", check=True)
        assert vm.rewind("before").run("ls -d /etc", check=True).stdout == "/etc\n"


def test_a_real_boot_is_had_by_asking_for_it(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with VM("cold", boot="cold") as vm:
        assert began(vm.start()) == "start"
    monkeypatch.setenv("VMNB_BOOT", "cold")
    with VM("cold too") as vm:
        assert began(vm.start()) == "start"


def test_another_machine_begins_from_no_template_of_this_one(cache: Path) -> None:
    with VM("larger", memory="300M") as vm:
        assert began(vm.start()) == "start"
        vm.console.write("\n")  # and will be none itself: somebody has been in it
        vm.wait_ready()
        assert "template" not in set(vm.history["action"])
    assert len(vmnb.templates.list()) == 1


def test_a_guest_that_others_can_reach_becomes_no_template(cache: Path) -> None:
    with VM("reached", memory="310M", network=vmnb.user(forward=[80])) as vm:
        vm.start().wait_ready()
        assert "template" not in set(vm.history["action"])


def flip_a_bit(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(os.lseek(file.fileno(), 0, os.SEEK_DATA) + 1000)
        before = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes((before[0] ^ 1,)))


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize("name", ["memory", "state"])
@pytest.mark.parametrize("damage", [flip_a_bit, cut_short, Path.unlink])
def test_a_damaged_template_is_noticed_before_a_guest_runs_on_it(
    cache: Path, named: str, damage: Callable[[Path], None], name: str
) -> None:
    newest = max((cache / "templates").glob("*/memory"), key=lambda path: path.stat().st_mtime)
    damage(newest.with_name(name))
    with VM("student", boot=named) as vm:
        with pytest.raises(TemplateError, match="damaged"):
            vm.start()
        assert vm.state == "prepared"


def test_where_the_one_that_is_used_by_itself_is_damaged_the_guest_boots(cache: Path) -> None:
    flip_a_bit(template_directory(cache) / "memory")
    with VM("lucky") as vm:
        vm.start()
        assert began(vm) == "start"
        assert "damaged" in vm.history["detail"][1]
        assert vmnb.templates.list().empty
    with VM("next") as vm:
        vm.start().wait_ready()
        assert "template" in set(vm.history["action"])


def test_a_template_with_a_name_has_what_was_done_before(cache: Path, named: str) -> None:
    with VM("student", boot=named) as vm:
        said = vm.start().run("cat /root/file /dev/shm/file; hostname", check=True).stdout
        assert said == "mine\nmine\nstudent\n"
        vmnb.templates.remove(named)
        assert vm.run("cat /root/file", check=True).stdout == "mine\n"
        vm.stop().start()
        assert vm.run("cat /root/file", check=True).stdout == "mine\n"


def test_a_template_that_does_not_fit_is_refused_with_what_differs(cache: Path, named: str) -> None:
    with VM("student", boot=named, memory="512M") as vm:
        with pytest.raises(TemplateError, match="memory_mib: it has 256, asked for 512"):
            vm.start()
        assert vm.state == "prepared"
    with pytest.raises(TemplateError, match="no template 'other'"):
        VM("student", boot="other")
    with pytest.raises(TemplateError, match="no template 'other'"):
        vmnb.templates.remove("other")


def test_names_of_templates_are_checked(cache: Path, named: str) -> None:
    with VM("again") as vm:
        with pytest.raises(StateError):
            vm.template("not running")
        vm.start()
        with pytest.raises(TemplateError, match="already"):
            vm.template(named)
        for wrong in ("cold", "", "a/b"):
            with pytest.raises(SpecError):
                vm.template(wrong)
        with pytest.raises(VmExistsError, match="boot"):
            VM("again", boot="cold")
