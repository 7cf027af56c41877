"""A lab as a notebook has it: several VMs of one file, brought up and down together."""

import asyncio
import os
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from vmnb.core import runtime
from vmnb.core.hypervisor import STOP_TIMEOUT_S
from vmnb.core.progress import reporting_to
from vmnb.lab import find_lab, lab_schema, read_plan
from vmnb.notebook.lab.ensemble import BOOT_TIMEOUT_S, Ensemble, Names
from vmnb.notebook.lab.rows import LabRow
from vmnb.notebook.lab.shown import lab_html, lab_text
from vmnb.notebook.progress import progress_bar
from vmnb.notebook.vm.vm import VM

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AsyncLab", "Lab"]

_T = TypeVar("_T")


class Lab:
    """The VMs of a ``lab.toml`` or ``lab.yaml``; get it by :meth:`load`.

    It has the names that the file gives them: ``lab["web"]`` is a :class:`vmnb.VM`, ``for name in
    lab`` goes over the names in the order of the file. Shown in a cell, it is a table.

    A file with ``name = "shop"`` and ``[vm.web]`` makes a VM named ``shop.web``, so that two labs
    may each have a ``web``; without a name of the lab it is ``web``. By that name ``VM.attach`` and
    ``vmnb.machines()`` know it, and where a VM of that name exists already, it is that VM.

    The keys of a VM are the arguments of :class:`vmnb.VM`, and three more: ``backend``, ``needs``,
    a list of VMs that are ready before it starts, and ``provision``, what is done in it once it has
    booted for the first time. :meth:`schema` has all of it.
    """

    def __init__(self, ensemble: Ensemble) -> None:
        self._ensemble = ensemble

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None) -> Self:
        """Read and check a lab file; nothing is made and nothing is started.

        Parameters
        ----------
        path
            TOML, or YAML where it ends in ``.yaml`` or ``.yml``. By default ``lab.toml``,
            ``lab.yaml`` or ``lab.yml`` in the working directory or the nearest above it.

        Raises
        ------
        SpecError
            There is no such file, or something in it is wrong; the message has every error with
            its line and column.
        """
        ensemble = Ensemble(read_plan(find_lab() if path is None else Path(path)))
        runtime.run(ensemble.look())
        return cls(ensemble)

    @staticmethod
    def schema() -> dict[str, Any]:
        """Return the JSON Schema of a lab file, as editors take it."""
        return lab_schema()

    @property
    def name(self) -> str:
        """The lab's own name, or that of its file's directory."""
        return self._ensemble.plan.name

    @property
    def path(self) -> Path:
        """The file."""
        return self._ensemble.plan.document.path

    @property
    def aio(self) -> "AsyncLab":
        """The same actions, to be awaited."""
        return AsyncLab(self._ensemble)

    def up(self, names: Names = None, *, timeout: float = BOOT_TIMEOUT_S) -> Self:
        """Make and start what does not run yet; what is suspended is resumed.

        As many VMs as the host has processors are worked on at once, each after those that it
        needs. Afterwards all are ``running``; those that others need, and those with a
        ``provision``, are ready as well. What is to be done at the first boot is done until it has
        succeeded once; the VM's history keeps that it was.

        Parameters
        ----------
        names
            Those, and what they need.
        timeout
            Seconds that each guest is given to be ready, and each step of its provisioning.

        Raises
        ------
        VmExistsError
            A VM exists and differs from the file; the message shows the differences. Nothing was
            changed.
        CapabilityError
            A backend cannot do what the file asks for. Nothing was changed.
        LabError
            Some failed, or need one that failed; the message says which and why. The others are up,
            and the same again goes on from there.
        """
        with progress_bar() as show, reporting_to(show):
            self._wait("up", self._ensemble.up(names, timeout))
        return self

    def down(self, names: Names = None, *, timeout: float = STOP_TIMEOUT_S) -> Self:
        """Shut down what runs, each VM before those that it needs; the disks are kept.

        Parameters
        ----------
        names
            Those alone.
        timeout
            Seconds that each guest is given to end by itself; past them it is ended by force.

        Raises
        ------
        LabError
            Some could not be stopped; the others are.
        """
        self._wait("down", self._ensemble.down(names, timeout))
        return self

    def destroy(self, names: Names = None) -> None:
        """Stop the VMs and remove all of them but their history; the file is kept.

        Parameters
        ----------
        names
            Those alone.

        Raises
        ------
        LabError
            Some could not be destroyed; the others are.
        """
        self._wait("destroy", self._ensemble.destroy(names))

    def reload(
        self, names: Names = None, *, recreate: bool = False, timeout: float = BOOT_TIMEOUT_S
    ) -> Self:
        """Read the file again, shut its VMs down and bring them :meth:`up` again.

        Parameters
        ----------
        names
            Those alone; and what they need is brought up where it is not.
        recreate
            Whether VMs that differ from the file are destroyed with their disks and made anew.
        timeout
            As for :meth:`up`.

        Raises
        ------
        SpecError
            Something in the file is wrong. Nothing was changed.
        VmExistsError, CapabilityError, LabError
            As for :meth:`up`.
        """
        plan = read_plan(self.path)
        reloading = self._ensemble.reload(plan, names, recreate=recreate, timeout_s=timeout)
        with progress_bar() as show, reporting_to(show):
            self._wait("reload", reloading)
        return self

    def status(self) -> "pd.DataFrame":
        """Return how each VM is now; see :data:`vmnb.notebook.lab.table.LAB_SCHEMA`."""
        from vmnb.notebook.lab.table import lab_table  # pandas is imported where it is needed

        return lab_table(self._wait("status", self._ensemble.rows()))

    def __getitem__(self, name: str) -> VM:
        """Return the VM that the file calls `name`; VmNotFoundError where it is not made yet."""
        return VM.attach(self._wait("attach", self._ensemble.machine(name)).name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ensemble.plan.members)

    def __contains__(self, name: object) -> bool:
        return name in self._ensemble.plan.members

    def __len__(self) -> int:
        return len(self._ensemble.plan.members)

    def __repr__(self) -> str:
        return lab_text(self._ensemble)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": lab_text(self._ensemble), "text/html": lab_html(self._ensemble)}

    def _wait(self, what: str, coroutine: Coroutine[Any, Any, _T]) -> _T:
        try:
            return runtime.run(coroutine)
        except KeyboardInterrupt:
            message = f"{what} of the lab {self.name!r} was interrupted; now it is {self!r}"
            raise KeyboardInterrupt(message) from None


