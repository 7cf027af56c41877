"""``%vm`` and ``%%vm``, which run something in a guest, and ``%vm_autocheckpoint``."""

from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import (
    Magics,
    line_cell_magic,
    line_magic,
    magics_class,
    no_var_expand,
)

from vmnb.core import runtime
from vmnb.core.errors import SpecError
from vmnb.core.state import LIVE
from vmnb.guest import RUN_TIMEOUT_S, RunResult
from vmnb.notebook.magics.autocheckpoint import AutoCheckpoints
from vmnb.notebook.magics.line import MagicLine, parse_line, parse_switch
from vmnb.notebook.magics.names import complete_name
from vmnb.notebook.tables.machines import machines
from vmnb.notebook.vm.job import Job
from vmnb.notebook.vm.vm import VM

__all__ = ["load"]

_BACKGROUND_S = 24 * 60 * 60.0


def load(shell: InteractiveShell) -> None:
    """Add the magics to `shell`, and the completion of VMs' names; once, however often called."""
    if VmMagics.__name__ in shell.magics_manager.registry:
        return
    magics = VmMagics(shell)
    shell.register_magics(magics)
    shell.events.register("post_run_cell", magics.automatic.after_cell)
    shell.Completer.custom_matchers.append(complete_name)


@magics_class
class VmMagics(Magics):
    """The magics of vmnb.

    Attributes
    ----------
    automatic
        The VMs of which a checkpoint is made after every cell.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self.automatic = AutoCheckpoints()

    @no_var_expand
    @line_cell_magic
    def vm(self, line: str, cell: str | None = None) -> Any:
        """Run something in a VM's guest.

        ::

            %%vm [options] NAME         the cell: for /bin/sh, or what its #! names
            %vm [options] NAME command  one command; the result is the value
            %vm NAME                    the VM itself: its card
            %vm                         a table of all VMs

        Everything after NAME and the options is for the guest: neither ``$`` nor ``{}`` is
        replaced by the notebook. A NAME with blanks is quoted.

        Options
        -------
        --user USER
            Who runs it in the guest.
        --timeout SECONDS
            How long it may take: 60, or a day in the background.
        --out VARIABLE
            What takes the result: exit code, output, duration.
        --bg
            Run it in the background and return at once. The value, or VARIABLE, has ``.done``,
            ``.result()`` and ``.cancel()``.
        --no-check
            Let the notebook go on where the exit code is not 0.

        Raises
        ------
        CommandError
            The exit code is not 0.
        SpecError, VmNotFoundError
            The line cannot be read, or there is no such VM; nothing was run.
        """
        said = parse_line(line)
        if said.name is None and cell is None:
            return machines()
        if said.name is None or (cell is not None and said.command):
            raise SpecError(
                f"%%vm takes the name of a VM and options, not {line!r}",
                hint="the command is the cell's text",
            )
        vm = VM.attach(said.name)
        if cell is None and not said.command:
            return vm
        if said.bg:
            return self._value(said, _begin(vm, said, cell))
        result = _run(vm, said, cell)
        value = self._value(said, result)
        if said.check:
            result.check()
        return value if cell is None else None

    @no_var_expand
    @line_magic
    def vm_autocheckpoint(self, line: str) -> list[str] | None:
        """Make a checkpoint of a VM after every cell, or no more.

        ::

            %vm_autocheckpoint on NAME   after this cell and every one that follows
            %vm_autocheckpoint on        likewise, of the one VM that is live
            %vm_autocheckpoint off NAME  no more
            %vm_autocheckpoint off       no more of any VM
            %vm_autocheckpoint           the names of the VMs for which it is on

        The checkpoint after cell 7 is ``In[7]``: ``vm.rewind("In[7]")``. Of a VM that is not live
        none is made. The newest 20 that were made so are kept; those that have another name, and
        so were made by ``vm.checkpoint``, all are. Where one cannot be made, a line below the cell
        says why.

        Raises
        ------
        SpecError
            The line cannot be read, or names no VM where not just one is live.
        VmNotFoundError
            There is no such VM.
        CapabilityError
            The VM's backend keeps no checkpoints.
        """
        on, name = parse_switch(line)
        if on is None:
            return self.automatic.names
        if on:
            self.automatic.begin(VM.attach(name or _the_live_one()))
        elif name is None:
            self.automatic.end_all()
        else:
            self.automatic.end(VM.attach(name).name)
        return None

    def _value(self, said: MagicLine, value: object) -> object:
        """Put `value` into the variable that takes it; return it where there is none."""
        if said.out is None:
            return value
        assert self.shell is not None  # noqa: S101 - it registered this
        self.shell.user_ns[said.out] = value
        return None


def _run(vm: VM, said: MagicLine, cell: str | None) -> RunResult:
    """Run it and wait; what a cell says is shown meanwhile, what a line says is the value."""
    timeout = RUN_TIMEOUT_S if said.timeout is None else said.timeout
    if cell is None:
        return vm.run(said.command, timeout=timeout, user=said.user)
    result = vm.shell_script(cell, timeout=timeout, user=said.user, stream=True)
    if not result.ok:
        print(f"[{result.outcome}]")  # noqa: T201 - for the person at the notebook
    return result


def _begin(vm: VM, said: MagicLine, cell: str | None) -> Job:
    act = vm.aio.run if cell is None else vm.aio.shell_script
    timeout = _BACKGROUND_S if said.timeout is None else said.timeout
    text = said.command if cell is None else cell
    running = act(text, timeout=timeout, check=said.check, user=said.user)
    return Job(vm.name, runtime.submit(running))


def _the_live_one() -> str:
    """Return the name of the VM that is meant where none is named."""
    machines = runtime.run(runtime.session().machines())
    match [machine.name for machine in machines if machine.last_state in LIVE]:
        case [name]:
            return name
        case []:
            raise SpecError("no VM is live", hint="name one: %vm_autocheckpoint on web")
        case names:
            raise SpecError(
                f"{len(names)} VMs are live: {', '.join(names)}",
                hint="name one: %vm_autocheckpoint on web",
            )
