"""A checkpoint after every cell, of VMs whose checkpoints are names alone."""

import asyncio
import re
from collections.abc import Coroutine, Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.shell import Shell, ipython
from vmnb import VM
from vmnb.backends.noop import NoopHypervisor
from vmnb.core import runtime
from vmnb.core.checkpoint import Checkpoint
from vmnb.core.errors import BackendError, CapabilityError, CheckpointError, SpecError
from vmnb.core.handle import VmHandle
from vmnb.core.history import utc_now
from vmnb.core.hypervisor import Capability
from vmnb.notebook.magics.autocheckpoint import KEPT
from vmnb.notebook.vm.checkpoint_names import name_of_cell, name_of_time


class Keeping(NoopHypervisor):
    """Keeps no guest, but the names of what it was asked to keep."""

    tag = "keeping"

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, dict[str, Checkpoint]] = {}
        self.is_full = False

    def capabilities(self, handle: VmHandle | None = None) -> frozenset[Capability]:
        return super().capabilities(handle) | {Capability.CHECKPOINT}

    async def checkpoint(self, handle: VmHandle, name: str, thumbnail: str) -> Checkpoint:
        if self.is_full:
            raise BackendError("the disk is full\nand more", hint="free some space")
        kept = self.kept.setdefault(handle.name, {})
        if name in kept:
            raise CheckpointError(f"there is {name!r}", hint="choose another name")
        kept[name] = Checkpoint(
            name=name, time=utc_now(), size_bytes=0, parent=None, thumbnail="", is_current=False
        )
        return kept[name]

    async def checkpoints(self, handle: VmHandle) -> tuple[Checkpoint, ...]:
        return tuple(self.kept.get(handle.name, {}).values())

    async def rewind(self, handle: VmHandle, name: str) -> VmHandle:
        return handle

    async def forget(self, handle: VmHandle, name: str) -> None:
        del self.kept[handle.name][name]


@pytest.fixture
def keeping() -> Keeping:
    return Keeping()


@pytest.fixture
def web(keeping: Keeping) -> VM:
    return VM("web", backend=keeping).start()


@pytest.fixture
def shell(web: VM) -> Iterator[Shell]:
    """A shell whose first cell has loaded the extension."""
    with ipython() as shell:
        yield shell


def names(vm: VM) -> list[str]:
    return list(vm.checkpoints["name"])


def test_after_every_cell_there_is_one_of_its_number(shell: Shell, web: VM) -> None:
    for cell in ("1", "%vm_autocheckpoint on web", "2", "", "3", "%vm_autocheckpoint off web", "4"):
        shell.cell(cell)
    assert names(web) == ["In[3]", "In[4]", "In[5]"]


def test_after_a_cell_that_fails_too_but_not_after_one_that_is_no_python(
    shell: Shell, web: VM
) -> None:
    shell.cell("%vm_autocheckpoint on web")
    with pytest.raises(ZeroDivisionError):
        shell.cell("1 / 0")
    with pytest.raises(SyntaxError):
        shell.cell("1 +")
    assert names(web) == ["In[2]", "In[3]"]


def test_what_a_front_end_runs_for_itself_is_no_cell(shell: Shell, web: VM) -> None:
    shell.cell("%vm_autocheckpoint on web")
    shell.ipython.run_cell("1", silent=True)  # type: ignore[no-untyped-call]
    assert names(web) == ["In[2]"]


def test_cells_that_are_not_counted_are_told_apart(shell: Shell, web: VM) -> None:
    shell.cell("%vm_autocheckpoint on web")
    for _ in range(2):
        shell.ipython.run_cell("1", store_history=False)  # type: ignore[no-untyped-call]
    assert names(web) == ["In[2]", "In[3]", "In[3] (2)"]


def test_a_number_that_an_earlier_kernel_had_is_told_apart(
    shell: Shell, web: VM, keeping: Keeping
) -> None:
    shell.cell("%vm_autocheckpoint on web")
    shell.cell("1")
    for _ in range(2):
        with ipython() as restarted:
            restarted.cell("%vm_autocheckpoint on web")
    assert names(web) == ["In[2]", "In[3]", "In[2] (2)", "In[2] (3)"]


def test_the_newest_are_kept_and_all_that_one_made_oneself(shell: Shell, web: VM) -> None:
    web.checkpoint("mine")
    shell.cell("%vm_autocheckpoint on web")
    for number in range(KEPT + 3):
        shell.cell(f"{number}")
    assert names(web) == ["mine", *(f"In[{number}]" for number in range(6, KEPT + 6))]


def test_of_a_vm_that_is_not_live_none_is_made(shell: Shell, web: VM) -> None:
    shell.cell("%vm_autocheckpoint on web")
    web.stop()
    shell.cell("1")
    web.start().suspend()
    shell.cell("2")
    assert names(web) == ["In[2]", "In[4]"]


