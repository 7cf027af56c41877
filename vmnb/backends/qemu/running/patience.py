"""Asking again and again for what may be refused or silent."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from vmnb.core.errors import VmnbError

__all__ = ["Patient"]

_T = TypeVar("_T")


class Patient(Generic[_T]):
    """Keeps an answer for a while; after a failure it has none, and waits longer.

    Parameters
    ----------
    ask
        May raise :class:`~vmnb.core.errors.VmnbError` or OSError.
    keep_s, again_s
        Seconds until it is asked again after an answer, and after a failure.
    timeout_s
        Seconds that one answer may take.
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[_T]],
        *,
        keep_s: float,
        again_s: float = 30.0,
        timeout_s: float = 2.0,
    ) -> None:
        self.problem = ""
        self._ask = ask
        self._keep_s, self._again_s, self._timeout_s = keep_s, again_s, timeout_s
        self._answer: _T | None = None
        self._due = 0.0

    async def answer(self) -> _T | None:
        """Return the present answer; None where there is none, and `problem` says why."""
        clock = asyncio.get_running_loop().time
        if clock() < self._due:
            return self._answer
        try:
            async with asyncio.timeout(self._timeout_s):
                self._answer = await self._ask()
        except TimeoutError:
            self._fail(f"no answer within {self._timeout_s:g} s")
        except VmnbError as error:
            self._fail(error.message)
        except OSError as error:
            self._fail(str(error))
        else:
            self.problem = ""
        self._due = clock() + (self._again_s if self.problem else self._keep_s)
        return self._answer

    def _fail(self, problem: str) -> None:
        self._answer, self.problem = None, problem.splitlines()[0]
