"""Which way is taken: the first that is ready."""

import asyncio

import pytest

from vmnb.core.errors import DeadlineError, GuestError, LinkLostError, VmnbError
from vmnb.guest import Command, FirstReady, Sink, Via, run
from vmnb.guest.way import End


class Told:
    """A way that is ready, or fails, when it is told to."""

    def __init__(self, via: Via) -> None:
        self.via = via
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.asked = 0

    async def wait_ready(self, timeout_s: float) -> None:
        self.asked += 1
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.shield(self.ready)
        except TimeoutError as error:
            raise DeadlineError(f"{self.via} was silent") from error

    async def perform(
        self, command: Command, *, timeout_s: float, sink: Sink, live: bool = False
    ) -> End:
        return End(exit_code=0)

    async def aclose(self) -> None:
        pass


def test_the_first_that_is_ready_is_taken_from_then_on() -> None:
    async def scenario() -> list[str]:
        agent, ssh = Told(Via.AGENT), Told(Via.SSH)
        first = FirstReady([agent, ssh])
        ssh.ready.set_result(None)
        taken = [(await run(first, Command.of("true"))).via]
        agent.ready.set_result(None)
        taken.append((await run(first, Command.of("true"))).via)
        assert agent.asked == 1
        return taken

    assert asyncio.run(scenario()) == ["ssh", "ssh"]


def test_of_two_that_are_ready_the_earlier_is_taken() -> None:
    async def scenario() -> str:
        agent, ssh = Told(Via.AGENT), Told(Via.SSH)
        agent.ready.set_result(None)
        ssh.ready.set_result(None)
        return (await run(FirstReady([agent, ssh]), Command.of("true"))).via

    assert asyncio.run(scenario()) == "agent"


@pytest.mark.parametrize(
    ("of_agent", "of_ssh", "expected"),
    [
        (None, None, "agent was silent"),
        (None, GuestError("another key"), "another key"),
        (LinkLostError("it stopped"), None, "it stopped"),
    ],
)
def test_where_none_is_ready_the_most_telling_error_is_raised(
    of_agent: VmnbError | None, of_ssh: VmnbError | None, expected: str
) -> None:
    async def scenario() -> None:
        ways = [Told(Via.AGENT), Told(Via.SSH)]
        for way, error in zip(ways, (of_agent, of_ssh), strict=True):
            if error is not None:
                way.ready.set_exception(error)
        await run(FirstReady(ways), Command.of("true"), timeout_s=0.2)

    with pytest.raises(VmnbError, match=expected):
        asyncio.run(scenario())
