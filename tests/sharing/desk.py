"""Other Python processes at which the same VM is used, as several kernels are."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Desk", "desk"]

_PROGRAM = """
import queue, sys, time
from enum import Enum
from vmnb import VM
from vmnb.core import runtime
from vmnb.core.errors import VmnbError

vm = VM.attach(sys.argv[1])
seen = queue.Queue()

def note(machine):
    seen.put((machine.last_state.value, time.monotonic()))

async def see():
    vm._live.machine.subscribe(note)

def until(state):
    while True:
        now, at = seen.get(timeout=60)
        if now == state:
            return at

runtime.run(see())
print("'ready'", flush=True)
for line in sys.stdin:
    try:
        said = eval(line)
    except VmnbError as error:
        said = f"{type(error).__name__}: {error}"
    print(repr(said.value if isinstance(said, Enum) else said), flush=True)
"""


class Desk:
    """A process that is attached to a VM, and evaluates what it is told, one by one."""

    def __init__(self, name: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", _PROGRAM, name],
            env=dict(os.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.answer() == "ready"

    def begin(self, expression: str) -> None:
        """Let it evaluate a Python expression, in which `vm` is the VM."""
        assert self.process.stdin is not None
        self.process.stdin.write(expression + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        """Return what came of the next expression: its value, or an error in words."""
        assert self.process.stdout is not None
        return ast.literal_eval(self.process.stdout.readline())

    def do(self, expression: str) -> Any:
        """Return what an expression comes to."""
        self.begin(expression)
        return self.answer()

    def until(self, state: str) -> float:
        """Return when it saw the VM in a state, of which nothing but its listeners told it."""
        at: float = self.do(f"until({state!r})")
        return at


@contextmanager
def desk(name: str) -> Iterator[Desk]:
    """Give a process that is attached to the VM of that name."""
    at = Desk(name)
    try:
        yield at
    finally:
        at.process.kill()
        at.process.communicate()
