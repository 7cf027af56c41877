"""The one abstraction of a VM's life cycle, which every backend and the router implement."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Protocol, runtime_checkable

from vmnb.core.errors import CapabilityError
from vmnb.core.handle import VmHandle
from vmnb.core.network import Forward, NetworkMode
from vmnb.core.picture import Picture
from vmnb.core.spec import COLD_BOOT, VmSpec
from vmnb.core.state import Cause, VmState

__all__ = [
    "STOP_TIMEOUT_S",
    "BackendTag",
    "Capability",
    "Chord",
    "Closable",
    "ConsoleEndpoint",
    "Displaying",
    "Forwarding",
    "Hypervisor",
    "IpAddress",
    "ManyConsoles",
    "NoConsole",
    "UnixConsole",
    "VmEvent",
    "Watchable",
    "WebSocketConsole",
    "check_spec",
    "require_capability",
]

STOP_TIMEOUT_S = 30.0
"""Seconds that a guest is given to shut itself down."""

IpAddress = IPv4Address | IPv6Address


class BackendTag(StrEnum):
    """Tags of the backends that come with the package; any other text may tag another."""

    NOOP = "noop"
    QEMU = "qemu"
    PROPOLIS = "propolis"


class Capability(StrEnum):
    """What a backend can do beyond being there, known before it is asked."""

    CONSOLE = "console"
    SCREEN = "screen"
    SUSPEND = "suspend"
    GRACEFUL_STOP = "graceful-stop"
    GUEST_ADDRESS = "guest-address"
    GUEST_AGENT = "guest-agent"
    EVENTS = "events"
    CLOUD_INIT = "cloud-init"
    SSH = "ssh"
    UEFI = "uefi"
    FORWARDS = "forwards"
    METRICS = "metrics"
    BOOT_MARKS = "boot-marks"
    FORK = "fork"
    CHECKPOINT = "checkpoint"
    TEMPLATE = "template"
    NETWORK_USER = "network-user"
    NETWORK_PRIVATE = "network-private"
    NETWORK_TAP = "network-tap"
    NETWORK_VNIC = "network-vnic"
    NETWORK_NONE = "network-none"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnixConsole:
    """A serial console on a Unix socket, with its log of everything it ever said."""

    path: Path
    log: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketConsole:
    """A serial console on a WebSocket, as ``propolis-server`` has it.

    Parameters
    ----------
    headers
        What each request for it must carry.
    run
        Names the VM's run; in each the positions of what the console says begin anew.
    """

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoConsole:
    """No console: the backend has none."""


ConsoleEndpoint = UnixConsole | WebSocketConsole | NoConsole


Chord = tuple[str, ...]
"""Keys that are pressed together, by the names of QEMU's ``QKeyCode``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VmEvent:
    """Something that happened to a VM without being an action of ours.

    Parameters
    ----------
    key
        Names the event for good: the same event seen by two processes has the same key.
    action
        What happened in a word: ``power-off``, ``reboot``, ``ready``, ``panic``, ``exit``, ….
    state
        The VM's state after it.
    """

    key: str
    time: datetime
    action: str
    state: VmState
    cause: Cause
    detail: str = ""


@runtime_checkable
class Hypervisor(Protocol):
    """A VM's life cycle.

    Every coroutine may raise :class:`~vmnb.core.errors.BackendError`; one that fails or is
    cancelled leaves nothing half made. Whether an action is allowed is asked of
    :data:`~vmnb.core.state.TRANSITIONS`; a breach raises
    :class:`~vmnb.core.errors.StateError` and changes nothing.
    """

    @property
    def tag(self) -> str:
        """The tag that this hypervisor's handles carry."""
        ...

    def capabilities(self, handle: VmHandle | None = None) -> frozenset[Capability]:
        """Return what it can do: for `handle`, or for a VM that it would prepare."""
        ...

    async def prepare(self, spec: VmSpec) -> VmHandle:
        """Make everything the VM needs; afterwards it is ``prepared``.

        Raises
        ------
        SpecError, CapabilityError, ImageError
            The spec cannot be had here; nothing was made.
        """
        ...

    async def start(self, handle: VmHandle) -> VmHandle:
        """Boot it; afterwards it is ``running`` and the handle has its runtime facts."""
        ...

    async def stop(self, handle: VmHandle, timeout_s: float = STOP_TIMEOUT_S) -> VmHandle:
        """Shut it down, by force after `timeout_s` seconds; afterwards it is ``stopped``."""
        ...

    async def suspend(self, handle: VmHandle) -> VmHandle:
        """Pause its vCPUs; afterwards it is ``suspended``."""
        ...

    async def resume(self, handle: VmHandle) -> VmHandle:
        """Let its vCPUs run on; afterwards it is ``running``."""
        ...

    async def destroy(self, handle: VmHandle) -> None:
        """Stop it if it runs and remove every resource; a second call changes nothing."""
        ...

    async def state(self, handle: VmHandle) -> VmState:
        """Ask where it is; never a remembered value."""
        ...

    async def guest_ip(self, handle: VmHandle) -> IpAddress:
        """Return the guest's address.

        Raises
        ------
        CapabilityError
            It has no network, or this backend cannot know.
        DeadlineError
            The guest had no address in time.
        """
        ...

    def console_endpoint(self, handle: VmHandle) -> ConsoleEndpoint:
        """Return where the serial console is."""
        ...


