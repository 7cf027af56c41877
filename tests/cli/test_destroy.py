"""A name is destroyed by whoever has it: a VM of the lab first, else the VM of that name."""

from pathlib import Path

import pytest

from vmnb import VM, Lab, machines

from .conftest import Vmnb

LAB = 'name = "shop"\n[vm.web]\nbackend = "noop"\n[vm.db]\nbackend = "noop"\n'


@pytest.fixture
def lab() -> Path:
    path = Path("lab.toml")
    path.write_text(LAB)
    Lab.load().up()
    VM("web", backend="noop")
    VM("other", backend="noop")
    return path


def left() -> set[str]:
    return set(machines().name)


@pytest.mark.usefixtures("lab")
def test_what_the_lab_calls_so_goes_before_a_vm_of_that_name(vmnb: Vmnb) -> None:
    done = vmnb("destroy", "web", "other")
    assert "whether to destroy web of 'shop' and 'other'" in done.err
    assert vmnb("destroy", "web", "other", "--yes") == (0, "", "")
    assert left() == {"shop.db", "web"}


@pytest.mark.usefixtures("lab")
def test_without_names_it_is_the_whole_lab_and_no_other(vmnb: Vmnb) -> None:
    assert vmnb("destroy", "--yes") == (0, "", "")
    assert left() == {"web", "other"}


@pytest.mark.usefixtures("lab")
def test_nothing_is_destroyed_where_one_of_the_names_is_wrong(vmnb: Vmnb) -> None:
    assert vmnb("destroy", "web", "nope", "--yes").code == 3
    assert left() == {"shop.web", "shop.db", "web", "other"}


def test_with_a_file_the_names_are_those_of_the_file(
    vmnb: Vmnb, lab: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = str(lab.absolute())
    monkeypatch.chdir(tmp_path)
    assert vmnb("destroy", "-f", file, "other", "--yes").code != 0
    assert vmnb("destroy", "web", "--yes") == (0, "", "")  # no lab is here
    assert vmnb("destroy", "-f", file, "web", "--yes") == (0, "", "")
    assert left() == {"shop.db", "other"}
