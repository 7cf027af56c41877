"""What newer QEMUs have done away with, or mean to: none of it is asked for.

All tests take the QEMU that is first on the ``PATH``; ``binder/other-qemu`` makes others.
"""

import asyncio
import json
import shutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from vmnb.backends.qemu import QemuHypervisor
from vmnb.backends.qemu.argv import BootFiles, FirmwareFiles, LanCard, build_argv
from vmnb.backends.qemu.files import WorkFiles
from vmnb.backends.qemu.program.binary import PROGRAM
from vmnb.core.errors import BackendError
from vmnb.core.handle import VmHandle
from vmnb.core.network import Forward
from vmnb.core.spec import VmSpec
from vmnb.screen.us_layout import chords_for

from .test_argv import LAUNCH, ROOT, values
from .test_life import command_line

Prepared = Callable[[VmSpec], AbstractAsyncContextManager[VmHandle]]
Spec = Callable[..., VmSpec]

GONE_OPTIONS = {
    "-async-teardown": "9.0",
    "-chroot": "9.0",
    "-no-acpi": "9.0",
    "-no-hpet": "9.0",
    "-singlestep": "9.0",
    "-portrait": "9.2",
    "-rotate": "9.2",
    "-runas": "10.0",
    "-mon": "11.1",
}
GONE_CHARDEVS = {"tty": "8.0", "parport": "8.0", "memory": "9.0"}
GONE_PROPERTIES = {"scsi": "9.1", "loaded": "9.2", "opened": "7.1", "reconnect": "10.2"}
"""Removed or deprecated, and since when: ``docs/about`` of QEMU from 8.0 to 11.1 has them, as far
as they are of the machine and the kinds of options that are used here."""


def full_argv() -> list[str]:
    """Return a command line with everything that one can have."""
    return build_argv(
        replace(
            LAUNCH,
            seed_iso=ROOT / "seed.iso",
            boot=BootFiles(kernel=ROOT / "k", initrd=ROOT / "i", append="", hostname="web"),
            firmware=FirmwareFiles(code=ROOT / "c", code_format="raw", variables=ROOT / "v"),
            lan=LanCard(mac="5a:01:23:45:67:89", port=ROOT / "lan", switch=ROOT / "frames"),
            forwards=(Forward(guest_port=80),),
            waits=True,
        )
    )


def short_form(words: str) -> list[str]:
    """Return the parts of an option's value that are no ``key=value``, after the first."""
    return [word for word in words.split(",")[1:] if "=" not in word]


def test_no_option_is_gone_from_newer_versions() -> None:
    argv = full_argv()
    assert not GONE_OPTIONS.keys() & set(argv)
    assert not GONE_CHARDEVS.keys() & {each.split(",")[0] for each in values(argv, "-chardev")}
    for option in ("-device", "-object", "-blockdev", "-netdev"):
        for value in values(argv, option):
            assert not GONE_PROPERTIES.keys() & json.loads(value).keys()


def test_no_switch_is_written_without_its_value() -> None:
    plain = replace(LAUNCH, console_log=Path("/a"), second_console_log=Path("/b"))
    argv = build_argv(replace(plain, journal_log=Path("/c"), vnc_socket=Path("/d")))
    for option in ("-machine", "-accel", "-sandbox", "-chardev", "-vnc"):
        for value in values(argv, option):
            assert short_form(value) == []


@pytest.fixture
def strict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let QEMU refuse all that its own version calls deprecated, as later ones will."""
    qemu = shutil.which(PROGRAM)
    program = tmp_path / "strict" / PROGRAM
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nexec "{qemu}" "$@" -compat deprecated-input=reject,deprecated-output=hide\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")


def test_nothing_that_is_done_to_a_vm_is_deprecated(
    strict: None, hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec("keys")) as handle:
            handle = await hypervisor.start(handle)
            assert b"deprecated-input=reject" in command_line(handle)
            forward = await hypervisor.forward(handle, Forward(guest_port=80))
            assert forward in await hypervisor.forwards(handle)
            await hypervisor.unforward(handle, forward)
            await hypervisor.screenshot(handle)
            await hypervisor.press(handle, chords_for("a"))
            await hypervisor.measure(handle)
            handle = await hypervisor.resume(await hypervisor.suspend(handle))
            await hypervisor.checkpoint(handle, "before", "")
            handle = await hypervisor.rewind(handle, "before")
            handle = await hypervisor.stop(handle, timeout_s=0)
            assert "deprecated" not in WorkFiles.of_handle(handle).stderr.read_text()

    runner.run(scenario())


def test_a_machine_that_this_qemu_does_not_make_is_named(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec()) as handle:
            made_elsewhere = replace(handle, extra={**handle.extra, "machine": "pc-q35-1000.0"})
            with pytest.raises(BackendError, match=r"pc-q35-1000\.0, and the QEMU .* makes none"):
                await hypervisor.start(made_elsewhere)

    runner.run(scenario())
