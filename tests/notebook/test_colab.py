"""What is shown in Google Colab.

Colab itself cannot be had here: in a real kernel a module of its name stands in, with the two
things of it that are used. So this shows what the kernel asks for and sends, and nothing of what
Colab's page does.
"""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

STAND_IN = """
import sys
from types import ModuleType, SimpleNamespace

asked = []
colab = ModuleType("google.colab.output")
colab.enable_custom_widget_manager = lambda: asked.append(1)
colab._widgets = SimpleNamespace(_installed_url="https://example.org/manager.js")
sys.modules["google.colab.output"] = colab
"""
SHOW = "from vmnb import VM\nvm = VM('web', backend='noop')\nvm"
WIDGET = "application/vnd.jupyter.widget-view+json"


def test_colab_is_asked_once_for_widgets_and_told_who_shows_them(homes: Path) -> None:
    cells = [STAND_IN, SHOW, "vm.console", "print(len(asked))\nvm.destroy()"]
    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells]  # type: ignore[no-untyped-call]
    )
    done = NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    for cell in done.cells[1:3]:
        widget, saved = cell.outputs
        assert widget.metadata[WIDGET] == {
            "colab": {"custom_widget_manager": {"url": "https://example.org/manager.js"}}
        }
        assert "text/html" in saved.data
    assert done.cells[3].outputs[0].text == "1\n"
