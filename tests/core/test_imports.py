"""What importing costs: nothing that a plain program does not use."""

import json
import subprocess
from collections.abc import Callable

Python = Callable[..., subprocess.CompletedProcess[str]]

NOTEBOOK = {"ipywidgets", "pandas", "IPython", "anywidget", "numpy", "traitlets"}
LATER = {"qemu", "pycdlib", "asyncio", "sqlite3", "importlib.metadata"}
LOADED = "import sys, json; import {}; print(json.dumps(sorted(sys.modules)))"


def loaded_by(python: Python, module: str) -> set[str]:
    done = python(LOADED.format(module))
    assert done.stderr == ""
    return set(json.loads(done.stdout))


def test_the_package_alone_pulls_in_next_to_nothing(python: Python) -> None:
    assert loaded_by(python, "vmnb") & (NOTEBOOK | LATER) == set()


def test_the_core_and_noop_work_in_a_plain_program(python: Python) -> None:
    loaded = loaded_by(python, "vmnb.core.runtime, vmnb.backends.noop")
    assert loaded & (NOTEBOOK | {"qemu", "pycdlib"}) == set()


def test_what_downloads_is_imported_only_where_something_is_downloaded(python: Python) -> None:
    assert "httpx" not in loaded_by(python, "vmnb.images.resolving, vmnb.backends.qemu")
    assert "vmnb.images.image" not in loaded_by(python, "vmnb.images")