@runtime_checkable
class Watchable(Protocol):
    """A hypervisor with :attr:`Capability.EVENTS`: it tells what happens to a VM by itself."""

    def watch(self, handle: VmHandle) -> AsyncIterator[VmEvent]:
        """Yield what has happened since the VM's last start, then what happens.

        It ends when the VM no longer runs, after the event that says why.
        """
        ...


@runtime_checkable
class Forwarding(Protocol):
    """A hypervisor with :attr:`Capability.FORWARDS`: ports of the host lead into its guests.

    Each call needs a VM that runs, and raises :class:`~vmnb.core.errors.StateError` otherwise.
    """

    async def forwards(self, handle: VmHandle) -> tuple[Forward, ...]:
        """Ask which ports lead into the guest now, each with its port of the host."""
        ...

    async def forward(self, handle: VmHandle, forward: Forward) -> Forward:
        """Open one more until the VM stops, and return it with its port of the host.

        Raises
        ------
        BackendError
            The port of the host cannot be had; nothing was changed.
        """
        ...

    async def unforward(self, handle: VmHandle, forward: Forward) -> None:
        """Close one; connections that stand go on.

        Raises
        ------
        BackendError
            There is none such.
        """
        ...


@runtime_checkable
class Displaying(Protocol):
    """A hypervisor with :attr:`Capability.SCREEN`: its guests have a screen and a keyboard.

    While a VM is live, the screen is to be had by RFB on the handle's ``vnc_socket``, too.
    """

    async def screenshot(self, handle: VmHandle) -> Picture:
        """Return what the screen shows now.

        Raises
        ------
        StateError
            The VM is not live.
        """
        ...

    async def press(self, handle: VmHandle, chords: Sequence[Chord]) -> None:
        """Press the keys of each chord together, one chord after the other, and release them.

        It takes as long as the guest's keyboard needs to lose none of them.

        Raises
        ------
        StateError
            The VM does not run.
        """
        ...


@runtime_checkable
class ManyConsoles(Protocol):
    """A hypervisor whose VMs may have more than one serial console."""

    def console_endpoints(self, handle: VmHandle) -> tuple[ConsoleEndpoint, ...]:
        """Return where each is, the one of :meth:`Hypervisor.console_endpoint` first."""
        ...


@runtime_checkable
class Closable(Protocol):
    """A hypervisor that holds something of this process: connections, tasks."""

    async def aclose(self) -> None:
        """Let go of every VM; those that run go on running."""
        ...


_NETWORKS = {
    NetworkMode.USER: Capability.NETWORK_USER,
    NetworkMode.PRIVATE: Capability.NETWORK_PRIVATE,
    NetworkMode.TAP: Capability.NETWORK_TAP,
    NetworkMode.VNIC: Capability.NETWORK_VNIC,
    NetworkMode.NONE: Capability.NETWORK_NONE,
}


def check_spec(hypervisor: Hypervisor, spec: VmSpec) -> None:
    """Raise CapabilityError where `spec` asks for what `hypervisor` cannot do."""
    asked = {
        _NETWORKS[spec.network.mode]: True,
        Capability.CLOUD_INIT: spec.cloud_init is not None,
        Capability.SSH: spec.ssh is not None,
        Capability.UEFI: spec.uefi,
        Capability.FORWARDS: bool(spec.network.forwards),
        Capability.TEMPLATE: spec.boot not in (None, COLD_BOOT),
    }
    for capability in (c for c, wanted in asked.items() if wanted):
        require_capability(hypervisor, capability)


def require_capability(
    hypervisor: Hypervisor, capability: Capability, handle: VmHandle | None = None
) -> None:
    """Raise CapabilityError where `hypervisor` lacks `capability`."""
    have = hypervisor.capabilities(handle)
    if capability not in have:
        tag = handle.backend if handle else hypervisor.tag
        raise CapabilityError(
            f"the {tag} backend cannot do {capability}",
            hint=f"it can do: {', '.join(sorted(have)) or 'nothing beyond the life cycle'}",
        )
