"""A real IPython for tests of what is typed into cells."""

import atexit
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets.config import Config

__all__ = ["Shell", "ipython"]


class Shell:
    """Cells are run in it as in a notebook, and completed as at a press of Tab."""

    def __init__(self) -> None:
        make: Callable[..., InteractiveShell] = InteractiveShell
        self.ipython = make(config=Config(HistoryManager={"enabled": False}))

    def cell(self, text: str) -> Any:
        """Run a cell and return its value; what went wrong in it is raised."""
        run: Callable[..., ExecutionResult] = self.ipython.run_cell
        done = run(text, store_history=True)
        if error := done.error_before_exec or done.error_in_exec:
            raise error
        return done.result

    def completions(self, text: str) -> list[str]:
        """Return what `text` may become."""
        with provisionalcompleter():
            found = list(self.ipython.Completer.completions(text, len(text)))
        return [text[: one.start] + one.text for one in found]


@contextmanager
def ipython() -> Iterator[Shell]:
    """Give a shell with vmnb's magics, and leave this process as it was."""
    main = sys.modules["__main__"]
    shell = Shell()
    end: Callable[[], None] = shell.ipython.atexit_operations
    try:
        shell.cell("%load_ext vmnb")
        yield shell
    finally:
        end()
        atexit.unregister(end)
        sys.modules["__main__"] = main
