"""What is wrong on a machine is found, with what mends it, and nothing is changed."""

import asyncio
import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import vmnb
from vmnb import VM
from vmnb.backends.qemu.program.binary import find_qemu
from vmnb.backends.qemu.program.probe_cache import ProbeCache
from vmnb.core import runtime
from vmnb.diagnosis import Finding, Level, diagnose
from vmnb.diagnosis.bridges import look_at_helper
from vmnb.diagnosis.configuration import look_at_configuration
from vmnb.diagnosis.emulator import look_at_emulator
from vmnb.diagnosis.hardware import look_at_hardware
from vmnb.diagnosis.keys import look_at_keys
from vmnb.diagnosis.packages import judged
from vmnb.diagnosis.places import look_at_places
from vmnb.diagnosis.programs import look_at_programs

RUN = (sys.executable, "-m", "vmnb.cli", "doctor")


def by_subject(findings: list[Finding] | tuple[Finding, ...]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in findings}


def test_a_machine_that_runs_guests_is_found_to_and_nothing_is_made(homes: Path) -> None:
    found = by_subject(runtime.run(diagnose()))
    assert found["qemu"].level is Level.OK
    assert any(
        each.level is Level.OK for name, each in found.items() if name.startswith("accelerator ")
    )
    assert all(each.remedy for each in found.values() if each.level is not Level.OK)
    assert len(found) > 15
    assert {path.name for path in homes.iterdir()} == set()


