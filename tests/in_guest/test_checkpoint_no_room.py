"""A checkpoint on a disk that is full."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.small_disk import mountable
from vmnb import VM
from vmnb.core.errors import BackendError

pytestmark = pytest.mark.slow


@pytest.fixture
def small_home(homes: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Give what makes the data home a file system with the options given."""
    with mountable(homes / "small") as mount:
        monkeypatch.setenv("VMNB_HOME", str(homes / "small"))
        yield mount


@pytest.mark.parametrize("size", ["80M", "120M"])
def test_where_there_is_no_room_the_guest_goes_on_and_nothing_is_left(
    small_home: Callable[[str], Path], size: str
) -> None:
    """With 80 MiB it is known before; with 120 while the memory is copied."""
    home = small_home(f"size={size}")
    with VM("tight") as vm:
        vm.start().run("true", check=True)
        much = "dd if=/dev/urandom of=/dev/shm/much bs=1M count=60"
        vm.run(f"{much} && echo on > /dev/shm/on", check=True)
        if size == "80M":
            (home / "taken").write_bytes(bytes(20 << 20))
        with pytest.raises(BackendError, match=r"No space left|full"):
            vm.checkpoint("never")
        assert vm.state == "running"
        assert vm.run("cat /dev/shm/on").stdout == "on\n"
        assert vm.checkpoints.empty
        assert vm.handle.work_dir is not None
        assert list((vm.handle.work_dir / "checkpoints").glob("*")) == []
