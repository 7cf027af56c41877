"""Processes of ours that outlive the one that starts them, and have no terminal."""

import json
import logging
import os
import subprocess
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from vmnb.core.errors import BackendError

__all__ = ["leave_terminal", "start_detached"]

_LOG_BYTES = 100_000
_START_S = 20.0
_CODE = (
    "import importlib, json, sys; sys.path[:] = json.load(sys.stdin); "
    "importlib.import_module(sys.argv[1]).main(*sys.argv[2:])"
)
"""With the modules of the process that starts it, however that found them."""


def start_detached(module: str, *words: str, what: str) -> None:
    """Call ``main(*words)`` of `module` in a new process, and return when that process ends.

    It forks when its child can do its work, and ends itself.

    Parameters
    ----------
    what
        What is started, in words.

    Raises
    ------
    BackendError
        It could not be started; nothing is left.
    """
    python_path = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100 - zip files too
    try:
        done = subprocess.run(
            [sys.executable, "-c", _CODE, module, *words],
            input=json.dumps(python_path),
            capture_output=True,
            text=True,
            errors="replace",
            cwd="/",
            timeout=_START_S,
            start_new_session=True,
            umask=0o077,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackendError(
            f"{what} did not start: {error}",
            hint="this machine may be overloaded; try again",
        ) from error
    if done.returncode:
        last = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise BackendError(
            f"{what} did not start: {last}",
            hint=f"it is Python, {sys.executable}, with this process's own modules",
        )


def leave_terminal(log: Path) -> None:
    """Let go of the starter's standard streams; what is logged goes into `log`."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)
    handler = RotatingFileHandler(log, maxBytes=_LOG_BYTES, backupCount=1)
    logging.basicConfig(handlers=[handler], format="%(asctime)s %(message)s")
