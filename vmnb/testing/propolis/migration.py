"""An instance that goes from one stand-in to another, with its guest as it runs."""

from vmnb.testing.propolis.guest import Guest
from vmnb.testing.propolis.instance import Instance
from vmnb.testing.propolis.service import Service

__all__ = ["arrive", "depart", "leave"]

_ID = "4f1a9d34-9f0e-4d0e-8a53-6b1f3a2c9e11"


async def depart(source: Instance) -> Guest:
    """Let the guest go; on the source's loop."""
    source.change("Migrating", migration_out={"id": _ID, "state": "Pause"})
    return await source.release()


async def arrive(service: Service, source: Instance, guest: Guest, step_s: float) -> None:
    """Let it go on here, where all that it has said is known; on the target's loop."""
    service.instance = target = Instance(source.properties, source.spec, step_s)
    target.history = source.history
    target.change("Migrating", migration_in={"id": _ID, "state": "Sync"})
    target.follow(guest)
    target.change("Running", migration_in={"id": _ID, "state": "Finish"})


async def leave(source: Instance, destination: str) -> None:
    """Tell the serial port's clients where it is now, and be gone; on the source's loop."""
    news = f'{{"Migrating": {{"destination": "{destination}", "from_start": %d}}}}'
    for client in tuple(source.clients):
        await client.send(news % source.history.total)
        client.end(1000, "")
    source.clients.clear()
    source.change("Destroyed", migration_out={"id": _ID, "state": "Finish"})
