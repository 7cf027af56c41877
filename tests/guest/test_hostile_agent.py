"""An agent that lies: it gets no more time, memory or belief than an honest one."""

import asyncio
import base64
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.inputs import FEW, JSON, refused_in_words
from vmnb.core.errors import AgentError, DeadlineError, VmnbError
from vmnb.guest import AgentWay, Command, GuestAgent, RunResult, agent_way, run
from vmnb.guest.agent_file import read_guest_file

from .peer import Peer, Script, in_sync

MIB = 1 << 20
ENDED = {"exited": True, "exitcode": 0}
STATUS = JSON("exited", "exitcode", "signal", "out-data", "err-data", "out-truncated")


async def drop(stream: int, data: bytes) -> None:
    pass


def said(value: object) -> bytes:
    return json.dumps({"return": value}).encode() + b"\n"


def acted(
    path: Path, script: Script, *, syncs: bool = False, timeout_s: float = 20, live: bool = False
) -> RunResult:
    """Return what a command leaves by an agent that follows `script`."""

    async def scenario() -> RunResult:
        way = AgentWay(GuestAgent(path))
        async with Peer(path, script, syncs=syncs):
            try:
                made = Command.of("true")
                return await run(way, made, timeout_s=timeout_s, write=drop if live else None)
            finally:
                await way.aclose()

    path.unlink(missing_ok=True)
    return asyncio.run(scenario())


def ends_with(status: object) -> Script:
    def script(request: dict[str, Any]) -> bytes:
        return said({"pid": 7} if request["execute"] == "guest-exec" else status)

    return script


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_way, "_KILL_S", 0.2)


@pytest.fixture
def peak() -> Iterator[Any]:
    """Give what tells the most memory that was taken since, in MiB."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1] / MIB
    tracemalloc.stop()


@pytest.mark.parametrize("pid", ["7", 0, -1, True, None, 1 << 63, 1e3, [7], {"pid": 7}])
def test_a_process_that_is_none_is_not_asked_for(tmp_path: Path, pid: object) -> None:
    with pytest.raises(AgentError, match="has no process"):
        acted(tmp_path / "a", lambda _: said({"pid": pid}))


@pytest.mark.parametrize(
    "lie",
    [
        {"exitcode": "0"},
        {"exitcode": 1 << 64},
        {"exitcode": -1},
        {"exitcode": True},
        {"signal": "KILL"},
        {"out-data": "no base64!"},
        {"out-data": ["QQ=="]},
        {"err-data": 5},
        {"err-data": "\u00e4"},
    ],
)
def test_an_end_that_makes_no_sense_is_an_error(tmp_path: Path, lie: dict[str, object]) -> None:
    with pytest.raises(AgentError):
        acted(tmp_path / "a", ends_with(ENDED | lie))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("status", [{"exited": False}, {}, {"exited": ""}])
@pytest.mark.parametrize("live", [False, True])
@pytest.mark.timeout(20)
def test_a_command_that_never_ends_is_given_up(tmp_path: Path, status: object, live: bool) -> None:
    with pytest.raises(DeadlineError):
        acted(tmp_path / "a", ends_with(status), timeout_s=0.2, live=live)


def test_the_status_of_another_command_is_no_object(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="status of a command"):
        acted(tmp_path / "a", ends_with([ENDED]))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("live", [False, True])
@pytest.mark.timeout(20)
def test_half_an_answer_and_then_silence_ends_in_time(tmp_path: Path, live: bool) -> None:
    with pytest.raises(DeadlineError):
        acted(tmp_path / "a", lambda _: b'{"return": {"pi', timeout_s=0.2, live=live)


@pytest.mark.usefixtures("impatient")
@pytest.mark.timeout(20)
def test_output_without_end_is_no_reason_to_go_on(tmp_path: Path) -> None:
    more = base64.b64encode(b"x" * 20_000).decode()
    with pytest.raises(DeadlineError):
        acted(tmp_path / "a", ends_with(ENDED | {"out-data": more}), timeout_s=0.3, live=True)


def test_an_answer_of_many_small_parts_is_not_even_read(tmp_path: Path, peak: Any) -> None:
    bomb = b'{"return": [' + b"{}," * (4 * MIB) + b"{}]}\n"
    before = peak()
    with pytest.raises(AgentError, match="parts"):
        acted(tmp_path / "a", lambda _: bomb)
    assert peak() - before < 8 * len(bomb) / MIB  # read, it would be 24 times as much


def test_nor_is_one_in_the_place_of_a_greeting(tmp_path: Path, peak: Any) -> None:
    bomb = b'\xff{"return": [' + b"{}," * (4 * MIB) + b"{}]}\n"

    def script(request: dict[str, Any]) -> bytes:
        if request["execute"] == "guest-sync-delimited":
            return bomb + in_sync(request)
        return said({"pid": 7} if request["execute"] == "guest-exec" else ENDED)

    before = peak()
    assert acted(tmp_path / "a", script, syncs=True).ok
    assert peak() - before < 8 * len(bomb) / MIB


@given(pid=st.just({"pid": 7}) | JSON("pid"), status=STATUS, ends=st.booleans())
@FEW
def test_whatever_it_says_a_command_has_an_end(
    tmp_path_factory: pytest.TempPathFactory, pid: Any, status: Any, ends: bool
) -> None:
    told = status | ENDED if isinstance(status, dict) and ends else status
    path = tmp_path_factory.getbasetemp() / "hostile"

    def script(request: dict[str, Any]) -> bytes:
        return said(pid if request["execute"] == "guest-exec" else told)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(agent_way, "_KILL_S", 0.05)
        with refused_in_words(VmnbError) as words:
            result = acted(path, script, timeout_s=0.1)
            assert result.exit_code in range(1 << 32) or result.exit_code is None
    assert "\x1b]" not in "".join(words)


@pytest.mark.parametrize("content", ["no base64!", 5, None, base64.b64encode(b"\xff").decode()])
def test_the_content_of_a_file_is_text_or_an_error(tmp_path: Path, content: object) -> None:
    answers = {"guest-file-open": 1, "guest-file-read": {"buf-b64": content}}

    async def scenario() -> str:
        agent = GuestAgent(tmp_path / "a")
        script = lambda request: said(answers.get(request["execute"], {}))  # noqa: E731
        async with Peer(tmp_path / "a", script):
            try:
                return await read_guest_file(agent, "/proc/meminfo", timeout_s=20)
            finally:
                await agent.aclose()

    with refused_in_words(AgentError):
        assert asyncio.run(scenario()) == "\ufffd"
