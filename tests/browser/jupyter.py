"""What the front ends on a Jupyter server share."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat

from tests.browser.server import served

_QUIET = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}


def write_notebook(path: Path, cells: Sequence[str]) -> None:
    """Write a notebook of those cells that has not run."""
    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],  # type: ignore[no-untyped-call]
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


@contextmanager
def jupyter_server(root: Path, module: str, *options: str) -> Iterator[str]:
    """Serve the directory `root` by a Python module, with homes of its own; give the URL."""
    home = root / ".jupyter-home"
    (home / "config" / "labconfig").mkdir(parents=True)
    (home / "config" / "labconfig" / "page_config.json").write_text(json.dumps(_QUIET))
    own = {f"JUPYTER_{what.upper()}_DIR": home / what for what in ("config", "data", "runtime")}
    command = [sys.executable, "-m", module, "--no-browser", *options]
    address = r"http://(127\.0\.0\.1|localhost):\d+/\S*"
    with served(command, address, root / "server.log", **own) as url:
        yield url
