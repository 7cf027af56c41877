"""What cannot be had is refused with a clear word, and nothing is left of the try."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.small_disk import mountable
from vmnb import VM, machines
from vmnb.core.errors import (
    BackendError,
    BackendUnavailableError,
    CapabilityError,
    ImageError,
    SpecError,
    StoreError,
    VmnbError,
)
from vmnb.core.network import NetworkConfig
from vmnb.core.paths import data_home, runtime_home
from vmnb.core.ssh import SshConfig

Python = Callable[..., "subprocess.Popen[str]"]


def leftovers() -> list[Path]:
    """Return the work directories, sockets and locks there are."""
    places = (data_home() / "vms", data_home() / "vmnb.locks", runtime_home())
    return [path for place in places if place.is_dir() for path in place.iterdir()]


def refused(error: type[VmnbError], words: str, **values: object) -> None:
    """Ask for a VM that cannot be had; see the error, and that nothing was made."""
    with pytest.raises(error, match=words) as caught:
        VM(**{"name": "web", **values})  # type: ignore[arg-type]
    assert caught.value.hint, "the error does not say what to do next"
    assert machines().empty
    assert leftovers() == []


@pytest.mark.parametrize("name", ["", "../x", "x" * 300, "a\nb", "-S", "\ud800", None, 5, b"x"])
def test_a_bad_name(name: object) -> None:
    refused(SpecError, "the name", name=name)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"memory": 0}, "memory 0 is 0 MiB"),
        ({"memory": "12 apples"}, "'12 apples' is not a size"),
        ({"memory": True}, "not a size"),
        ({"memory": "900T"}, "this machine has"),
        ({"vcpus": 0}, "vcpus is 0"),
        ({"vcpus": "2"}, "vcpus is '2'"),
        ({"vcpus": 100_000}, "takes at most"),
        ({"disk": "900000T"}, "at most"),
        ({"network": None}, "network None"),
        ({"cloud_init": 5}, "cloud-init is of type int"),
        ({"cloud_init": "hostname: web"}, "by its first line"),
        ({"cloud_init": "\ud800"}, "UTF-8"),
        ({"ssh": 5}, "ssh is of type int"),
        ({"ssh": "-S"}, "login name"),
        ({"ssh": SshConfig(private_key="rubbish")}, "private key for SSH cannot be read"),
        ({"backend": 5}, "backend is 5"),
    ],
)
def test_a_bad_value(values: dict[str, object], words: str, boot_sector: Path) -> None:
    refused(SpecError, words, **{"image": boot_sector, **values})


@pytest.mark.parametrize("asked", [{"network": NetworkConfig.vnic("net0")}])
def test_what_the_backend_cannot_do(asked: dict[str, object], boot_sector: Path) -> None:
    refused(CapabilityError, "cannot do", image=boot_sector, **asked)


def test_less_memory_than_the_tiny_guest_needs() -> None:
    refused(SpecError, "memory_mib is 2, and the image .tiny. needs 96", memory=2)


def test_an_unknown_backend() -> None:
    refused(BackendUnavailableError, "no backend 'abacus'", backend="abacus")


@pytest.mark.parametrize(
    "image", ["windows", "x" * 5000, "~no-such-user/disk.img", "/\ud800", "a\0b", 5, None]
)
def test_what_is_no_image_at_all(image: object) -> None:
    refused(SpecError, "image|home directory", image=image)


def test_a_missing_image(homes: Path) -> None:
    refused(ImageError, "there is no image", image=homes / "disk.qcow2")


def test_a_directory_as_image(homes: Path) -> None:
    refused(ImageError, "is a directory", image=str(homes))


def test_a_pipe_as_image(homes: Path) -> None:
    os.mkfifo(homes / "pipe")
    refused(ImageError, "not a regular file", image=homes / "pipe")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"Dear diary,\n", "is not a disk image"),
        (b"%PDF-1.7\n" + bytes(4096), "is not a disk image"),
        (b"", "is empty"),
        (b"\x1f\x8b" + bytes(4096), "cannot unpack"),
        (b"BZh9" + bytes(4096), "packed with bzip2"),
        (b"QFI\xfb" + bytes(20), "only 24 bytes"),
    ],
)
def test_an_image_of_an_unknown_format(homes: Path, content: bytes, words: str) -> None:
    (homes / "disk").write_bytes(content)
    refused(ImageError, words, image=homes / "disk")


def test_no_qemu_on_the_machine(python: Python, homes: Path, boot_sector: Path) -> None:
    code = """
import sys
from vmnb import VM, machines
try:
    VM("web", image=sys.argv[1])
except Exception as error:
    print(type(error).__name__, error)
print(machines().empty)
"""
    said, _ = python(code, boot_sector, PATH=str(homes)).communicate()
    assert said.startswith("BackendUnavailableError there is no qemu-system-x86_64")
    assert "apt-get install qemu-system-x86 qemu-utils" in said
    assert said.splitlines()[-1] == "True"
    assert leftovers() == []


@pytest.fixture
def small_disk(homes: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Mount a small file system with the options given, and keep the VMs there."""
    directory = homes / "small"
    monkeypatch.setenv("VMNB_HOME", str(directory / "data"))
    with mountable(directory) as mount:
        yield mount


def test_a_disk_that_is_nearly_full(small_disk: Callable[[str], Path], boot_sector: Path) -> None:
    small_disk("size=1M")
    refused(BackendError, r"full: \d+ MiB are free", image=boot_sector)


