"""The VMs of a lab, acted on together, on the background loop."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

from vmnb.core import runtime
from vmnb.core.errors import (
    CapabilityError,
    LabError,
    VmExistsError,
    VmNotFoundError,
)
from vmnb.core.hypervisor import STOP_TIMEOUT_S, Capability, check_spec
from vmnb.core.machine import Machine
from vmnb.core.state import VmState
from vmnb.core.units import require_seconds
from vmnb.lab import LabPlan, in_order, reversed_needs
from vmnb.notebook.fleet.each import AT_ONCE, failures_text
from vmnb.notebook.lab.rows import LabRow, lab_row
from vmnb.notebook.live.first_boot import is_provisioned, provision
from vmnb.notebook.live.live import Live
from vmnb.notebook.live.ready import ready
from vmnb.notebook.live.running import stop_if_live

__all__ = ["BOOT_TIMEOUT_S", "Ensemble", "Names"]

BOOT_TIMEOUT_S = 600.0
"""Seconds that a guest is given to be ready, and each step of its provisioning to end."""

Names = str | Iterable[str] | None
"""One name or several, as the file has them; None for all."""


class Ensemble:
    """What is done with the VMs of `plan`; everything is called on the background loop.

    Attributes
    ----------
    machines
        Those that were there when they were last looked for, by what the file calls them.
    """

    def __init__(self, plan: LabPlan) -> None:
        self.plan = plan
        self.machines: dict[str, Machine] = {}

    async def machine(self, key: str) -> Machine:
        """Return the VM that the file calls `key`.

        Raises
        ------
        VmNotFoundError
            The file has none such, or it is not made yet.
        """
        (key,) = self.plan.named(key)
        try:
            self.machines[key] = await runtime.session().attach(self.plan.members[key].name)
        except VmNotFoundError:
            self.machines.pop(key, None)
            raise VmNotFoundError(
                f"{self.plan.members[key].name!r} is not made yet", hint=f"lab.up({key!r})"
            ) from None
        return self.machines[key]

    async def look(self) -> None:
        """Look for every VM."""
        for key in self.plan.members:
            await self._find(key)

    async def up(self, names: Names, timeout_s: float) -> None:
        """See :meth:`vmnb.Lab.up`."""
        require_seconds(timeout_s, "timeout")
        keys = self.plan.with_needs(self.plan.named(names))
        await self._require_possible(keys)
        await self._each(keys, "up", lambda key: self._bring_up(key, timeout_s))

    async def down(self, names: Names, timeout_s: float) -> None:
        """See :meth:`vmnb.Lab.down`."""
        require_seconds(timeout_s, "timeout")
        keys = self.plan.named(names)
        await self._each_found(keys, "down", lambda machine: stop_if_live(machine, timeout_s))

    async def destroy(self, names: Names) -> None:
        """See :meth:`vmnb.Lab.destroy`."""
        keys = self.plan.named(names)
        await self._each_found(keys, "destroyed", Machine.destroy)
        for key in keys:
            self.machines.pop(key, None)

    async def reload(
        self, plan: LabPlan, names: Names, *, recreate: bool, timeout_s: float
    ) -> None:
        """See :meth:`vmnb.Lab.reload`; `plan` is what the file says now."""
        require_seconds(timeout_s, "timeout")
        keys = plan.named(names)
        self.plan = plan
        differing = [key for key in keys if await self._differences(key)] if recreate else []
        await self._require_possible(plan.with_needs(keys), but=differing)
        await self.down(keys, STOP_TIMEOUT_S)
        await self.destroy(differing)
        await self.up(keys, timeout_s)

    async def rows(self) -> list[LabRow]:
        """Return how every VM is now, in the order of the file."""
        members = self.plan.members
        found = [await self._find(key) for key in members]
        return list(await asyncio.gather(*map(lab_row, members.values(), found)))

    async def _find(self, key: str) -> Machine | None:
        with suppress(VmNotFoundError):
            return await self.machine(key)
        return None

    async def _bring_up(self, key: str, timeout_s: float) -> None:
        member = self.plan.members[key]
        machine = await runtime.session().open(member.spec, member.backend)
        self.machines[key] = machine
        if await machine.state() is VmState.SUSPENDED:
            await machine.resume()
        await machine.start()
        live = await Live.of(machine)
        provisioned = not member.provision or await is_provisioned(machine)
        if not provisioned or reversed_needs(self.plan.needs)[key]:
            await _wait_ready(live, timeout_s)
        if not provisioned:
            await provision(live, member.provision, timeout_s)

    async def _require_possible(self, keys: Sequence[str], but: Sequence[str] = ()) -> None:
        """Raise where a VM cannot be as the file has it, before anything is made.

        Those of `but` may exist otherwise.
        """
        differences = []
        for key in keys:
            self._check_spec(key)
            if key not in but:
                differences += await self._differences(key)
        if differences:
            raise VmExistsError(
                "\n".join(["what exists differs from what the file asks for:", *differences]),
                hint="reload(recreate=True), or `vmnb reload --recreate`, destroys it with its "
                "disk and makes it anew",
            )

    def _check_spec(self, key: str) -> None:
        member, router = self.plan.members[key], runtime.session().router
        try:
            check_spec(router.backend(member.backend or router.tag), member.spec)
        except CapabilityError as error:
            message = f"{self.plan.cite(key)}: {error.message}"
            raise CapabilityError(message, hint=error.hint) from None

    async def _differences(self, key: str) -> list[str]:
        """Return what the VM that exists has otherwise than the file, a line each."""
        machine, member = await self._find(key), self.plan.members[key]
        if machine is None:
            return []
        found = machine.handle.spec.differences(member.spec)
        if member.backend not in (None, machine.handle.backend):
            found["backend"] = (machine.handle.backend, str(member.backend))
        where = f"{self.plan.cite(key)}: {key!r}"
        return [
            f"  {where}: {name} is {have}, not {asked}" for name, (have, asked) in found.items()
        ]

    async def _each_found(
        self, keys: Sequence[str], state: str, act: Callable[[Machine], Awaitable[None]]
    ) -> None:
        """Act on those that exist, each before those that it needs."""
        found = {key: machine for key in keys if (machine := await self._find(key))}
        await self._each(list(found), state, lambda key: act(found[key]), backwards=True)

    async def _each(
        self,
        keys: Sequence[str],
        state: str,
        act: Callable[[str], Awaitable[None]],
        *,
        backwards: bool = False,
    ) -> None:
        """Act on `keys` in the order of their needs, as many at once as there are processors.

        Raises
        ------
        LabError
            It failed for some; `state` is what these are not, and the rest is.
        """
        needs = self.plan.needs
        order = reversed_needs(needs) if backwards else needs
        within = {key: [need for need in order[key] if need in keys] for key in keys}
        failed = await in_order(within, act, limit=AT_ONCE)
        if failed:
            count = f"{len(failed)} of {len(keys)} VMs of {self.plan.name!r}"
            raise LabError(
                failures_text(f"{count} are not {state}:", failed),
                hint="the same again goes on from here",
            ) from next(iter(failed.values()))


async def _wait_ready(live: Live, timeout_s: float) -> None:
    """Wait until the guest does what it is told; that it runs is all some backends can tell."""
    if Capability.GUEST_AGENT in live.machine.capabilities:
        await ready(live, timeout_s)
