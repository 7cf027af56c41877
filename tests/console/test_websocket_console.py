"""A console on a WebSocket, as propolis-server has it: nothing lost, nothing twice."""

import asyncio
import random
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from vmnb.console import Console
from vmnb.console.ending import last_lines
from vmnb.core.errors import LinkLostError, StateError
from vmnb.core.hypervisor import WebSocketConsole
from vmnb.testing.propolis import PropolisStandIn, Refuse, Rubbish

from .page import Page

MIB = 1024 * 1024
HEADERS = {"api-version": "5.0.0"}


@pytest.fixture
def server() -> Iterator[PropolisStandIn]:
    with PropolisStandIn() as server:
        boot(server)
        yield server


def boot(server: PropolisStandIn) -> None:
    """Let `server` run an instance with nothing but a serial port."""
    nobody = str(uuid.UUID(int=0))
    ids = dict.fromkeys(("silo_id", "project_id", "sled_id"), nobody)
    metadata = ids | {"sled_serial": "", "sled_model": "", "sled_revision": 0}
    chipset = {"type": "i440_fx", "value": {"enable_pcie": False}}
    com1 = {"type": "serial_port", "component": {"num": "com1"}}
    body = {
        "properties": {"id": nobody, "name": "web", "description": "", "metadata": metadata},
        "init": {
            "method": "Spec",
            "value": {
                "spec": {
                    "board": {"cpus": 1, "memory_mb": 128, "chipset": chipset},
                    "components": {"com1": com1},
                }
            },
        },
    }
    with httpx.Client(base_url=server.url, headers=HEADERS, trust_env=False) as http:
        http.put("/instance", json=body).raise_for_status()
        http.put("/instance/state", json="Run").raise_for_status()
        http.request("GET", "/instance/state-monitor", json={"gen": 3}).raise_for_status()


def endpoint(server: PropolisStandIn, run: str = "") -> WebSocketConsole:
    url = server.url.replace("http", "ws") + "/instance/serial"
    return WebSocketConsole(url=url, headers=tuple(HEADERS.items()), run=run)


async def opened(server: PropolisStandIn) -> Console:
    console = Console(endpoint(server))
    await console.open()
    assert console.is_open
    return console


async def in_thread(act: object, *arguments: object) -> None:
    await asyncio.to_thread(act, *arguments)  # type: ignore[arg-type]


async def test_a_person_types_and_the_shell_answers(server: PropolisStandIn) -> None:
    console = await opened(server)
    await console.wait_for("# ", 30)
    await console.write(b"echo $((6*7))\n")
    await console.wait_for(r"\n42\r\n", 30)
    console.input(b"stty -echo; echo typed\n")
    await console.wait_for(r"\ntyped\r\n", 30)
    await console.aclose()


async def test_what_was_said_before_is_shown_on_attach(server: PropolisStandIn) -> None:
    await in_thread(server.say, b"hello from before\r\n")
    console = await opened(server)
    await console.wait_for("hello from before", 30)
    assert "hello from before" in "\n".join(await last_lines(endpoint(server)))
    await console.aclose()


@pytest.mark.timeout(300)
async def test_ten_mebibytes_over_forced_reconnects_arrive_as_they_were_said(
    server: PropolisStandIn,
) -> None:
    said = random.Random(7).randbytes(10 * MIB)
    console = await opened(server)
    await console.wait_for("# ", 30)
    page = Page(console, seq=console.position)
    server.cut_consoles_each(700_000)

    async def say() -> None:
        for start in range(0, len(said), 50_000):
            # No more ahead than the server keeps: what nobody could get again is not asked for.
            await page.until_length(start - 500_000)
            await in_thread(server.say, said[start : start + 50_000])

    await asyncio.gather(say(), page.until_length(len(said)))
    assert bytes(page.output) == said
    attached = sum(path == "/instance/serial" for _, path in server.requests)
    print(f"the console was attached {attached} times")
    assert attached >= 14
    await console.aclose()


