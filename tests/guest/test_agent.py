"""The agent's client: what it does with a guest that is slow, silent, confused or hostile."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from vmnb.core.errors import AgentError, DeadlineError, LinkLostError, StateError
from vmnb.guest import GuestAgent, agent, link

from .peer import Peer, Script, in_sync


async def asked(path: Path, script: Script, *, timeout_s: float = 20.0) -> Any:
    """Return what a call gets from an agent that follows `script`."""
    client = GuestAgent(path)
    async with Peer(path, script):
        try:
            return await client.call("guest-info", timeout_s=timeout_s)
        finally:
            await client.aclose()


def run(scenario: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(scenario)


def test_an_answer_is_returned(tmp_path: Path) -> None:
    assert run(asked(tmp_path / "a", lambda _: b'{"return": {"version": "7"}}\n')) == {
        "version": "7"
    }


def test_a_vm_that_does_not_run_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="not running"):
        run(GuestAgent(tmp_path / "nothing").call("guest-ping"))


def test_a_refusal_says_what_the_agent_said_and_keeps_the_link(tmp_path: Path) -> None:
    answers = iter([b'{"error": {"class": "GenericError", "desc": "no"}}\n', b'{"return": 1}\n'])

    async def scenario() -> None:
        client = GuestAgent(tmp_path / "a")
        async with Peer(tmp_path / "a", lambda _: next(answers)) as peer:
            with pytest.raises(AgentError, match="refused guest-fly: no"):
                await client.call("guest-fly")
            assert await client.call("guest-info") == 1
            assert peer.clients == 1
            await client.aclose()

    run(scenario())


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\n",
        b"[1, 2]\n",
        b"{}\n",
        b'{"return": \xff}\n',
        b'{"return": ' + b"[" * 200_000 + b"\n",
        b'{"return": ' + b"9" * 10_000 + b"}\n",
    ],
)
def test_an_answer_without_sense_is_an_error(tmp_path: Path, answer: bytes) -> None:
    with pytest.raises(AgentError):
        run(asked(tmp_path / "a", lambda _: answer))


def test_an_answer_without_end_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "RESPONSE_MAX", 1024 * 1024)
    with pytest.raises(AgentError, match="longer than 1 MiB"):
        run(asked(tmp_path / "a", lambda _: b"x" * 3_000_000))


def test_silence_ends_at_the_deadline(tmp_path: Path) -> None:
    with pytest.raises(DeadlineError, match=r"did not finish guest-info within 0.1 s"):
        run(asked(tmp_path / "a", lambda _: b"", timeout_s=0.1))


def test_an_answer_in_drops_ends_at_the_deadline(tmp_path: Path) -> None:
    async def drip(_: dict[str, Any]) -> bytes:
        await asyncio.sleep(0.02)
        return b" "

    with pytest.raises(DeadlineError):
        run(asked(tmp_path / "a", drip, timeout_s=0.1))


def test_a_link_that_dies_is_told_from_a_refusal_and_made_anew(tmp_path: Path) -> None:
    answers = iter([None, b'{"return": 1}\n'])

    async def scenario() -> None:
        client = GuestAgent(tmp_path / "a")
        async with Peer(tmp_path / "a", lambda _: next(answers)) as peer:
            with pytest.raises(LinkLostError):
                await client.call("guest-info")
            assert await client.call("guest-info") == 1
            assert peer.clients == 2
            await client.aclose()

    run(scenario())


def test_answers_to_somebody_else_are_not_taken_for_ours(tmp_path: Path) -> None:
    def script(request: dict[str, Any]) -> bytes:
        if request["execute"] != "guest-sync-delimited":
            return b'{"return": "ours"}\n'
        stale = b'{"return": "stale"}\n\xff{"return": 1}\nhalf an ans'
        return stale + b'{"error": {"desc": "JSON parse error"}}\n' + in_sync(request)

    async def scenario() -> None:
        client = GuestAgent(tmp_path / "a")
        async with Peer(tmp_path / "a", script, syncs=True):
            assert await client.call("guest-info") == "ours"
            await client.aclose()

    run(scenario())


def test_stray_bytes_between_two_calls_do_no_harm(tmp_path: Path) -> None:
    answers = iter([b'{"return": 1}\n{"return": "stray"}\n', b'{"return": 2}\n'])

    async def scenario() -> None:
        client = GuestAgent(tmp_path / "a")
        async with Peer(tmp_path / "a", lambda _: next(answers)):
            assert await client.call("guest-info") == 1
            assert await client.call("guest-info") == 2
            await client.aclose()

    run(scenario())


def test_a_guest_that_lost_the_first_request_gets_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "_FIRST_RESEND_S", 0.02)
    requests: list[dict[str, Any]] = []

    def script(request: dict[str, Any]) -> bytes:
        requests.append(request)
        if request["execute"] == "guest-ping":
            return b'{"return": {}}\n'
        return b"" if len(requests) < 3 else b"".join(map(in_sync, requests))

    async def scenario() -> None:
        client = GuestAgent(tmp_path / "a")
        async with Peer(tmp_path / "a", script, syncs=True):
            await client.wait_ready(20)
            await client.call("guest-ping")
            await client.aclose()

    run(scenario())
    assert [request["execute"] for request in requests].count("guest-ping") == 1


def test_a_guest_that_never_boots_is_waited_for_until_the_deadline(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Peer(tmp_path / "a", lambda _: b"", syncs=True):
            await GuestAgent(tmp_path / "a").wait_ready(0.1)

    with pytest.raises(DeadlineError, match=r"did not answer within 0.1 s"):
        run(scenario())


def test_a_call_that_is_cancelled_leaves_the_agent_usable(tmp_path: Path) -> None:
    answers = iter([b"", b'{"return": 2}\n'])

    async def scenario() -> None:
        client = GuestAgent(tmp_path / "a")
        async with Peer(tmp_path / "a", lambda _: next(answers)) as peer:
            call = asyncio.create_task(client.call("guest-info"))
            while "guest-info" not in peer.requests:
                peer.news.clear()
                await peer.news.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert await client.call("guest-info") == 2
            await client.aclose()

    run(scenario())


def test_calls_made_together_go_one_by_one(agent_socket: Path) -> None:
    async def scenario() -> list[Any]:
        client = GuestAgent(agent_socket)
        numbers = [
            client.call("guest-sync", {"id": number}) if number else client.call("guest-ping")
            for number in range(20)
        ]
        answers = await asyncio.gather(*numbers)
        await client.aclose()
        return answers

    assert run(scenario()) == [{}, *range(1, 20)]


def test_two_clients_take_turns(agent_socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "_TURN_S", 0.05)

    async def scenario() -> None:
        busy, other = GuestAgent(agent_socket), GuestAgent(agent_socket)

        async def keep_busy() -> None:
            while True:
                await busy.call("guest-ping")

        working = asyncio.create_task(keep_busy())
        await other.call("guest-ping", timeout_s=20)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await busy.aclose()
        await other.aclose()

    run(scenario())
