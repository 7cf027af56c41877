"""What is shown in Google Colab.

Colab itself cannot be had here: a module of its name stands in, with the two things of it that are
used. So this shows what the kernel asks for and sends, and nothing of what Colab's page does.
"""

import json

from tests.notebook.conftest import Python

SHOW = """
import json, sys
from types import ModuleType, SimpleNamespace

asked = []
colab = ModuleType("google.colab.output")
colab.enable_custom_widget_manager = lambda: asked.append(1)
colab._widgets = SimpleNamespace(_installed_url="https://example.org/manager.js")
sys.modules["google.colab.output"] = colab

from vmnb import VM
vm = VM("web", backend="noop")
shown = [vm._repr_mimebundle_(), vm.console._repr_mimebundle_()]
print(json.dumps({"asked": len(asked), "shown": shown}))
vm.destroy()
"""
WIDGET = "application/vnd.jupyter.widget-view+json"


def test_colab_is_asked_once_for_widgets_and_told_who_shows_them(python: Python) -> None:
    child = python(SHOW)
    output, _ = child.communicate(timeout=100)
    said = json.loads(output.splitlines()[-1])
    assert said["asked"] == 1
    for data, metadata in said["shown"]:
        assert {WIDGET, "text/html", "text/plain"} <= set(data)
        manager = metadata[WIDGET]["colab"]["custom_widget_manager"]
        assert manager == {"url": "https://example.org/manager.js"}