async def test_a_program_of_the_guest_may_flood_it_while_the_link_breaks(
    server: PropolisStandIn, tmp_path: Path
) -> None:
    lines = b"".join(b"%07d\n" % number for number in range(100_000))
    (tmp_path / "lines").write_bytes(lines)
    console = await opened(server)
    await console.wait_for("# ", 30)
    page = Page(console, seq=console.position)
    await console.write(b"stty -echo -onlcr; cat %s/lines; echo 'o''ver'\n" % bytes(tmp_path))
    for count in (100_000, 300_000, 500_000):
        await page.until_length(count)
        await in_thread(server.cut_consoles)
    await page.until_output(b"over")
    assert lines in bytes(page.output)
    await console.aclose()


async def test_a_gap_that_nobody_keeps_is_told_by_the_positions(server: PropolisStandIn) -> None:
    console = await opened(server)
    await console.wait_for("# ", 30)
    begun = console.position
    await console.aclose()
    await in_thread(server.say, bytes(3 * MIB))
    await in_thread(server.say, b"the end")
    await console.open()
    await console.wait_for("the end", 30)
    assert console.position == begun + 3 * MIB + len("the end")
    await console.aclose()


async def test_it_goes_where_the_vm_migrates(server: PropolisStandIn) -> None:
    console = await opened(server)
    await console.wait_for("# ", 30)
    page = Page(console, seq=console.position)
    with PropolisStandIn() as other:
        await console.write(b"echo be''fore\n")
        await console.wait_for("before", 30)
        await in_thread(server.migrate_to, other)
        await in_thread(other.say, b"moved")
        await console.wait_for("moved", 30)
        await console.write(b"echo af''ter\n")
        await console.wait_for("after", 30)
        await page.until_output(b"after")
        assert page.output.count(b"before") == 1
        assert page.reasons == []
        await console.aclose()


async def test_a_vm_that_stops_closes_it_and_its_next_run_goes_on(server: PropolisStandIn) -> None:
    console = Console(endpoint(server, run="1"))
    await console.open()
    await console.wait_for("# ", 30)
    page = Page(console, seq=console.position)
    await console.write(b"poweroff\n")
    await page.until_kind("closed")
    assert page.reasons == ["the VM has stopped"]
    assert not console.is_open
    with pytest.raises(StateError):
        console.input(b"x")
    position = console.position
    await in_thread(boot, server)
    await console.open(endpoint(server, run="2"))
    await console.wait_for("stand-in# ", 30)
    assert console.position == position + len("stand-in# ")
    await console.aclose()


async def test_where_no_instance_runs_it_opens_later() -> None:
    with PropolisStandIn() as server:
        console = Console(endpoint(server))
        await console.open()
        assert not console.is_open
        assert await last_lines(endpoint(server)) == []
        await in_thread(boot, server)
        await console.open()
        await console.wait_for("# ", 30)
        await console.aclose()


async def test_a_server_that_is_nowhere_leaves_it_closed() -> None:
    console = Console(WebSocketConsole(url="ws://nowhere.invalid:1/instance/serial"))
    await console.open()
    assert not console.is_open
    await console.aclose()


async def test_a_dead_server_ends_it(server: PropolisStandIn) -> None:
    console = await opened(server)
    page = Page(console, seq=console.position)
    await in_thread(server.die)
    await page.until_kind("closed")
    await console.open()
    assert not console.is_open
    await console.aclose()


async def test_what_is_typed_while_the_link_is_broken_arrives_once_it_holds(
    server: PropolisStandIn,
) -> None:
    console = await opened(server)
    await console.wait_for("# ", 30)
    await in_thread(server.cut_consoles)
    await console.write(b"echo la''te\n")
    await console.wait_for("late", 30)
    await console.aclose()


async def test_rubbish_for_history_is_an_error_not_a_hang(server: PropolisStandIn) -> None:
    history = ("GET", "/instance/serial/history")
    console = Console(endpoint(server))
    for said in (b"[[[[", b'{"data": 9000000000000, "last_byte_offset": 1}'):
        head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(said)
        server.fault(*history, Rubbish(head + said))
        with pytest.raises(Exception, match="makes no sense"):
            await console.open()
    server.fault("GET", "/instance/serial", Refuse(500))
    with pytest.raises(LinkLostError, match="500"):
        await console.open()
    await console.open()
    assert console.is_open
    await console.aclose()
