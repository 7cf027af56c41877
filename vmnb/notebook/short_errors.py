"""An error as IPython shows it: where it was asked for, and not its way through the package.

``%xmode Verbose`` shows all of it, and ``%debug`` goes anywhere.
"""

import asyncio
import contextlib
import traceback
from concurrent import futures
from pathlib import Path
from types import ModuleType, TracebackType

import vmnb
from vmnb.core.errors import VmnbError

__all__ = ["show_short"]


def show_short() -> None:
    """Let IPython show the package's errors so from now on: it asks an error how."""
    VmnbError._render_traceback_ = _rendered  # type: ignore[attr-defined]


def _rendered(error: VmnbError) -> list[str]:
    from IPython import get_ipython  # who asks has imported it

    shell = get_ipython()
    if shell is None:
        return traceback.format_exception(error)
    way = shell.InteractiveTB
    if way.mode == "Verbose":
        lines: list[str] = way.structured_traceback(type(error), error, error.__traceback__)
    else:
        lines = way.structured_traceback(type(error), _alone(error), _outside(error.__traceback__))
    return lines


def _alone(error: VmnbError) -> VmnbError:
    """Return the same error without what caused it, of which it speaks itself."""
    alone = type(error).__new__(type(error), *error.args)
    vars(alone).update(vars(error))
    return alone


def _outside(place: TracebackType | None) -> TracebackType | None:
    """Return the traceback without the frames that are the package's, or lead through it."""
    if place is None:
        return None
    rest = _outside(place.tb_next)
    file = Path(place.tb_frame.f_code.co_filename)
    if file.is_relative_to(_PACKAGE) or file.parent in _BETWEEN:
        return rest
    return TracebackType(rest, place.tb_frame, place.tb_lasti, place.tb_lineno)


def _home(module: ModuleType) -> Path:
    return Path(str(module.__file__)).parent


_PACKAGE = _home(vmnb)
_BETWEEN = {_home(module) for module in (asyncio, contextlib, futures)}