class AsyncLab:
    """``lab.aio``: each method is as the one of :class:`Lab`, and is awaited.

    Cancelling the caller's task cancels the action.
    """

    def __init__(self, ensemble: Ensemble) -> None:
        self._ensemble = ensemble

    async def up(
        self,
        names: Names = None,
        *,
        timeout: float = BOOT_TIMEOUT_S,  # noqa: ASYNC109 - each guest's
    ) -> None:
        """See :meth:`vmnb.Lab.up`."""
        await runtime.awaited(self._ensemble.up(names, timeout))

    async def down(
        self,
        names: Names = None,
        *,
        timeout: float = STOP_TIMEOUT_S,  # noqa: ASYNC109 - the guest's
    ) -> None:
        """See :meth:`vmnb.Lab.down`."""
        await runtime.awaited(self._ensemble.down(names, timeout))

    async def destroy(self, names: Names = None) -> None:
        """See :meth:`vmnb.Lab.destroy`."""
        await runtime.awaited(self._ensemble.destroy(names))

    async def reload(
        self,
        names: Names = None,
        *,
        recreate: bool = False,
        timeout: float = BOOT_TIMEOUT_S,  # noqa: ASYNC109 - each guest's
    ) -> None:
        """See :meth:`vmnb.Lab.reload`."""
        plan = await asyncio.to_thread(read_plan, self._ensemble.plan.document.path)
        reloading = self._ensemble.reload(plan, names, recreate=recreate, timeout_s=timeout)
        await runtime.awaited(reloading)

    async def status(self) -> list[LabRow]:
        """Return what :meth:`vmnb.Lab.status` shows, as plain values."""
        return await runtime.awaited(self._ensemble.rows())
