"""Notebooks as vmnb leaves them, written by hand."""

from pathlib import Path
from typing import Any

import nbformat

from vmnb.console.cast import Cast, Event
from vmnb.notebook.card.replay import RECORDED_BYTES, packed

__all__ = ["HOSTILE", "card_outputs", "cast_of", "write_notebook"]

WIDGET = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
HOSTILE = (
    "</script><script>stolen = 1</script></pre><img src=x onerror='stolen = 1'>"
    "<!--<script>]]>\u2028\x1b]0;stolen\x07\x1b]8;;https://evil.example/\x07link\x1b]8;;\x07"
)


def cast_of(*events: Event, title: str = "web") -> Cast:
    """Return a recording of the usual size."""
    return Cast(columns=80, rows=24, title=title, events=events)


def card_outputs(html: str, replay: Cast | str | None) -> list[Any]:
    """Return the two outputs of a card: that of the widget, and the HTML that stands for it."""
    widget = {WIDGET: {"model_id": "m", "version_major": 2, "version_minor": 1}}
    facts = {"name": "web"}
    if replay is not None:
        facts["replay"] = packed(replay, RECORDED_BYTES) if isinstance(replay, Cast) else replay
    return [
        _output({**widget, "text/html": "", "text/plain": "<VM 'web': prepared>"}),
        _output({"text/html": html}, {"vmnb": facts}),
    ]


def write_notebook(path: Path, *cells: tuple[str, list[Any]], **metadata: Any) -> Path:
    """Write a notebook of code cells with their outputs."""
    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[
            nbformat.v4.new_code_cell(source, outputs=outputs, execution_count=1)  # type: ignore[no-untyped-call]
            for source, outputs in cells
        ],
        metadata=metadata,
    )
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
    return path


def _output(data: dict[str, Any], metadata: dict[str, Any] | None = None) -> Any:
    return nbformat.v4.new_output("display_data", data=data, metadata=metadata or {})  # type: ignore[no-untyped-call]
