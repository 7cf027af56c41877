"""What runs the guest's code is found out by running something."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from vmnb.backends.qemu.program.accelerator import counting_rom, find_accelerator, try_accelerators
from vmnb.backends.qemu.program.binary import find_qemu
from vmnb.backends.qemu.program.probe_cache import Facts, ProbeCache
from vmnb.core.errors import BackendUnavailableError


@pytest.fixture
def empty_cache(homes: Path, monkeypatch: pytest.MonkeyPatch) -> ProbeCache:
    monkeypatch.setenv("VMNB_CACHE", str(homes / "cache"))
    return ProbeCache()


def test_one_that_runs_the_rom_is_found_and_kept(
    runner: asyncio.Runner, empty_cache: ProbeCache, homes: Path
) -> None:
    qemu = runner.run(find_qemu(empty_cache))
    found = runner.run(find_accelerator(qemu, empty_cache))
    assert found.name in {"kvm", "tcg"}
    assert (found.note == "") is (found.name == "kvm")
    kept = list((homes / "cache" / "qemu").glob("*.json"))
    assert len(kept) == 2
    unusable = replace(qemu, path=Path("/bin/false"))
    assert runner.run(find_accelerator(unusable, ProbeCache())) == found


def test_none_that_runs_the_rom_is_an_error_with_every_reason(
    runner: asyncio.Runner, empty_cache: ProbeCache
) -> None:
    qemu = runner.run(find_qemu(empty_cache))
    broken = replace(qemu, path=Path("/bin/false"), key="broken")
    with pytest.raises(BackendUnavailableError, match="TCG is there but fails: exit code 1"):
        runner.run(find_accelerator(broken, empty_cache))


def test_an_accelerator_that_hangs_is_given_up(
    runner: asyncio.Runner, empty_cache: ProbeCache, tmp_path: Path
) -> None:
    hangs = tmp_path / "qemu"
    hangs.write_text("#!/bin/sh\nexec sleep 1000\n")
    hangs.chmod(0o700)
    qemu = runner.run(find_qemu(empty_cache))
    with pytest.raises(BackendUnavailableError, match="ran no guest within"):
        runner.run(find_accelerator(replace(qemu, path=hangs, key="hangs"), empty_cache))


def test_each_can_be_tried_and_has_its_own_reason(
    runner: asyncio.Runner, empty_cache: ProbeCache
) -> None:
    qemu = runner.run(find_qemu(empty_cache))
    tried = runner.run(try_accelerators(qemu))
    assert list(tried) == ["kvm", "tcg"]
    assert tried["tcg"] == ""
    broken = runner.run(try_accelerators(replace(qemu, path=Path("/bin/false"))))
    assert broken["tcg"] == "TCG is there but fails: exit code 1"


def test_the_rom_is_64_kib_with_code_at_the_reset_vector() -> None:
    rom = counting_rom()
    assert len(rom) == 65536
    assert rom[0xFFF0] == 0xE9


def test_qemu_says_its_versioned_machine(runner: asyncio.Runner, empty_cache: ProbeCache) -> None:
    qemu = runner.run(find_qemu(empty_cache))
    assert qemu.machine.startswith("pc-q35-")
    assert qemu.cpu_max >= 255


def test_those_who_ask_at_once_share_one_probe(
    runner: asyncio.Runner, empty_cache: ProbeCache
) -> None:
    probes = 0

    async def probe() -> Facts:
        nonlocal probes
        probes += 1
        await asyncio.sleep(0)
        return {"answer": "42"}

    async def scenario() -> None:
        answers = await asyncio.gather(*(empty_cache.get("key", probe) for _ in range(5)))
        assert answers == [{"answer": "42"}] * 5

    runner.run(scenario())
    assert probes == 1
    assert runner.run(ProbeCache().get("key", probe)) == {"answer": "42"}
    assert probes == 1


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": "other", "facts": {}}'])
def test_a_damaged_cache_is_found_out_anew(
    runner: asyncio.Runner, empty_cache: ProbeCache, homes: Path, damage: str
) -> None:
    async def probe() -> Facts:
        return {"answer": "42"}

    runner.run(empty_cache.get("key", probe))
    (kept,) = (homes / "cache" / "qemu").iterdir()
    kept.write_text(damage)
    assert runner.run(ProbeCache().get("key", probe)) == {"answer": "42"}


def test_a_cache_that_cannot_be_written_is_done_without(
    runner: asyncio.Runner, homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = homes / "file"
    file.touch()
    monkeypatch.setenv("VMNB_CACHE", os.fspath(file / "cache"))

    async def probe() -> Facts:
        return {"answer": "42"}

    assert runner.run(ProbeCache().get("key", probe)) == {"answer": "42"}
