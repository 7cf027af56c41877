"""Something done with each of several VMs at once: all are tried, and failures told by name."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Generic, TypeVar

from vmnb.core.errors import FleetError, VmnbError

__all__ = ["AT_ONCE", "Outcome", "each", "each_in_threads", "failures_text", "or_raise"]

AT_ONCE = os.cpu_count() or 1
"""How many VMs are worked on at once: as many as the host has processors."""

_VM = TypeVar("_VM")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[_T]):
    """What came of it, by the VM's name, each part in the order of the VMs."""

    results: dict[str, _T]
    errors: dict[str, Exception]


async def each(
    vms: Mapping[str, _VM],
    act: Callable[[_VM], Awaitable[_T]],
    *,
    limit: int = AT_ONCE,
    caught: type[Exception] = VmnbError,
) -> Outcome[_T]:
    """Act on every VM, at most `limit` at once; one that fails keeps no other back.

    Parameters
    ----------
    caught
        What counts as a failure of one VM; anything else ends it all.
    """
    room = asyncio.Semaphore(limit)
    results: dict[str, _T] = {}
    errors: dict[str, Exception] = {}

    async def take(name: str) -> None:
        async with room:
            try:
                results[name] = await act(vms[name])
            except caught as error:
                errors[name] = error

    async with asyncio.TaskGroup() as group:
        for name in vms:
            group.create_task(take(name))
    return Outcome(_sorted(results, vms), _sorted(errors, vms))


async def each_in_threads(
    vms: Mapping[str, _VM], function: Callable[[_VM], _T], *, limit: int = AT_ONCE
) -> Outcome[_T]:
    """Call `function` with every VM, in threads of their own, where it may block.

    A call that is going on cannot be ended: where this is cancelled, no further one is begun.
    """
    loop = asyncio.get_running_loop()
    pool = ThreadPoolExecutor(limit, thread_name_prefix="vmnb-map")

    async def call(vm: _VM) -> _T:
        return await loop.run_in_executor(pool, copy_context().run, function, vm)

    try:
        return await each(vms, call, limit=limit, caught=Exception)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def or_raise(outcome: Outcome[_T], fault: str) -> dict[str, _T]:
    """Return the results of all.

    Raises
    ------
    FleetError
        Some failed; `fault` says in a few words what is not so with them.
    """
    errors, results = outcome.errors, outcome.results
    if not errors:
        return results
    count = len(errors) + len(results)
    head = f"{len(errors)} of {count} VMs {fault}:"
    raise FleetError(
        failures_text(head, errors),
        hint="the error's .errors has each by name, and .results what came of the others",
        errors=errors,
        results=dict(results),
    ) from next(iter(errors.values()))


def failures_text(head: str, failed: Mapping[str, Exception]) -> str:
    """Return `head`, and below it each name with the reason and what to do."""
    return "\n".join([head, *(_told(name, error) for name, error in failed.items())])


def _sorted(found: Mapping[str, _T], vms: Mapping[str, object]) -> dict[str, _T]:
    return {name: found[name] for name in vms if name in found}


def _told(name: str, error: Exception) -> str:
    if not isinstance(error, VmnbError):
        return f"  {name}: {type(error).__name__}: {error}"
    hint = f"\n    → {error.hint}" if error.hint else ""
    return f"  {name}: {error.message}{hint}"