def test_without_a_name_it_is_on_for_the_one_that_is_live_and_off_for_all(
    shell: Shell, web: VM, keeping: Keeping
) -> None:
    other = VM("my other", backend=keeping)
    shell.cell("%vm_autocheckpoint on")
    assert shell.cell("%vm_autocheckpoint") == ["web"]
    other.start()
    with pytest.raises(SpecError, match="2 VMs are live: web, my other"):
        shell.cell("%vm_autocheckpoint on")
    shell.cell('%vm_autocheckpoint on "my other"')
    assert shell.cell("%vm_autocheckpoint") == ["web", "my other"]
    assert names(other) == ["In[5]", "In[6]"]
    shell.cell("%vm_autocheckpoint off")
    assert shell.cell("%vm_autocheckpoint") == []
    web.stop()
    other.stop()
    with pytest.raises(SpecError, match="no VM is live"):
        shell.cell("%vm_autocheckpoint on")


def test_it_is_no_longer_on_for_what_has_been_destroyed(
    shell: Shell, web: VM, keeping: Keeping, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.cell("%vm_autocheckpoint on web")
    shell.cell("vm = __import__('vmnb').VM.attach('web')\nvm.destroy()")
    assert shell.cell("%vm_autocheckpoint") == []
    keeping.kept.clear()
    again = VM("web", backend=keeping).start()
    shell.cell("1;")
    assert names(again) == []
    assert "checkpoint of" not in capsys.readouterr().err


@pytest.mark.parametrize("line", ["web", "on web db", 'on "web', "yes", "off a b"])
def test_a_line_that_cannot_be_read_says_how_one_is(shell: Shell, line: str) -> None:
    with pytest.raises(SpecError, match="cannot read the line of %vm_autocheckpoint"):
        shell.cell(f"%vm_autocheckpoint {line}")


def test_it_is_refused_for_a_backend_that_keeps_none(shell: Shell) -> None:
    VM("pretended", backend="noop")
    with pytest.raises(CapabilityError, match="checkpoint"):
        shell.cell("%vm_autocheckpoint on pretended")
    assert shell.cell("%vm_autocheckpoint") == []


def test_what_goes_wrong_is_one_line_and_the_cell_goes_well(
    shell: Shell, web: VM, keeping: Keeping, capsys: pytest.CaptureFixture[str]
) -> None:
    keeping.is_full = True
    shell.cell("%vm_autocheckpoint on web")
    assert shell.cell("6 * 7") == 42
    line = "[automatic checkpoint of 'web': the disk is full]"
    assert capsys.readouterr().err.splitlines() == [line, line]
    keeping.is_full = False
    shell.cell("1")
    assert names(web) == ["In[4]"]


def test_ctrl_c_leaves_out_a_checkpoint_and_no_more(
    shell: Shell, web: VM, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(waited_for: Coroutine[Any, Any, object]) -> None:
        waited_for.close()
        raise KeyboardInterrupt

    shell.cell("%vm_autocheckpoint on web")
    with monkeypatch.context() as patch:
        patch.setattr(runtime, "run", interrupted)
        assert shell.cell("6 * 7") == 42
    assert capsys.readouterr().err == "[automatic checkpoint of 'web': KeyboardInterrupt]\n"
    assert names(web) == ["In[2]"]


def test_loaded_anew_the_magics_are_the_same(shell: Shell, web: VM) -> None:
    shell.cell("%vm_autocheckpoint on web")
    shell.cell("%reload_ext vmnb")
    assert shell.cell("%vm_autocheckpoint") == ["web"]
    assert names(web) == ["In[2]", "In[3]", "In[4]"]


def test_tab_completes_the_name(shell: Shell, web: VM) -> None:
    assert shell.completions("%vm_autocheckpoint on w") == ["%vm_autocheckpoint on web"]
    assert shell.completions("%vm_autocheckpoint off w") == ["%vm_autocheckpoint off web"]


@pytest.mark.parametrize("name", ["In[7]", "In[7] (2)"])
def test_the_name_of_an_automatic_one_is_refused(web: VM, name: str) -> None:
    with pytest.raises(SpecError, match="automatic checkpoint"):
        web.checkpoint(name)
    assert names(web) == []


def test_without_a_name_it_has_the_time_as_its_name(web: VM) -> None:
    web.checkpoint()
    made = asyncio.run(web.aio.checkpoint())
    assert names(web)[1] == made.name
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d( \(2\))?", name) for name in names(web))


def test_a_name_that_is_taken_gets_a_number() -> None:
    time = datetime(2026, 11, 30, 14, 3, 12)
    assert name_of_time(time, []) == "14:03:12"
    assert name_of_time(time, ["14:03:12", "14:03:12 (2)"]) == "14:03:12 (3)"
    assert name_of_cell(7, ["In[7] (2)"]) == "In[7]"
