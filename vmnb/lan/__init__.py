"""Private networks: VMs among themselves, with addresses and names, and no privileges needed.

Each network has a switch, a small process of this user that takes the frames of all members on a
Unix socket and sends them on to other members' sockets. It outlives the process that started it, as
the VMs do, and ends of itself when no member runs. All that it goes by is in the network's file; so
one that was killed can be replaced by anybody, and nothing but the frames in between is lost.
"""

from vmnb.lan.membership import change, join, leave, look, moved_bytes
from vmnb.lan.register import Register
from vmnb.lan.strays import stray_members, stray_switches
from vmnb.lan.zone import Member, Zone, card_mac

__all__ = [
    "Member",
    "Register",
    "Zone",
    "card_mac",
    "change",
    "join",
    "leave",
    "look",
    "moved_bytes",
    "stray_members",
    "stray_switches",
]