def test_a_disk_without_a_byte_free(small_disk: Callable[[str], Path], boot_sector: Path) -> None:
    full = small_disk("size=64k")
    with pytest.raises(OSError, match="No space left"):
        (full / "filling").write_bytes(bytes(1 << 20))
    with pytest.raises(StoreError, match="disk is full"):
        VM("web", image=boot_sector)
    (full / "filling").unlink()
    assert machines().empty
    assert leftovers() == []


def test_a_vm_on_a_full_disk_can_still_be_destroyed(
    small_disk: Callable[[str], Path], boot_sector: Path
) -> None:
    full = small_disk("size=80M")
    vm = VM("web", image=boot_sector, memory=32).start()
    with pytest.raises(OSError, match="No space left"):
        (full / "filling").write_bytes(bytes(100 << 20))
    with pytest.raises(StoreError, match="disk is full"):
        vm.suspend()  # it is suspended, and nobody could write it down
    vm.destroy()
    assert vm.state == "destroyed"
    assert machines().empty
    assert leftovers() == []


def test_a_read_only_file_system(small_disk: Callable[[str], Path], boot_sector: Path) -> None:
    home = small_disk("ro")
    with pytest.raises(SpecError, match="Read-only file system"):
        VM("web", image=boot_sector)
    assert list(home.iterdir()) == []


def test_a_home_that_an_ordinary_user_cannot_write_to(
    python: Python, as_nobody: str, homes: Path, boot_sector: Path
) -> None:
    code = f"""{as_nobody}
try:
    VM("web", image=sys.argv[1])
except Exception as error:
    print(type(error).__name__, error)
"""
    (homes / "readonly").mkdir(mode=0o755)
    boot_sector.chmod(0o644)
    said, _ = python(code, boot_sector, VMNB_HOME=str(homes / "readonly" / "data")).communicate()
    assert said.startswith("SpecError cannot make the directory")
    assert "Permission denied" in said
    assert "VMNB_HOME" in said
    assert list((homes / "readonly").iterdir()) == []


@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_a_runtime_directory_of_another_user(
    python: Python, as_nobody: str, homes: Path, boot_sector: Path, mode: int
) -> None:
    code = f"""{as_nobody}
try:
    VM("web", image=sys.argv[1])
except Exception as error:
    print(type(error).__name__, error)
print(machines().empty, list((Path(os.environ["VMNB_HOME"]) / "vms").glob("*")))
"""
    (homes / "foreign").mkdir()
    (homes / "foreign").chmod(mode)
    (homes / "nobody").mkdir()
    os.chown(homes / "nobody", 65534, 65534)
    boot_sector.chmod(0o644)
    environment = {"VMNB_HOME": str(homes / "nobody"), "VMNB_RUNTIME": str(homes / "foreign")}
    said, _ = python(code, boot_sector, **environment).communicate()
    assert said.startswith(f"SpecError {homes}/foreign belongs to another user")
    assert said.splitlines()[-1] == "True []"
    assert list((homes / "foreign").iterdir()) == []


def test_a_runtime_directory_that_another_user_takes_later_hides_no_vm(
    python: Python, as_nobody: str, homes: Path, boot_sector: Path
) -> None:
    code = f"""{as_nobody}
vm = VM("web", image=sys.argv[1], memory=32)
print("made", flush=True)
sys.stdin.readline()
print(vm.state)
try:
    vm.start()
except Exception as error:
    print(type(error).__name__, error.message)
vm.destroy()
print(machines().empty)
"""
    run, home = homes / "nobody-run", homes / "nobody"
    for directory in (run, home):
        directory.mkdir(mode=0o700)
        os.chown(directory, 65534, 65534)
    boot_sector.chmod(0o644)
    child = python(code, boot_sector, VMNB_HOME=str(home), VMNB_RUNTIME=str(run))
    assert child.stdout is not None
    assert child.stdout.readline() == "made\n"
    os.chown(run, 0, 0)
    said, _ = child.communicate("go\n")
    taken = f"SpecError {run} belongs to another user, not to you"
    assert said.splitlines() == ["prepared", taken, "True"]


DEEP = "/".join(["x" * 49] * 4)


@pytest.mark.parametrize("directory", [DEEP, "a,b c", 'it\'s = "$(x)"', "Zürich 東京", "a:b%25"])
def test_a_deep_or_odd_work_directory_works(
    homes: Path, boot_sector: Path, monkeypatch: pytest.MonkeyPatch, directory: str
) -> None:
    monkeypatch.setenv("VMNB_HOME", str(homes / directory / "data"))
    monkeypatch.setenv("VMNB_RUNTIME", str(homes / directory / "run"))
    image = boot_sector.rename(homes / f"disk in {directory[:12]}")
    with VM("web", image=image, memory=32) as vm:
        assert vm.start().state == "running"
        assert vm.suspend().resume().stop(timeout=0).state == "stopped"
    assert machines().empty
    assert leftovers() == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_tiny_guest_works_in_a_directory_200_characters_deep(
    homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VMNB_HOME", str(homes / DEEP / "data"))
    with VM("web") as vm:
        assert vm.start().run("echo $((6*7))", timeout=500).stdout == "42\n"
        assert vm.stop().state == "stopped"
    assert leftovers() == []
