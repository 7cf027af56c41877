"""What networks have left behind: members that are no VMs any more, and places of switches."""

import asyncio
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import partial

from vmnb.core.errors import StoreError
from vmnb.core.lock import is_held
from vmnb.core.paths import socket_homes
from vmnb.core.remnant import Kind, Remnant, disk_usage_bytes, is_at_rest
from vmnb.lan.files import Rendezvous, register_path
from vmnb.lan.membership import leave
from vmnb.lan.register import read_register

__all__ = ["stray_members", "stray_switches"]


def stray_members(known: Collection[str]) -> Iterator[Remnant]:
    """Yield each member of a network of this data home that is none of the VMs `known`.

    With the last member of a network its switch ends.
    """
    for path in sorted(register_path("*").parent.glob("*.json")):
        if not is_at_rest(path):
            continue
        with suppress(StoreError):  # whoever uses that network is told
            for member in read_register(path).members:
                if member.id not in known:
                    yield Remnant(
                        kind=Kind.NETWORK,
                        what=f"{member.host} ({member.id}) in {path.stem!r}",
                        size_bytes=0,
                        why="a VM that is not in the store",
                        remove=partial(asyncio.to_thread, leave, path.stem, member.id),
                    )


def stray_switches() -> Iterator[Remnant]:
    """Yield the socket directories of switches that were killed."""
    for home in dict.fromkeys(socket_homes()):
        for directory in sorted(home.glob("net-*")):
            if is_at_rest(directory) and not is_held(Rendezvous(directory).lock):
                yield Remnant(
                    kind=Kind.SOCKETS,
                    what=str(directory),
                    size_bytes=disk_usage_bytes(directory),
                    why="no switch is there any more",
                    remove=partial(asyncio.to_thread, shutil.rmtree, directory),
                )
