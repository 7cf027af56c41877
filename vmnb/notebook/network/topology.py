"""A private network as it is seen: plain facts, and the words for them."""

from collections.abc import Iterator
from dataclasses import dataclass

from vmnb.core.machine import Machine
from vmnb.core.state import VmState
from vmnb.lan import Register, Zone, card_mac

__all__ = ["Station", "Topology", "plain_text", "rules", "topology_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A VM on a network.

    Parameters
    ----------
    host, address
        What it is called there, and its address; empty before its first start.
    blocked
        Whether it is cut off from all others.
    """

    name: str
    state: VmState
    mac: str
    host: str
    address: str
    blocked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """A network with all that is on it.

    Parameters
    ----------
    blocked
        Whether nothing passes at all.
    pairs
        Names of VMs between which nothing passes.
    """

    name: str
    zone: Zone
    delay_ms: float = 0.0
    blocked: bool = False
    pairs: tuple[tuple[str, str], ...] = ()
    stations: tuple[Station, ...] = ()


def topology_of(name: str, machines: list[Machine], register: Register) -> Topology:
    """Return what is known of the network `name`, without asking anybody."""
    names = {machine.handle.id: machine.name for machine in machines}
    blocks = [sorted(names[vm_id] for vm_id in b if vm_id in names) for b in register.blocked]
    return Topology(
        name=name,
        zone=Zone.of(name),
        delay_ms=register.delay_ms,
        blocked=frozenset() in register.blocked,
        pairs=tuple(sorted((block[0], block[1]) for block in blocks if len(block) == 2)),
        stations=tuple(_station(machine, register) for machine in machines),
    )


def plain_text(topology: Topology) -> str:
    """Return a line that is the same at every run."""
    stations = ", ".join(f"{each.name} {each.state}" for each in topology.stations)
    said = "; ".join([stations or "no VM yet", *rules(topology)])
    return f"<Network {topology.name!r}: {said}>"


def rules(topology: Topology) -> Iterator[str]:
    """Yield what holds frames back, in words."""
    if topology.delay_ms:
        yield f"each frame takes {topology.delay_ms:g} ms"
    if topology.blocked:
        yield "all blocked"
    for station in topology.stations:
        if station.blocked:
            yield f"{station.name} blocked"
    for one, other in topology.pairs:
        yield f"{one} and {other} blocked from each other"


def _station(machine: Machine, register: Register) -> Station:
    vm_id = machine.handle.id
    member = register.member(vm_id)
    return Station(
        name=machine.name,
        state=machine.last_state,
        mac=card_mac(vm_id),
        host=member.host if member else "",
        address=str(member.address) if member else "",
        blocked=frozenset({vm_id}) in register.blocked,
    )
