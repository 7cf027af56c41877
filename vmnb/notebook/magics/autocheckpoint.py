"""A checkpoint after every cell of a notebook, made by itself."""

import sys
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from vmnb.core import runtime
from vmnb.core.state import LIVE, VmState
from vmnb.notebook.fleet.each import each
from vmnb.notebook.live.live import Live
from vmnb.notebook.vm.checkpoint_names import is_automatic, name_of_cell
from vmnb.notebook.vm.checkpointing import thumbnail

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionResult

    from vmnb.notebook.vm.vm import VM

__all__ = ["KEPT", "AutoCheckpoints"]

KEPT = 20
"""How many automatic checkpoints a VM has; the older ones are forgotten."""


class AutoCheckpoints:
    """The VMs of which a checkpoint is made after every cell of one notebook."""

    def __init__(self) -> None:
        self._on: dict[str, VM] = {}

    @property
    def names(self) -> list[str]:
        """The names of the VMs, without those that have been destroyed."""
        return list(self._there())

    def begin(self, vm: "VM") -> None:
        """Make one after every cell from now on, after the one that runs, too.

        Raises
        ------
        CapabilityError
            The VM's backend keeps none.
        """
        runtime.run(vm._live.machine.checkpoints())  # noqa: SLF001 - its own package
        self._on[vm.name] = vm

    def end(self, name: str) -> None:
        """Make no more of the VM of that name; nothing happens where none were made."""
        self._on.pop(name, None)

    def end_all(self) -> None:
        """Make no more of any VM."""
        self._on.clear()

    def after_cell(self, done: "ExecutionResult") -> None:
        """Make them; what goes wrong is a line below the cell, which itself went as it went."""
        on, cell = self._there(), done.execution_count
        if not on or cell is None or done.error_before_exec:
            return  # nothing was executed
        failed: Mapping[str, BaseException]
        try:
            failed = runtime.run(each(on, partial(_keep, cell=cell), caught=Exception)).errors
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001
            failed = dict.fromkeys(on, error)
        for name, why in failed.items():
            line = (str(why) or type(why).__name__).splitlines()[0]
            print(f"[automatic checkpoint of {name!r}: {line}]", file=sys.stderr)  # noqa: T201

    def _there(self) -> dict[str, Live]:
        lives = {name: vm._live for name, vm in self._on.items()}  # noqa: SLF001
        return {
            name: live
            for name, live in lives.items()
            if live.machine.last_state is not VmState.DESTROYED
        }


async def _keep(live: Live, cell: int) -> None:
    """Make a checkpoint of a VM that is live, and forget what is too old."""
    machine = live.machine
    if await machine.state() not in LIVE:
        return
    before = [checkpoint.name for checkpoint in await machine.checkpoints()]
    await machine.checkpoint(name_of_cell(cell, before), await thumbnail(live))
    automatic = [name for name in before if is_automatic(name)]
    for name in automatic[: -(KEPT - 1)]:
        await machine.forget_checkpoint(name)
