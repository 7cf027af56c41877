"""Recordings as a notebook makes them, of a VM that is prepared and does not run."""

import os
import stat
from pathlib import Path

import pytest

from vmnb import VM
from vmnb.console.cast import Cast
from vmnb.errors import BackendError, CapabilityError, SpecError
from vmnb.notebook.card.replay import unpacked

HEADER = '{"version": 2, "width": 80, "height": 24}\n'


@pytest.fixture
def vm(boot_sector: Path, homes: Path, monkeypatch: pytest.MonkeyPatch) -> VM:
    """One with a console, in a working directory of its own."""
    (homes / "work").mkdir()
    monkeypatch.chdir(homes / "work")
    return VM("web", image=boot_sector)


def test_a_recording_is_a_private_file_with_the_vms_name_and_the_notebook_keeps_it(
    vm: VM,
) -> None:
    with vm.console.record() as recording:
        assert repr(recording) == "<recording of 'web': web.cast, going on>"
    assert repr(recording) == "<recording of 'web': web.cast>"
    assert recording.path == Path("web.cast").absolute()
    assert stat.S_IMODE(recording.path.stat().st_mode) == 0o600
    cast = Cast.loads(recording.path.read_text())
    assert cast.title == "web"
    assert unpacked(vm._live.recorded) == cast
    recording.stop()
    vm.destroy()
    assert recording.path.exists()


def test_an_older_recording_is_replaced_and_nothing_else(vm: VM, homes: Path) -> None:
    old = homes / "old.cast"
    old.write_text(HEADER + '[0.0, "o", "old"]\n')
    old.chmod(0o644)
    vm.console.record(old).stop()
    assert "old" not in old.read_text()
    assert stat.S_IMODE(old.stat().st_mode) == 0o600
    other = homes / "notes.txt"
    other.write_text("mine\n")
    with pytest.raises(SpecError, match="is no recording"):
        vm.console.record(other)
    assert other.read_text() == "mine\n"
    vm.destroy()


def test_what_cannot_be_recorded_to_is_an_error_before_anything_is_made(
    vm: VM, homes: Path
) -> None:
    with pytest.raises(SpecError, match="is not a file"):
        vm.console.record(homes)
    os.mkfifo(homes / "pipe")
    with pytest.raises(SpecError, match="is not a file"):
        vm.console.record(homes / "pipe")
    with pytest.raises(BackendError, match="No such file"):
        vm.console.record(homes / "missing" / "web.cast")
    with pytest.raises(SpecError, match="limit 'much' is not a size"):
        vm.console.record(limit="much")
    assert not Path("web.cast").exists()
    vm.destroy()


def test_a_backend_without_a_console_has_nothing_to_record() -> None:
    with pytest.raises(CapabilityError, match="has no console"):
        VM("none", backend="noop").console.record()
