"""What comes before what, and what goes on when something fails."""

import asyncio

import pytest

from vmnb.core.errors import BackendError
from vmnb.lab.order import find_cycle, in_order, reversed_needs, with_needs

NEEDS = {"web": ["db", "cache"], "db": ["disk"], "cache": [], "disk": [], "mail": []}


def test_each_comes_after_all_that_it_needs() -> None:
    done: list[str] = []

    async def act(name: str) -> None:
        await asyncio.sleep(0)
        done.append(name)

    assert asyncio.run(in_order(NEEDS, act, limit=2)) == {}
    assert sorted(done) == sorted(NEEDS)
    for name, needed in NEEDS.items():
        assert all(done.index(need) < done.index(name) for need in needed)


@pytest.mark.parametrize("limit", [1, 3])
def test_what_needs_nothing_of_each_other_goes_on_together_up_to_the_limit(limit: int) -> None:
    now, most = 0, 0

    async def act(_: str) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        for _turn in range(10):
            await asyncio.sleep(0)
        now -= 1

    asyncio.run(in_order(dict.fromkeys("abcdefgh", ()), act, limit=limit))
    assert most == limit


def test_a_failure_keeps_back_what_needs_it_and_nothing_else() -> None:
    done: list[str] = []

    async def act(name: str) -> None:
        if name == "disk":
            raise BackendError("broken")
        done.append(name)

    failed = asyncio.run(in_order(NEEDS, act, limit=1))
    assert set(done) == {"cache", "mail"}
    assert {name: error.message for name, error in failed.items()} == {
        "disk": "broken",
        "db": "not tried: it needs 'disk'",
        "web": "not tried: it needs 'db'",
    }


def test_cycles_and_what_is_needed_indirectly_are_found() -> None:
    assert find_cycle(NEEDS) == []
    cycle = find_cycle({"a": ["b"], "b": ["c"], "c": ["a"]})
    assert cycle[0] == cycle[-1]
    assert "".join(cycle) in {"abca", "bcab", "cabc"}
    assert with_needs(NEEDS, ["db", "mail"]) == {"db", "disk", "mail"}
    assert reversed_needs(NEEDS)["disk"] == ["db"]
