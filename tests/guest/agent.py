"""Acting by an agent of the test's own."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from vmnb.guest import AgentWay, GuestAgent

__all__ = ["by_agent"]

_T = TypeVar("_T")


def by_agent(path: Path, act: Callable[[AgentWay], Awaitable[_T]]) -> _T:
    """Let `act` do what it does by the agent at `path`, on a loop of its own."""

    async def scenario() -> _T:
        way = AgentWay(GuestAgent(path))
        try:
            return await act(way)
        finally:
            await way.aclose()

    return asyncio.run(scenario())
