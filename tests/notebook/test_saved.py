"""What a saved notebook keeps of a VM: how much, and that it is true; in a real kernel."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import ipywidgets
import nbformat
import pytest

from tests.notebook.notebooks import executed
from vmnb import VM
from vmnb.console import Console
from vmnb.core import runtime
from vmnb.core.history import HistoryRow, utc_now
from vmnb.core.hypervisor import UnixConsole
from vmnb.core.state import Cause, VmState
from vmnb.notebook.card.bounds import short_rows, short_text
from vmnb.notebook.card.card import Problem, history_rows
from vmnb.notebook.card.replay import UNRECORDED_BYTES

STATE = "application/vnd.jupyter.widget-state+json"
WIDGET = "application/vnd.jupyter.widget-view+json"
MAKE = "from vmnb import VM\nvm = VM('web', backend='noop')\nvm"


def _row(number: int, detail: str) -> HistoryRow:
    return HistoryRow(
        time=utc_now() + timedelta(seconds=number),
        from_state=VmState.SUSPENDED,
        to_state=VmState.RUNNING,
        action="resume",
        duration_s=1.234567,
        cause=Cause.USER,
        detail=detail,
    )


@pytest.fixture
def longest(homes: Path) -> Iterator[VM]:
    """A VM with the longest name, history, console text and error, shown in both ways."""
    vm = VM("\N{CJK UNIFIED IDEOGRAPH-4E00}" * 66, backend="noop")
    live, log = vm._live, homes / "console.log"
    log.write_bytes(('\N{CJK UNIFIED IDEOGRAPH-4E00}\\"' * 20 + "\r\n").encode() * 3000)
    console = live.consoles._made[0] = Console(UnixConsole(path=homes / "none", log=log))
    runtime.run(console.restore())
    live._history = [_row(number, "\u4e00" * 4000) for number in range(300)]
    live._problem = Problem(title="\u4e00" * 5000, message="\u4e00" * 50_000, hint="\u4e00" * 5000)
    yield vm
    runtime.run(console.aclose())


def test_the_state_of_a_vms_widgets_is_under_50_kb_in_the_file(longest: VM) -> None:
    ipywidgets.Widget.close_all()
    shown = [longest._card, longest.console._shown]
    widgets = [card._mounted() for card in shown]
    widgets += [widget.layout for widget in widgets]
    state = ipywidgets.Widget.get_manager_state(widgets=widgets)
    assert len(state["state"]) == 4
    empty = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    full = nbformat.v4.new_notebook(metadata={"widgets": {STATE: state}})  # type: ignore[no-untyped-call]
    sizes = [len(nbformat.writes(one).encode()) for one in (empty, full)]  # type: ignore[no-untyped-call]
    print(f"{sizes[1] - sizes[0]} bytes")
    assert 40_000 < sizes[1] - sizes[0] < 50_000


def test_of_a_long_history_the_newest_rows_are_kept_and_long_details_have_both_ends() -> None:
    rows = history_rows([_row(number, f"begin{'x' * 900}end") for number in range(200)])
    kept = short_rows(rows)
    assert kept[-1][0] == rows[-1][0]
    assert 10 < len(kept) < len(rows)
    assert kept[-1][-1].startswith("begin")
    assert kept[-1][-1].endswith("end")
    usual = history_rows([_row(number, "") for number in range(35)])
    assert short_rows(usual) == usual


def test_of_a_long_text_the_newest_lines_are_kept() -> None:
    lines = [f"line {number}" for number in range(2000)]
    kept = short_text("\n".join(lines)).splitlines()
    assert kept == lines[-len(kept) :]
    assert len(kept) > 200


def test_an_executed_notebook_has_the_vm_as_it_was_at_the_end() -> None:
    notebook = executed(MAKE, "vm.start();", "vm.suspend();")
    widget, saved = notebook.cells[0].outputs
    assert widget.data["text/plain"] == "<VM 'web': prepared, tiny, 1 vCPU, 256 MiB>"
    assert widget.data["text/html"] == ""
    assert WIDGET in widget.data
    assert "suspended" in saved.data["text/html"]
    assert set(saved.data) == {"text/html"}
    assert saved.metadata.vmnb.name == "web"


def test_every_cell_that_shows_a_vm_has_it_as_it_was_at_the_end() -> None:
    notebook = executed(MAKE, "vm.start()", "vm.stop();", "print('over')")
    htmls = [cell.outputs[1].data["text/html"] for cell in notebook.cells[:2]]
    assert htmls[0] == htmls[1]
    assert "stopped" in htmls[0]
    plain = [cell.outputs[0].data["text/plain"] for cell in notebook.cells[:2]]
    assert ["prepared" in plain[0], "running" in plain[1]] == [True, True]
    assert [output.output_type for output in notebook.cells[3].outputs] == ["stream"]


def test_where_nothing_changed_nothing_is_said() -> None:
    notebook = executed(MAKE, "import logging\nvm.state")
    assert [output.output_type for output in notebook.cells[1].outputs] == ["execute_result"]
    assert len(json.dumps(notebook.cells[0].outputs[1].metadata)) < UNRECORDED_BYTES
