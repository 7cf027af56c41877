"""UEFI firmware, chosen by the descriptions that come with it."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.backends.qemu.test_bad_input import files_below
from vmnb.backends.qemu import QemuHypervisor
from vmnb.backends.qemu.program.firmware import find_firmware, firmware_folders
from vmnb.core.errors import BackendError
from vmnb.core.spec import VmSpec

MACHINE = "pc-q35-7.2"

Describe = Callable[..., Path]


@pytest.fixture
def describe(tmp_path: Path) -> Describe:
    """Install firmware named `name`: its two files and a description, changed by `changes`."""

    def describe(name: str, folder: str = "all", **changes: Any) -> Path:
        home = tmp_path / folder
        home.mkdir(exist_ok=True)
        mapping = {"device": "flash"}
        for part, file in (("executable", "code"), ("nvram-template", "vars")):
            path = tmp_path / f"{name}.{file}"
            path.touch()
            mapping[part] = {"filename": str(path), "format": "raw"}  # type: ignore[assignment]
        described = {
            "interface-types": ["uefi"],
            "mapping": mapping,
            "targets": [{"architecture": "x86_64", "machines": ["pc-i440fx-*", "pc-q35-*"]}],
            "features": ["acpi-s3"],
        }
        (home / f"{name}.json").write_text(json.dumps(described | changes))
        return home

    return describe


def test_code_and_variables_are_of_one_description_the_first_by_name(describe: Describe) -> None:
    describe("60-late")
    folder = describe("50-first")
    found = find_firmware(MACHINE, (folder,))
    assert (found.code.name, found.template.name) == ("50-first.code", "50-first.vars")
    assert (found.code_format, found.template_format) == ("raw", "raw")


@pytest.mark.parametrize(
    "changes",
    [
        {"features": ["secure-boot", "requires-smm"]},
        {"features": ["enrolled-keys"]},
        {"interface-types": ["bios"]},
        {"targets": [{"architecture": "aarch64", "machines": ["*"]}]},
        {"targets": [{"architecture": "x86_64", "machines": ["microvm"]}]},
        {"mapping": {"device": "memory", "filename": "/x"}},
        {"mapping": {"device": "flash", "executable": {"filename": "/x", "format": "raw"}}},
        {"mapping": {"device": "flash", "executable": 5, "nvram-template": None}},
        {"targets": 5},
        {"features": None},
    ],
)
def test_what_does_not_suit_or_makes_no_sense_is_passed_over(
    describe: Describe, changes: dict[str, Any]
) -> None:
    describe("40-other", **changes)
    folder = describe("60-good")
    assert find_firmware(MACHINE, (folder,)).code.name == "60-good.code"


def test_firmware_whose_files_are_gone_is_passed_over(describe: Describe) -> None:
    folder = describe("40-gone")
    (folder.parent / "40-gone.vars").unlink()
    describe("60-good")
    assert find_firmware(MACHINE, (folder,)).code.name == "60-good.code"


def test_a_description_hides_those_of_its_name_in_later_folders(describe: Describe) -> None:
    later = describe("50-x", "later")
    describe("60-y", "later")
    earlier = describe("50-x", "earlier")
    (earlier / "50-x.json").write_text("")
    assert find_firmware(MACHINE, (earlier, later)).code.name == "60-y.code"


def test_no_firmware_is_said_with_what_to_install_and_nothing_is_made(
    hypervisor: QemuHypervisor,
    runner: asyncio.Runner,
    spec: Callable[..., VmSpec],
    homes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = {path.name for folder in firmware_folders() for path in folder.glob("*.json")}
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    own = firmware_folders()[0]
    own.mkdir(parents=True)
    for name in names:
        (own / name).touch()  # an empty description takes the firmware away
    with pytest.raises(BackendError, match="apt-get install ovmf"):
        runner.run(hypervisor.prepare(spec(uefi=True)))
    assert files_below(homes) == []
