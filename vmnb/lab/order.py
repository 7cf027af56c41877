"""What comes before what: VMs and those that they need."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from vmnb.core.errors import StateError, VmnbError

__all__ = ["find_cycle", "in_order", "reversed_needs", "with_needs"]

Needs = Mapping[str, Sequence[str]]


def find_cycle(needs: Needs) -> list[str]:
    """Return names that need each other in a circle, the first again at the end; else nothing."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def with_needs(needs: Needs, names: Iterable[str]) -> set[str]:
    """Return `names` and all that they need, however indirectly."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += needs[name]
    return found


def reversed_needs(needs: Needs) -> dict[str, list[str]]:
    """Return for each name those that need it."""
    return {name: [other for other in needs if name in needs[other]] for name in needs}


async def in_order(
    needs: Needs, act: Callable[[str], Awaitable[None]], *, limit: int
) -> dict[str, VmnbError]:
    """Act on every name, each after those that it needs, at most `limit` at once.

    A failure keeps back those that need the name that failed, and no others.

    Returns
    -------
    dict
        What went wrong, by name.
    """
    room = asyncio.Semaphore(limit)
    ended = {name: asyncio.Event() for name in needs}
    failed: dict[str, VmnbError] = {}

    async def take(name: str) -> None:
        for need in needs[name]:
            await ended[need].wait()
        broken = [need for need in needs[name] if need in failed]
        try:
            if broken:
                raise StateError(f"not tried: it needs {', '.join(map(repr, broken))}")
            async with room:
                await act(name)
        except VmnbError as error:
            failed[name] = error
        ended[name].set()

    async with asyncio.TaskGroup() as group:
        for name in needs:
            group.create_task(take(name))
    return failed
