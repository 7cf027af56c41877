"""A stand-in for illumos' commands, for tests on any machine.

It is not illumos: there are no zones, volumes or VNICs. What it is: programs of those names on a
``PATH``, run as real processes, which keep a list of what they were told to make, refuse what the
real ones refuse in the order of things, print in their formats, and write down each command line.
A zone that is booted has a stand-in of ``propolis-server`` where its service's manifest says.
"""

from vmnb.testing.illumos.stand_in import IllumosStandIn

__all__ = ["IllumosStandIn"]
