"""The file that describes a network: its members and the rules of what passes between them.

It is all that is kept of a network. Whoever changes it replaces it whole, under a lock; the switch
only reads it.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Self

from vmnb.core.directory_lock import alone_in
from vmnb.core.errors import BackendError, StoreError
from vmnb.core.paths import private_dir
from vmnb.lan.zone import Member, Zone

__all__ = ["Register", "locked", "read_register", "write_register"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """A network as it shall be.

    Parameters
    ----------
    blocked
        Sets of VMs' ids between which nothing passes: the two of a pair, one VM and everybody, or,
        as the empty set, the whole network.
    delay_ms
        How long each frame is on its way from one VM to another.
    directory
        Where the switch's sockets are; None where there was no switch yet.
    """

    members: tuple[Member, ...] = ()
    blocked: frozenset[frozenset[str]] = frozenset()
    delay_ms: float = 0.0
    directory: Path | None = None

    def passes(self, one: str, other: str) -> bool:
        """Return whether frames pass between two VMs."""
        ends = {one, other}
        return not any(block <= ends for block in self.blocked)

    def member(self, vm_id: str) -> Member | None:
        """Return the member that is that VM."""
        return next((member for member in self.members if member.id == vm_id), None)

    def with_member(self, vm_id: str, host: str, port: Path, pidfile: Path, zone: Zone) -> Self:
        """Return it with that VM, which keeps its name and its address where it was a member.

        Raises
        ------
        BackendError
            All addresses are taken.
        """
        known = self.member(vm_id)
        others = tuple(member for member in self.members if member.id != vm_id)
        address = known.address if known else zone.free_address(others)
        if address is None:
            raise BackendError(
                f"all {len(others)} addresses of the network {zone.domain!r} are taken",
                hint="destroy VMs of it that are not needed, or use a second network",
            )
        host = known.host if known else _free_host(host, others)
        member = Member(id=vm_id, host=host, address=address, port=port, pidfile=pidfile)
        return replace(self, members=(*others, member))

    def without_member(self, vm_id: str) -> Self:
        """Return it without that VM and what was ruled of it."""
        return replace(
            self,
            members=tuple(member for member in self.members if member.id != vm_id),
            blocked=frozenset(block for block in self.blocked if vm_id not in block),
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values that :meth:`from_json` reads back."""
        return {
            "members": [
                {
                    "id": member.id,
                    "host": member.host,
                    "address": str(member.address),
                    "port": os.fspath(member.port),
                    "pidfile": os.fspath(member.pidfile),
                }
                for member in self.members
            ],
            "blocked": sorted(sorted(block) for block in self.blocked),
            "delay_ms": self.delay_ms,
            "directory": self.directory and os.fspath(self.directory),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the register that :meth:`to_json` wrote."""
        return cls(
            members=tuple(
                Member(
                    id=member["id"],
                    host=member["host"],
                    address=IPv4Address(member["address"]),
                    port=Path(member["port"]),
                    pidfile=Path(member["pidfile"]),
                )
                for member in values["members"]
            ),
            blocked=frozenset(frozenset(block) for block in values["blocked"]),
            delay_ms=float(values["delay_ms"]),
            directory=Path(values["directory"]) if values["directory"] else None,
        )


def read_register(path: Path) -> Register:
    """Return what the file says; an empty network where there is none.

    Raises
    ------
    StoreError
        It cannot be read, or makes no sense.
    """
    try:
        return Register.from_json(json.loads(path.read_text()))
    except FileNotFoundError:
        return Register()
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError(
            f"the network's file {path} cannot be read: {error}",
            hint="stop the VMs of that network and remove the file; it is made anew",
        ) from error


def write_register(path: Path, register: Register) -> None:
    """Replace the file; one that would say nothing is removed instead.

    Raises
    ------
    StoreError
        It cannot be written.
    """
    new = path.with_suffix(".new")
    try:
        if replace(register, directory=None) == Register():
            path.unlink(missing_ok=True)
            return
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(register.to_json(), file)
        new.replace(path)
    except OSError as error:
        raise StoreError(
            f"the network's file {path} cannot be written: {error.strerror}",
            hint="check that its directory is writable and its disk is not full",
        ) from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the only right to change the networks beside `path`, over all processes; may wait."""
    with alone_in(private_dir(path.parent)):
        yield


def _free_host(host: str, others: tuple[Member, ...]) -> str:
    """Return `host`, with a number where another member is called so."""
    taken = {member.host for member in others}
    numbered = (f"{host[:59]}-{number}" for number in range(2, len(taken) + 3))
    return host if host not in taken else next(name for name in numbered if name not in taken)
