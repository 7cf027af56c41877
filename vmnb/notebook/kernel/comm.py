"""A widget's messages, taken at once while the kernel runs a cell, as far as this kernel lets us.

A kernel reads its shell channel message by message, and a cell that runs is one of them. What gets
past a cell is private to ipykernel and another thing in each of its versions. So it is looked up
by name, and where a name is missing the messages come as they always did. Only the custom
messages of the comms that are given here are taken; all others go their usual way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from vmnb.notebook.kernel import control, thread
from vmnb.notebook.kernel.desk import Receive, desk

__all__ = ["Reach", "Way", "is_marimo", "take"]


class Way(StrEnum):
    """How the messages get past a cell that runs."""

    THREAD = "thread"
    """Where ipykernel 7 reads the shell channel, whatever the front end does."""

    SUBSHELL = "subshell"
    """In a subshell, where the front end sends them to one."""

    CONTROL = "control"
    """By the control channel, where the front end sends them there."""

    NONE = "none"
    """Not at all: they wait for the cell's end, or until it awaits something."""

    MARIMO = "marimo"
    """Not at all, and marimo's cells keep them waiting while they await something, too."""


_ADVICE = {
    Way.THREAD: "",
    Way.SUBSHELL: "In JupyterLab 4.4 or newer they would arrive at once.",
    Way.CONTROL: "With ipykernel 7 or newer they would arrive at once.",
    Way.NONE: "A cell that awaits, as in `await asyncio.sleep(20)`, lets them through.",
    Way.MARIMO: "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How the messages of one comm reach us, and what ends that.

    Parameters
    ----------
    way
        The best one that this kernel has.
    comm_id
        The comm's; empty where there is no kernel.
    release
        Let the comm's messages go their usual way again.
    """

    way: Way
    comm_id: str
    release: Callable[[], None]

    def for_page(self) -> dict[str, str]:
        """Return what the page is told of it: ``Reach`` in ``frontend/src/kernel/protocol.ts``."""
        control = self.comm_id if self.way is Way.CONTROL else ""
        return {"control": control, "advice": _ADVICE[self.way]}


def take(comm: Any, receive: Receive) -> Reach:
    """Hand the custom messages of `comm` to `receive` as soon as they come.

    Parameters
    ----------
    comm
        A comm of any package, or None.
    receive
        Called with the content and the buffers, in whatever thread the message came; it must
        return at once.
    """
    comm_id = getattr(comm, "comm_id", None) or ""
    if not comm_id:
        return Reach(way=Way.NONE, comm_id="", release=lambda: None)
    desk[comm_id] = receive
    return Reach(way=_open(comm), comm_id=comm_id, release=lambda: _release(comm_id))


def is_marimo(comm: Any) -> bool:
    """Whether a comm leads to marimo, whose own comms say so."""
    return getattr(comm, "kernel", None) == "marimo"


def _release(comm_id: str) -> None:
    desk.pop(comm_id, None)


def _open(comm: Any) -> Way:
    if is_marimo(comm):
        return Way.MARIMO
    kernel = _kernel()
    if thread.take_over(kernel):
        return Way.THREAD
    if getattr(kernel, "_supports_kernel_subshells", False):
        _stay_on_subshell(comm)
        return Way.SUBSHELL
    return Way.CONTROL if control.take_over(kernel) else Way.NONE


def _kernel() -> Any:
    from IPython import get_ipython  # here, since a widget may be made where IPython does not run

    return getattr(get_ipython(), "kernel", None)


def _stay_on_subshell(comm: Any) -> None:
    """Let the front end choose the shell: ipykernel 7.4 takes the one that last spoke instead."""
    if callable(getattr(comm, "_reply_subshell_for", None)):
        comm._reply_subshell_for = lambda _data, subshell: subshell  # noqa: SLF001
