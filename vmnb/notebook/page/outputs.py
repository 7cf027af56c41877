"""What of a notebook's outputs goes into a page that stands alone."""

import json
from typing import TYPE_CHECKING, Any

from vmnb.console.cast import Cast
from vmnb.core.errors import SpecError
from vmnb.notebook.card.replay import unpacked

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["standing_alone"]

_NEED_SCRIPTS = (
    "application/vnd.jupyter.widget-view+json",
    "application/javascript",
    "text/vnd.mermaid",
)
_DAMAGED = "<p>The replay of this console cannot be read; its text is above.</p>"


def standing_alone(notebook: "NotebookNode") -> "NotebookNode":
    """Return the notebook without what needs scripts of others, and with replays as HTML.

    Of each output the HTML or the text stays in place of its widget.
    """
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        for output in outputs:
            _prepare(output)
        cell["outputs"] = [output for output in outputs if not _is_empty(output)]
    return notebook


def _prepare(output: Any) -> None:
    data = output.get("data", {})
    for kind in _NEED_SCRIPTS:
        data.pop(kind, None)
    facts = output.get("metadata", {}).get("vmnb")
    packed = facts.get("replay") if isinstance(facts, dict) else None
    if packed is not None and "text/html" in data:
        data["text/html"] = _text(data["text/html"]) + _replay(packed)


def _is_empty(output: Any) -> bool:
    """Return whether it has nothing to show: that of a widget, whose HTML is the next output."""
    data = output.get("data")
    return data is not None and (not data or data.get("text/html") == "")


def _replay(packed: Any) -> str:
    try:
        cast = unpacked(packed)
    except SpecError:
        return _DAMAGED
    return f'<script type="application/json" class="vmnb-cast">{_json(cast)}</script>'


def _json(cast: Cast) -> str:
    """Return the recording as JSON that no HTML parser ends early."""
    values = {
        "title": cast.title,
        "columns": cast.columns,
        "rows": cast.rows,
        "events": cast.events,
    }
    return json.dumps(values).replace("<", "\\u003c").replace(">", "\\u003e")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "".join(value)
