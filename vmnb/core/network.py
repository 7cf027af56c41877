"""How a VM reaches the network."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from vmnb.core.checks import require_match
from vmnb.core.errors import SpecError

__all__ = ["Forward", "NetworkConfig", "NetworkMode", "Protocol"]

_HINT = 'NetworkConfig.user(), .private("lab"), .tap("br0"), .vnic("net0") or .none()'
_PORTS = range(1, 65536)
_INTERFACE = r"[A-Za-z][A-Za-z0-9_.-]{0,14}"


class NetworkMode(StrEnum):
    """How a VM reaches the network."""

    USER = "user"
    """Behind QEMU's own NAT; needs no privileges."""
    PRIVATE = "private"
    """As ``user``, and with a second card on a network that VMs share; needs no privileges."""
    TAP = "tap"
    """A tap interface on a bridge of the host."""
    VNIC = "vnic"
    """A virtual NIC of illumos."""
    NONE = "none"


class Protocol(StrEnum):
    """What a forwarded port carries."""

    TCP = "tcp"
    UDP = "udp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """A port of the host, on 127.0.0.1 alone, that leads to a port of the guest.

    Parameters
    ----------
    guest_port
        1 to 65535.
    host_port
        1 to 65535; chosen by the system at each start where it is None.

    Raises
    ------
    SpecError
        A port is no port, or there is no such protocol.
    """

    guest_port: int
    host_port: int | None = None
    protocol: Protocol = Protocol.TCP

    def __post_init__(self) -> None:
        _require_port(self.guest_port)
        if self.host_port is not None:
            _require_port(self.host_port)
        if self.protocol not in set(Protocol):
            raise SpecError(f"{self.protocol!r} is not a protocol", hint='"tcp" or "udp"')
        object.__setattr__(self, "protocol", Protocol(self.protocol))


Forwards = Mapping[int, int] | Iterable[int | Forward]
"""Host ports with their guest ports, or guest ports alone, or forwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """A VM's network: :meth:`user`, :meth:`private`, :meth:`tap`, :meth:`vnic` or :meth:`none`.

    Parameters
    ----------
    network
        The name of the private network.
    forwards
        Ports of the host that lead into the guest; for ``user`` and ``private`` alone.
    restrict
        Whether the guest is kept from reaching out; for ``user`` and ``private`` alone.

    Raises
    ------
    SpecError
        The mode lacks what it needs or has what it does not take, a name fits no network, or two
        forwards want the same port of the host.
    """

    mode: NetworkMode = NetworkMode.USER
    bridge: str | None = None
    vnic_name: str | None = None
    network: str | None = None
    forwards: tuple[Forward, ...] = ()
    restrict: bool = False

    def __post_init__(self) -> None:
        if self.mode not in set(NetworkMode):
            raise SpecError(f"{self.mode!r} is not a network", hint=_HINT)
        object.__setattr__(self, "mode", NetworkMode(self.mode))
        object.__setattr__(self, "forwards", tuple(self.forwards))
        self._require_name()
        self._require_forwards()
        if not isinstance(self.restrict, bool):
            raise SpecError(f"restrict is {self.restrict!r}", hint="restrict is True or False")

    @property
    def has_user_card(self) -> bool:
        """Whether a card of the VM is behind QEMU's own NAT, where ports can be forwarded."""
        return self.mode in (NetworkMode.USER, NetworkMode.PRIVATE)

    @classmethod
    def user(cls, forward: Forwards = (), *, restrict: bool = False) -> Self:
        """Return the network behind NAT that needs no privileges: the default.

        Parameters
        ----------
        forward
            ``{8080: 80}`` leads from port 8080 of the host to port 80 of the guest; for ``[80]``
            the system chooses the host's port.
        restrict
            Whether the guest is kept from reaching out.
        """
        return cls(forwards=_forwards(forward), restrict=restrict)

    @classmethod
    def private(cls, name: str, forward: Forwards = (), *, restrict: bool = False) -> Self:
        """Return a card behind NAT as in :meth:`user`, and one on the private network `name`."""
        return cls(
            mode=NetworkMode.PRIVATE, network=name, forwards=_forwards(forward), restrict=restrict
        )

    @classmethod
    def tap(cls, bridge: str) -> Self:
        """Return a tap interface that joins `bridge`."""
        return cls(mode=NetworkMode.TAP, bridge=bridge)

    @classmethod
    def vnic(cls, name: str) -> Self:
        """Return a VNIC over the link `name` of this illumos, or `name` itself of a server's."""
        return cls(mode=NetworkMode.VNIC, vnic_name=name)

    @classmethod
    def none(cls) -> Self:
        """Return no network at all."""
        return cls(mode=NetworkMode.NONE)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the network whose ``asdict`` was written as JSON."""
        forwards = tuple(Forward(**forward) for forward in values.get("forwards", ()))
        return cls(**{**values, "forwards": forwards})

    def _require_name(self) -> None:
        wanted = {
            NetworkMode.TAP: "bridge",
            NetworkMode.VNIC: "vnic_name",
            NetworkMode.PRIVATE: "network",
        }.get(self.mode)
        for attribute in ("bridge", "vnic_name", "network"):
            value = getattr(self, attribute)
            if (attribute == wanted) != (value is not None):
                raise SpecError(
                    f"network {self.mode} {'needs' if attribute == wanted else 'takes no'} "
                    f"{attribute}",
                    hint=_HINT,
                )
            if value is not None:
                require_match(
                    value,
                    _INTERFACE,
                    "the name of a network",
                    hint="up to 15 letters, digits, '_', '.', '-', and a letter first",
                )

    def _require_forwards(self) -> None:
        if not all(isinstance(forward, Forward) for forward in self.forwards):
            raise SpecError(f"forwards is {self.forwards!r:.200}", hint=_FORWARD_HINT)
        if not self.has_user_card and (self.forwards or self.restrict):
            raise SpecError(
                f"network {self.mode} takes neither forwards nor restrict",
                hint="only a card behind NAT has them: NetworkConfig.user(forward={8080: 80})",
            )
        wanted = [(f.protocol, f.host_port) for f in self.forwards if f.host_port is not None]
        twice = next((port for port in wanted if wanted.count(port) > 1), None)
        if twice is not None:
            raise SpecError(
                f"two forwards want {twice[0]} port {twice[1]} of the host",
                hint="give each a port of its own, or none, and the system chooses",
            )


_FORWARD_HINT = "forward={8080: 80} leads from the host's port 8080 to the guest's port 80"


def _require_port(port: int) -> None:
    if isinstance(port, bool) or not isinstance(port, int) or port not in _PORTS:
        raise SpecError(f"{port!r} is not a port", hint=f"1 to 65535; {_FORWARD_HINT}")


def _forwards(forward: Forwards) -> tuple[Forward, ...]:
    if isinstance(forward, Mapping):
        pairs = forward.items()
        return tuple(Forward(guest_port=guest, host_port=host) for host, guest in pairs)
    if isinstance(forward, str | bytes) or not isinstance(forward, Iterable):
        raise SpecError(f"forward is {forward!r:.200}", hint=_FORWARD_HINT)
    return tuple(f if isinstance(f, Forward) else Forward(guest_port=f) for f in forward)
