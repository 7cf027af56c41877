"""What IPython shows of an error: the person's own lines, and what the error says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MAKE = "from vmnb import VM, Fleet\nvm = VM('web', backend='noop')\n"


@pytest.fixture(autouse=True)
def own_ipython(homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(homes / "ipython"))


def shown(code: str) -> str:
    """Run it as a cell, and return what IPython prints."""
    argv = [sys.executable, "-m", "IPython", "--no-banner", "--colors=nocolor", "-c", code]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, env=os.environ)
    return done.stdout + done.stderr


def test_it_is_where_it_was_asked_for_and_what_the_error_says() -> None:
    said = shown("from vmnb import VM\nVM('web', memory='4K')")
    assert "----> 2 VM('web', memory='4K')" in said
    assert "SpecError: memory '4K' is not a size\n→ write it as 512" in said
    assert ".py" not in said


@pytest.mark.parametrize(
    "call", ["vm.suspend()", "await vm.aio.suspend()", "Fleet([vm]).map(lambda one: one.suspend())"]
)
def test_nothing_of_the_way_through_the_package_is_shown(call: str) -> None:
    said = shown(f"{MAKE}def ask():\n    pass\n{call}")
    assert f"----> 5 {call}" in said
    assert "cannot suspend 'web': it is prepared" in said
    assert ".py" not in said


ODD = """import vmnb.notebook
from vmnb.errors import BackendError
class Odd(BackendError):
    def __init__(self, one, two):
        super().__init__(one + two)
try:
    1 / 0
except ArithmeticError as cause:
    raise Odd("told ", "odd") from cause"""


def test_what_caused_it_is_not_shown_and_an_error_may_be_made_of_anything() -> None:
    said = shown(ODD)
    assert '----> 9     raise Odd("told ", "odd") from cause' in said
    assert "Odd: told odd" in said
    assert "ZeroDivisionError" not in said


def test_what_leads_to_it_is_shown_line_by_line() -> None:
    said = shown(f"{MAKE}def rest():\n    vm.suspend()\nrest()")
    assert "----> 5 rest()" in said
    assert "----> 4     vm.suspend()" in said


def test_all_of_it_is_shown_to_who_asks_for_that() -> None:
    said = shown(f"%xmode Verbose\n{MAKE}vm.suspend()")
    assert "----> 4 vm.suspend()" in said
    assert "acting.py" in said


def test_errors_of_others_are_shown_as_ever() -> None:
    said = shown(f"import json\n{MAKE}json.loads('no')")
    assert "decoder.py" in said
