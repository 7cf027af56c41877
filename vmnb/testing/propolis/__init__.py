"""A stand-in for ``propolis-server`` 5.0.0 on a real socket, for tests on any machine.

It is not a hypervisor: no bhyve, no disks and no network are behind it. What it is: the server's
HTTP API and serial WebSocket as its vendor describes them, with every request and every answer
held against the vendor's own OpenAPI document, and a guest whose serial port is a real shell on a
pseudo-terminal of this machine. What it cannot show is how bhyve, a boot ROM and real devices
behave, how long they take, and in which order a real server tears things down.
"""

from vmnb.testing.propolis.faults import Cut, Delay, Fault, Refuse, Rubbish, Stall
from vmnb.testing.propolis.schemas import Schemas
from vmnb.testing.propolis.stand_in import PropolisStandIn

__all__ = [
    "Cut",
    "Delay",
    "Fault",
    "PropolisStandIn",
    "Refuse",
    "Rubbish",
    "Schemas",
    "Stall",
]
