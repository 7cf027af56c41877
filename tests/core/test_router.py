"""The router is itself a hypervisor, and sends each call where the handle says."""

import asyncio
from pathlib import Path

import pytest

from vmnb.backends.noop import NoopHypervisor
from vmnb.core.errors import BackendUnavailableError, CapabilityError
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import Capability, Hypervisor, UnixConsole, Watchable
from vmnb.core.router import RouterHypervisor
from vmnb.core.spec import VmSpec
from vmnb.core.state import VmState


class Other(NoopHypervisor):
    tag = "other"

    def capabilities(self, handle: VmHandle | None = None) -> frozenset[Capability]:
        del handle
        return frozenset({Capability.NETWORK_USER})


class OneConsole(NoopHypervisor):
    """Has one serial console, and was written before there could be more."""

    tag = "one"

    def console_endpoint(self, handle: VmHandle) -> UnixConsole:  # type: ignore[override]
        return UnixConsole(path=Path("console"))


class Eventless:
    """Has what any hypervisor has, and no events."""

    tag = "eventless"


def test_the_first_of_its_backends_prepares_and_each_serves_its_own() -> None:
    async def scenario() -> None:
        backends = [NoopHypervisor(), Other()]
        router: Hypervisor = RouterHypervisor(backends)
        mine = await router.prepare(VmSpec(name="a"))
        theirs = await RouterHypervisor(backends, preferred="other").prepare(VmSpec(name="b"))
        assert (mine.backend, theirs.backend) == ("noop", "other")
        assert await router.state(await router.start(theirs)) is VmState.RUNNING
        assert await router.state(mine) is VmState.PREPARED

    asyncio.run(scenario())


def test_capabilities_are_those_of_the_backend_that_would_do_it() -> None:
    router = RouterHypervisor([NoopHypervisor(), Other()])
    theirs = VmHandle(id="1", backend="other", spec=VmSpec(name="b"))
    assert router.capabilities() == NoopHypervisor().capabilities()
    assert router.capabilities(theirs) == {Capability.NETWORK_USER}


def test_the_platform_decides_where_nothing_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    for platform, tag in (("linux", "qemu"), ("sunos5", "propolis"), ("darwin", "noop")):
        monkeypatch.setattr("sys.platform", platform)
        assert RouterHypervisor().tag == tag


def test_a_handle_of_an_unknown_backend_is_a_clear_error() -> None:
    handle = VmHandle(id="1", backend="xen", spec=VmSpec(name="b"))
    with pytest.raises(BackendUnavailableError, match="'xen'"):
        RouterHypervisor().console_endpoint(handle)


def test_a_backend_that_knows_of_one_console_has_that_one_or_none() -> None:
    router = RouterHypervisor([NoopHypervisor(), OneConsole()])
    for tag, consoles in (("noop", ()), ("one", (UnixConsole(path=Path("console")),))):
        handle = VmHandle(id="1", backend=tag, spec=VmSpec(name="b"))
        assert router.console_endpoints(handle) == consoles


def test_watching_where_there_are_no_events_is_refused() -> None:
    router = RouterHypervisor([Eventless()])  # type: ignore[list-item]
    assert isinstance(router, Watchable)
    with pytest.raises(CapabilityError, match="tells no events"):
        router.watch(VmHandle(id="1", backend="eventless", spec=VmSpec(name="b")))
