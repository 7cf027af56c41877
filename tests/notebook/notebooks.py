"""Notebooks that are run without a page, as nbclient does."""

from typing import Any

import nbformat
from nbclient import NotebookClient


def executed(*cells: str) -> Any:
    """Run a notebook as nbclient does, which listens to each cell until it ends."""
    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells]  # type: ignore[no-untyped-call]
    )
    return NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