def test_without_qemu_it_is_bad_and_the_command_says_so(
    homes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (finding,) = asyncio.run(look_at_emulator())
    assert (finding.subject, finding.level) == ("qemu", Level.BAD)
    assert "apt-get install qemu-system-x86" in finding.remedy
    done = subprocess.run([*RUN, "--json"], capture_output=True, cwd=Path(vmnb.__file__).parents[1])
    assert done.returncode == 1
    (first, *_) = json.loads(done.stdout)
    assert (first["subject"], first["level"]) == ("qemu", "bad")


def test_a_bridge_takes_a_helper_with_a_right_and_a_rule(tmp_path: Path) -> None:
    helper, rules = tmp_path / "helper", tmp_path / "bridge.conf"
    helper.touch(0o755)
    finding = look_at_helper(helper, rules)
    assert finding.level is Level.WARNING
    assert f"setcap cap_net_admin+ep {helper}; sudo mkdir" in finding.remedy
    rules.write_text("# none\nallow br0\n")
    finding = look_at_helper(helper, rules)
    assert (finding.facts["allowed"], finding.facts["has_right"]) == ("allow br0", False)
    assert "tee" not in finding.remedy


@pytest.mark.skipif(os.getuid() != 0, reason="it takes a file of root's")
def test_a_helper_that_is_setuid_root_has_the_right(tmp_path: Path) -> None:
    helper, rules = tmp_path / "helper", tmp_path / "bridge.conf"
    helper.touch()
    helper.chmod(0o4755)
    rules.write_text("allow all\n")
    assert look_at_helper(helper, rules).level is Level.OK


def test_a_vm_of_a_newer_qemu_is_told(homes: Path) -> None:
    runtime.shutdown()
    disk = homes / "disk.img"
    disk.write_bytes(bytes(1 << 20))
    with VM("web", image=disk, backend="qemu"):
        qemu = asyncio.run(find_qemu(ProbeCache()))
        assert look_at_hardware(qemu).level is Level.OK
        finding = look_at_hardware(replace(qemu, machine="pc-q35-6.2"))
        assert finding.level is Level.WARNING
        assert "'web' (pc-q35-" in finding.found
    runtime.shutdown()


def test_limits_are_told_and_a_broken_configuration_is_bad(
    homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = homes / "config.toml"
    config.write_text('[limits]\nvms = 6\nmemory = "8G"\n')
    monkeypatch.setenv("VMNB_CONFIG", str(config))
    finding = look_at_configuration()
    assert (finding.level, finding.facts["memory_max_mib"]) == (Level.OK, 8192)
    config.write_text("[limits]\nvm = 6\n")
    finding = look_at_configuration()
    assert finding.level is Level.BAD
    assert "no key in [limits] vm" in finding.found


def test_a_program_that_is_not_there_has_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = by_subject(look_at_programs())
    assert found["tesseract"].level is Level.WARNING
    assert found["tesseract"].remedy == "sudo apt-get install tesseract-ocr"


def test_a_home_that_others_can_enter_is_told_and_left_as_it_is(homes: Path) -> None:
    home = homes / "data"
    home.mkdir()
    home.chmod(0o755)
    finding = by_subject(look_at_places())["VMNB_HOME"]
    assert (finding.level, finding.remedy) == (Level.WARNING, f"chmod 700 '{home}'")
    assert finding.facts["mode"] == "0755"
    assert stat.S_IMODE(home.stat().st_mode) == 0o755


def test_a_place_that_all_share_or_where_nothing_can_be_made_is_bad(
    homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, file = homes / "shared", homes / "file"
    shared.mkdir()
    shared.chmod(0o1777)
    file.touch()
    monkeypatch.setenv("VMNB_HOME", str(shared))
    monkeypatch.setenv("VMNB_CACHE", str(file / "cache"))
    found = by_subject(look_at_places())
    assert (found["VMNB_HOME"].level, found["VMNB_CACHE"].level) == (Level.BAD, Level.BAD)
    assert "export VMNB_HOME=" in found["VMNB_HOME"].remedy


def test_a_directory_that_is_too_deep_for_sockets_is_told(
    homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert by_subject(look_at_places())["sockets"].level is Level.OK
    monkeypatch.setenv("VMNB_RUNTIME", str(homes / ("deep" * 25)))
    finding = by_subject(look_at_places())["sockets"]
    assert finding.level is Level.WARNING
    assert "VMNB_RUNTIME" in finding.remedy


def test_a_key_that_others_can_read_is_bad(homes: Path) -> None:
    runtime.shutdown()
    disk = homes / "disk.img"
    disk.write_bytes(bytes(1 << 20))
    with VM("web", image=disk, ssh=True, backend="qemu") as vm:
        assert vm.handle.work_dir is not None
        key = vm.handle.work_dir / "ssh" / "id_ed25519"
        assert look_at_keys().level is Level.OK
        key.chmod(0o644)
        finding = look_at_keys()
        assert (finding.level, finding.remedy) == (Level.BAD, f"chmod 600 '{key}'")
        key.unlink()
        assert look_at_keys().level is Level.WARNING
    runtime.shutdown()


@pytest.mark.parametrize(
    ("package", "version", "level", "says"),
    [
        ("ipykernel", "7.4.0", Level.OK, "7.4.0"),
        ("ipykernel", "6.31.0", Level.WARNING, "no subshells"),
        ("ipykernel", None, Level.OK, "not installed"),
        ("voila", "0.5.13", Level.WARNING, "leaves a kernel behind"),
        ("voila", "0.5.12", Level.OK, "0.5.12"),
        ("notebook", "6.5.7", Level.WARNING, "older than 7.4"),
        ("anywidget", "0.9.18", Level.BAD, "older than 0.11"),
        ("ipywidgets", None, Level.BAD, "not installed"),
        ("jupyterlab", "4.10.0rc1", Level.OK, "4.10.0rc1"),
    ],
)
def test_versions_that_are_known_to_do_badly_are_told(
    package: str, version: str | None, level: Level, says: str
) -> None:
    finding = judged(package, version)
    assert finding.level is level
    assert says in finding.found
    assert finding.facts == {"version": version}


def test_in_a_cell_it_is_a_table_without_markup_of_others(
    homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VMNB_HOME", str(homes / "<b>x"))
    said = vmnb.doctor()
    bundle = said._repr_mimebundle_()
    assert "&lt;b&gt;x" in bundle["text/html"]
    assert "<b>x" not in bundle["text/html"]
    assert bundle["text/plain"].count("\n") == len(said.findings) - 1
    assert os.environ["VMNB_HOME"] in bundle["text/plain"]
    assert said.ok is all(finding.level != "bad" for finding in said.findings)
