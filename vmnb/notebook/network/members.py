"""The VMs of a private network as a DataFrame."""

from collections.abc import Mapping

import pandas as pd

from vmnb.notebook.network.topology import Topology
from vmnb.notebook.tables.table import table

__all__ = [
    "MEMBER_SCHEMA",
    "member_table",
]

MEMBER_SCHEMA: Mapping[str, str] = {
    "name": "object",
    "state": "object",
    "host": "object",
    "address": "object",
    "mac": "object",
    "blocked": "bool",
}
"""Columns of :attr:`vmnb.Network.members` and their types; the same where there is none.

``host`` is what the VM is called on the network; ``blocked``, whether it is cut off from all.
"""


def member_table(topology: Topology) -> pd.DataFrame:
    """Return the VMs of a network as a DataFrame with the columns of :data:`MEMBER_SCHEMA`."""
    values: list[tuple[object, ...]] = [
        (
            station.name,
            str(station.state),
            station.host,
            station.address,
            station.mac,
            station.blocked or topology.blocked,
        )
        for station in topology.stations
    ]
    return table(values, MEMBER_SCHEMA)
