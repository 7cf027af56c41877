"""What axe finds wrong with a part of a page, which not everybody uses by sight and mouse."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator

import vmnb.notebook

_AXE = Path(vmnb.notebook.__path__[0], "frontend/node_modules/axe-core/axe.min.js")
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


def violations(part: Locator) -> list[str]:
    """Return a line for each element that breaks a rule."""
    if not _AXE.is_file():
        pytest.skip("axe-core is not installed: run `npm ci` in vmnb/notebook/frontend")
    if part.page.evaluate("window.axe === undefined"):
        part.page.evaluate(_AXE.read_text())
    result: dict[str, Any] = part.evaluate("(part, rules) => axe.run(part, rules)", _RULES)
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]
