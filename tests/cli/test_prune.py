"""The command ``prune`` and ``vmnb.prune()``: what they show, and that they ask first."""

import json
import os
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Vmnb
from vmnb import prune
from vmnb.notebook.prune import PRUNE_SCHEMA

LEFT = "0" * 32


@pytest.fixture(autouse=True)
def no_cache(homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VMNB_CACHE", str(homes / "cache"))


@pytest.fixture
def left(homes: Path) -> Path:
    """A work directory that was never made to the end."""
    path = homes / "data" / "vms" / f".new-{LEFT}"
    path.mkdir(parents=True)
    (path / "console.log").write_bytes(bytes(1 << 20))
    yesterday = time.time() - 86400
    os.utime(path, (yesterday, yesterday))
    return path


def test_it_shows_what_it_would_remove_and_does_nothing_unasked(vmnb: Vmnb, left: Path) -> None:
    done = vmnb("prune", "--dry-run")
    assert (done.code, done.err) == (0, "")
    heads, line = done.out.splitlines()
    assert heads.split() == ["KIND", "WHAT", "MIB", "WHY"]
    assert line.split(maxsplit=3) == ["vm", str(left), "1.0", "a VM that was never made to the end"]
    (told,) = json.loads(vmnb("prune", "--json").out)
    assert (told["kind"], told["what"]) == ("vm", str(left))
    assert told["size_bytes"] >= 1 << 20
    refused = vmnb("prune")
    assert (refused.code, "--yes" in refused.err) == (1, True)
    assert left.exists()


def test_with_yes_it_removes_that_and_then_there_is_nothing(vmnb: Vmnb, left: Path) -> None:
    assert vmnb("prune", "--yes").code == 0
    assert not left.exists()
    assert vmnb("prune").out == "there is nothing to remove\n"
    assert json.loads(vmnb("prune", "--json", "--yes").out) == []


def test_in_a_notebook_it_is_a_plan_that_can_be_applied(left: Path) -> None:
    plan = prune()
    assert list(plan.table.columns) == list(PRUNE_SCHEMA)
    assert str(left) in repr(plan)
    assert str(left) in plan._repr_html_()
    assert left.exists()
    assert list(plan.apply()["what"]) == [str(left)]
    assert not left.exists()
    assert len(plan.apply()) == 0
    assert (len(prune()), len(prune().table)) == (0, 0)
    assert repr(prune()) == "there is nothing to remove"
