"""What the front ends on a Jupyter server share."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat

from tests.browser.server import served

_ANNOUNCEMENTS = "@jupyterlab/apputils-extension:announcements"
_PROXY = "@jupyterhub/jupyter-server-proxy"


def write_json(path: Path, content: object) -> None:
    """Write a file of JSON, and the directories above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def write_notebook(path: Path, cells: Sequence[str], *, kernel: str = "python3") -> None:
    """Write a notebook of those cells that has not run."""
    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],  # type: ignore[no-untyped-call]
        metadata={"kernelspec": {"name": kernel, "display_name": kernel}},
    )
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


@contextmanager
def jupyter_server(root: Path, module: str, *options: str, proxied: bool = False) -> Iterator[str]:
    """Serve the directory `root` by a Python module, with homes of its own; give the URL.

    Parameters
    ----------
    proxied
        Whether jupyter-server-proxy is enabled, so that pages reach ports of this machine.
    """
    home = root / ".jupyter-home"
    write_json(
        home / "config" / "labconfig" / "page_config.json",
        {"disabledExtensions": {_ANNOUNCEMENTS: True, _PROXY: not proxied}},
    )
    write_json(
        home / "config" / "jupyter_server_config.d" / "proxy.json",
        {"ServerApp": {"jpserver_extensions": {"jupyter_server_proxy": proxied}}},
    )
    own = {f"JUPYTER_{what.upper()}_DIR": home / what for what in ("config", "data", "runtime")}
    command = [sys.executable, "-m", module, "--no-browser", *options]
    address = r"http://(127\.0\.0\.1|localhost):\d+/\S*"
    with served(command, address, home / "server.log", **own) as url:
        yield url
