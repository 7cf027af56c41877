"""Each refusal and each silence of a server gives its own clear message, and never a hang."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from vmnb.backends.propolis import PropolisHypervisor
from vmnb.backends.propolis.api import PropolisApi, Requested
from vmnb.backends.propolis.boot import halt
from vmnb.backends.propolis.states import STATES, InstanceState
from vmnb.core.errors import (
    BackendError,
    BackendUnavailableError,
    BusyError,
    DeadlineError,
    LinkLostError,
    SpecError,
    StateError,
    VmnbError,
)
from vmnb.core.state import VmState
from vmnb.testing.propolis import Cut, Delay, PropolisStandIn, Refuse, Rubbish, Schemas, Stall

from .conftest import QUICK_S, disk_spec

GET, PUT = ("GET", "/instance"), ("PUT", "/instance")
STATE, MONITOR = ("PUT", "/instance/state"), ("GET", "/instance/state-monitor")
JUNK = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>"


@pytest.fixture
def api(server: PropolisStandIn, runner: asyncio.Runner) -> Iterator[PropolisApi]:
    api = PropolisApi(server.url, answer_s=QUICK_S)
    yield api
    runner.run(api.aclose())


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Refuse(424, "NoInstance"), BackendError, "has no instance"),
        (Refuse(410, "NoInstance"), BackendError, "has no instance"),
        (Refuse(409, "AlreadyInitialized"), BackendError, "has an instance already"),
        (Refuse(403, "Instance is preparing to stop"), StateError, "preparing to stop"),
        (Refuse(400, None, "unknown field `x`"), SpecError, "unknown field `x`"),
        (
            Refuse(400, None, "server does not support this API version"),
            BackendUnavailableError,
            "another version",
        ),
        (Refuse(500, "Internal", "no memory"), BackendError, "500.*: no memory"),
        (Rubbish(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"), BackendError, "502"),
        (Rubbish(b"what is this?\r\n\r\n"), LinkLostError, "answered no HTTP"),
        (Cut(), LinkLostError, "broke off.*may be done or not"),
        (Cut(done=True), LinkLostError, "broke off.*may be done or not"),
    ],
)
def test_each_refusal_of_an_instance_has_its_own_message(
    server: PropolisStandIn,
    api: PropolisApi,
    runner: asyncio.Runner,
    fault: Refuse,
    kind: type[VmnbError],
    words: str,
) -> None:
    server.fault(*PUT, fault)
    with pytest.raises(kind, match=f"(?s)make the instance.*{words}") as caught:
        runner.run(api.ensure(b"{}"))
    assert type(caught.value) is kind
    assert caught.value.hint
    assert server.requests.count(PUT) == 1, "an instance is never sent twice"


def test_a_server_that_initialises_is_asked_again_and_told_of_where_it_stays_so(
    server: PropolisStandIn, api: PropolisApi, runner: asyncio.Runner
) -> None:
    server.fault(*GET, *[Refuse(503)] * 3)
    assert runner.run(api.instance()) is None
    server.fault(*GET, *[Refuse(503)] * 4)
    with pytest.raises(BusyError, match="still initialising"):
        runner.run(api.instance())


def test_a_question_is_asked_again_where_the_link_breaks(
    server: PropolisStandIn, api: PropolisApi, runner: asyncio.Runner
) -> None:
    server.fault(*GET, Cut(), Cut(done=True), Rubbish(b"?"))
    assert runner.run(api.instance()) is None
    assert server.requests.count(GET) == 4


def test_a_silent_server_is_an_error_in_time(
    server: PropolisStandIn, api: PropolisApi, runner: asyncio.Runner
) -> None:
    server.fault(*GET, Stall())
    with pytest.raises(DeadlineError, match="does not answer"):
        runner.run(api.instance())
    server.fault(*STATE, Stall())
    with pytest.raises(LinkLostError, match="did not answer in time"):
        runner.run(api.request(Requested.STOP))
    server.fault(*MONITOR, Stall())
    with pytest.raises(DeadlineError, match="does not answer"):
        runner.run(api.latest())


def test_a_server_that_is_late_within_reason_is_waited_for(
    server: PropolisStandIn, api: PropolisApi, runner: asyncio.Runner
) -> None:
    server.fault(*GET, Delay(QUICK_S / 4))
    assert runner.run(api.instance()) is None


@pytest.mark.parametrize(
    "data",
    [
        JUNK,
        JUNK.replace(b"<html>", b'{"a":1'),
        JUNK.replace(b"6", b"2").replace(b"<html>", b"[]"),
        JUNK.replace(b"6", b"4").replace(b"<html>", b"null"),
        JUNK.replace(b"6", b"17").replace(b"<html>", b'{"instance":null}'),
    ],
)
def test_an_answer_that_makes_no_sense_is_an_error(
    server: PropolisStandIn, api: PropolisApi, runner: asyncio.Runner, data: bytes
) -> None:
    server.fault(*GET, Rubbish(data))
    with pytest.raises(BackendError, match="makes no sense"):
        runner.run(api.instance())
    server.fault(*MONITOR, Rubbish(data))
    with pytest.raises(BackendError, match="makes no sense"):
        runner.run(api.monitor(1))


def test_where_nobody_listens_it_is_said_at_once(runner: asyncio.Runner) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

        async def ask() -> None:
            api = PropolisApi(url)
            try:
                await api.instance()
            finally:
                await api.aclose()

        with pytest.raises(BackendUnavailableError, match="nobody listens at the server"):
            runner.run(ask())


@pytest.mark.parametrize(
    "url", ["", "web", "ftp://x", "http://", "http://a:0", "http://[", "http://a/b"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(SpecError, match="URL"):
        PropolisHypervisor(url)


def test_every_state_of_the_document_is_one_of_ours() -> None:
    document = Schemas()
    assert set(STATES) == set(InstanceState)
    assert all(not document.problems("InstanceState", state) for state in STATES)
    assert document.problems("InstanceState", "Paused")


@pytest.mark.parametrize("fault", [Stall(), Cut(), Cut(done=True), Rubbish(b"?"), Refuse(500)])
@pytest.mark.parametrize("request_of", [PUT, STATE, MONITOR])
def test_a_start_that_goes_wrong_leaves_a_known_state_and_a_free_server(
    server: PropolisStandIn,
    hypervisor: PropolisHypervisor,
    runner: asyncio.Runner,
    request_of: tuple[str, str],
    fault: Stall,
) -> None:
    """What harms nothing is done all the same; what fails leaves the VM as it was."""
    handle = runner.run(hypervisor.prepare(disk_spec()))
    server.fault(*request_of, fault)
    try:
        started = runner.run(asyncio.wait_for(hypervisor.start(handle), 60))
    except VmnbError:
        assert runner.run(hypervisor.state(handle)) is VmState.PREPARED
    else:
        assert runner.run(hypervisor.state(started)) is VmState.RUNNING
    started = (
        runner.run(hypervisor.start(handle)) if _is_off(hypervisor, handle, runner) else handle
    )
    runner.run(hypervisor.destroy(started))


def _is_off(hypervisor: PropolisHypervisor, handle: object, runner: asyncio.Runner) -> bool:
    return runner.run(hypervisor.state(handle)) is VmState.PREPARED  # type: ignore[arg-type]


def test_a_state_that_cannot_be_asked_is_not_guessed(
    server: PropolisStandIn, hypervisor: PropolisHypervisor, runner: asyncio.Runner
) -> None:
    handle = runner.run(hypervisor.prepare(disk_spec()))
    started = runner.run(hypervisor.start(handle))
    server.fault(*GET, Stall())
    with pytest.raises(DeadlineError):
        runner.run(hypervisor.state(started))
    assert runner.run(hypervisor.state(started)) is VmState.RUNNING
    runner.run(hypervisor.destroy(started))


def test_a_server_that_dies_takes_its_guest_with_it(
    server: PropolisStandIn, hypervisor: PropolisHypervisor, runner: asyncio.Runner
) -> None:
    started = runner.run(hypervisor.start(runner.run(hypervisor.prepare(disk_spec()))))
    server.die()
    assert runner.run(hypervisor.state(started)) is VmState.FAILED
    assert runner.run(hypervisor.stop(started))
    assert runner.run(hypervisor.state(started)) is VmState.STOPPED
    runner.run(hypervisor.destroy(started))
    assert runner.run(hypervisor.state(started)) is VmState.DESTROYED


def test_a_server_that_dies_in_the_middle_of_a_start_leaves_the_vm_as_it_was(
    server: PropolisStandIn, hypervisor: PropolisHypervisor, runner: asyncio.Runner
) -> None:
    handle = runner.run(hypervisor.prepare(disk_spec()))
    server.fault(*PUT, Delay(30))
    dying = threading.Timer(0.2, server.die)
    dying.start()
    with pytest.raises(BackendError):
        runner.run(hypervisor.start(handle))
    dying.join()
    assert runner.run(hypervisor.state(handle)) is VmState.PREPARED
    runner.run(hypervisor.destroy(handle))


def test_a_server_that_never_accepts_is_an_error_in_time(runner: asyncio.Runner) -> None:
    with _deaf() as url:

        async def ask() -> None:
            api = PropolisApi(url, answer_s=QUICK_S)
            try:
                await api.instance()
            finally:
                await api.aclose()

        with pytest.raises(DeadlineError):
            runner.run(ask())


def test_halting_where_there_is_nothing_is_done_at_once(
    api: PropolisApi, runner: asyncio.Runner
) -> None:
    runner.run(halt(api))


@contextmanager
def _deaf() -> Iterator[str]:
    """Give the URL of a socket in whose queue connections wait for ever."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
