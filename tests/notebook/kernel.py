"""A real kernel and one client of it, that plays a page with a card."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

Message = dict[str, Any]

_TIMEOUT_S = 60.0


class Kernel:
    """A kernel of one version of ipykernel, with a FIFO for which a cell can wait."""

    def __init__(self, manager: KernelManager, fifo: Path) -> None:
        self.manager = manager
        self.client = manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=_TIMEOUT_S)
        self.fifo = fifo
        self.heard: list[Message] = []
        os.mkfifo(fifo)

    def run(self, code: str) -> str:
        """Run a cell to its end, and return what it printed."""
        begun = len(self.heard)
        self.ended(self.client.execute(code))
        return self.printed(begun)

    def printed(self, begun: int = 0) -> str:
        """Return what was printed, of what was heard from `begun` on."""
        said = (m["content"] for m in self.heard[begun:] if m["msg_type"] == "stream")
        return "".join(content["text"] for content in said if content["name"] == "stdout")

    def blocked(self) -> str:
        """Begin a cell that blocks until :meth:`let_go`; return its message's id."""
        cell: str = self.client.execute(f"print('in', flush=True); open({str(self.fifo)!r}).read()")
        self.until(lambda m: m["msg_type"] == "stream" and m["content"]["text"].startswith("in"))
        return cell

    def let_go(self) -> None:
        """Let the cell end that waits."""
        with self.fifo.open("w"):
            pass

    def ended(self, cell: str) -> None:
        """Wait for the end of a cell, which must be a good one."""
        reply = self.client.get_shell_msg(timeout=_TIMEOUT_S)
        while reply["parent_header"]["msg_id"] != cell:
            reply = self.client.get_shell_msg(timeout=_TIMEOUT_S)
        assert reply["content"]["status"] == "ok", reply["content"]
        self.until(lambda m: _is_idle(m, cell))

    def until(self, wanted: Callable[[Message], bool]) -> Message:
        """Wait for a message to the page."""
        while True:
            message = self.client.get_iopub_msg(timeout=_TIMEOUT_S)
            self.heard.append(message)
            if wanted(message):
                return message

    def until_idle(self, message_id: str) -> None:
        """Wait until the kernel says that it is done with a message, if it has not."""
        if not any(_is_idle(m, message_id) for m in self.heard):
            self.until(lambda m: _is_idle(m, message_id))

    def is_running(self, cell: str) -> bool:
        """Whether the end of `cell` was not heard of."""
        return not any(_is_idle(message, cell) for message in self.heard)

    def say(
        self, comm: str, data: Message, *, channel: str = "shell", subshell: str | None = None
    ) -> str:
        """Send a comm message as a front end does; return its id."""
        message = self.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        if subshell:
            message["header"]["subshell_id"] = subshell
        where = getattr(self.client, f"{channel}_channel")
        self.client.session.send(where.socket, message, buffers=[b"x"])
        identity: str = message["header"]["msg_id"]
        return identity

    def subshell(self) -> str:
        """Make a subshell, as JupyterLab does."""
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        reply = self.client.control_channel.get_msg(timeout=_TIMEOUT_S)
        subshell: str = reply["content"]["subshell_id"]
        return subshell


@contextmanager
def kernel_of(version: str, specs: Path, fifo: Path) -> Iterator[Kernel]:
    """Give a kernel of that version of ipykernel."""
    manager = KernelManager(
        kernel_name=version, kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(specs)])
    )
    manager.start_kernel()
    try:
        kernel = Kernel(manager, fifo)
        yield kernel
        kernel.client.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)


def _is_idle(message: Message, of: str) -> bool:
    is_idle = message["content"].get("execution_state") == "idle"
    return is_idle and bool(message["parent_header"].get("msg_id") == of)
