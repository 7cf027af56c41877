"""Asking for what may be refused or silent."""

import asyncio

import pytest

from vmnb.backends.qemu.running.patience import Patient
from vmnb.core.errors import BackendError


class Asked:
    """Answers with a number that counts, or fails."""

    def __init__(self) -> None:
        self.count = 0
        self.error: Exception | None = None
        self.is_silent = False

    async def ask(self) -> int:
        self.count += 1
        if self.is_silent:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        return self.count


def test_an_answer_is_kept_for_its_time() -> None:
    async def scenario() -> list[int | None]:
        patient = Patient(Asked().ask, keep_s=60)
        return [await patient.answer(), await patient.answer()]

    assert asyncio.run(scenario()) == [1, 1]


def test_what_need_not_be_kept_is_asked_each_time() -> None:
    async def scenario() -> list[int | None]:
        patient = Patient(Asked().ask, keep_s=0)
        return [await patient.answer(), await patient.answer()]

    assert asyncio.run(scenario()) == [1, 2]


@pytest.mark.parametrize("error", [BackendError("refused\nat length"), OSError("refused")])
def test_after_a_failure_there_is_no_answer_and_nobody_is_asked_for_a_while(
    error: Exception,
) -> None:
    async def scenario() -> None:
        asked = Asked()
        patient = Patient(asked.ask, keep_s=0, again_s=60)
        assert await patient.answer() == 1
        asked.error = error
        assert [await patient.answer() for _ in range(3)] == [None] * 3
        assert patient.problem == "refused"
        assert asked.count == 2

    asyncio.run(scenario())


def test_who_is_silent_holds_nobody_up_for_long_and_is_asked_again_later() -> None:
    async def scenario() -> None:
        asked = Asked()
        asked.is_silent = True
        patient = Patient(asked.ask, keep_s=60, again_s=0, timeout_s=0.01)
        assert await patient.answer() is None
        assert "0.01 s" in patient.problem
        asked.is_silent = False
        assert await patient.answer() == 2
        assert patient.problem == ""

    asyncio.run(scenario())
