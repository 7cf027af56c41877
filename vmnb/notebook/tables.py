"""Tables of VMs, of their history and of images, as DataFrames with a declared schema."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from vmnb.core import runtime
from vmnb.core.history import HistoryRow
from vmnb.core.network import Forward
from vmnb.images.catalogue import CatalogueEntry
from vmnb.images.library import LibraryImage
from vmnb.notebook.lab_rows import LabRow
from vmnb.notebook.machine_rows import machine_rows
from vmnb.notebook.topology import Topology

__all__ = [
    "AVAILABLE_SCHEMA",
    "FORWARD_SCHEMA",
    "HISTORY_SCHEMA",
    "IMAGE_SCHEMA",
    "LAB_SCHEMA",
    "MACHINES_SCHEMA",
    "MEMBER_SCHEMA",
    "available_table",
    "forward_table",
    "history_table",
    "image_table",
    "lab_table",
    "machines",
    "member_table",
]

_MIB = 1 << 20

HISTORY_SCHEMA: Mapping[str, str] = {
    "time": "datetime64[us, UTC]",
    "from": "object",
    "to": "object",
    "action": "object",
    "duration_s": "float64",
    "cause": "object",
    "detail": "object",
}
"""Columns of a history and their types; the same where it is empty."""

MACHINES_SCHEMA: Mapping[str, str] = {
    "name": "object",
    "state": "object",
    "backend": "object",
    "accelerator": "object",
    "image": "object",
    "vcpus": "int64",
    "memory_mib": "int64",
}
"""Columns of :func:`machines` and their types; the same where there is no VM."""

FORWARD_SCHEMA: Mapping[str, str] = {
    "protocol": "object",
    "host": "object",
    "host_port": "int64",
    "guest_port": "int64",
}
"""Columns of :attr:`vmnb.VM.forwards` and their types; the same where there is none."""

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


IMAGE_SCHEMA: Mapping[str, str] = {
    "name": "object",
    "format": "object",
    "disk_mib": "float64",
    "file_mib": "float64",
    "added": "datetime64[us, UTC]",
    "checked": "object",
    "source": "object",
    "sha256": "object",
}
"""Columns of :func:`vmnb.images.list` and their types; the same where there is none.

``disk_mib`` is the size that a guest sees, ``file_mib`` what the file has; ``checked`` is what it
was held against when it came: ``published``, ``given``, ``registry``, or nothing.
"""

AVAILABLE_SCHEMA: Mapping[str, str] = {
    "name": "object",
    "title": "object",
    "architecture": "object",
    "login": "object",
    "cloud_init": "bool",
    "uefi": "bool",
    "guest_agent": "bool",
    "url": "object",
}
"""Columns of :func:`vmnb.images.available` and their types."""
LAB_SCHEMA: Mapping[str, str] = {
    "vm": "object",
    "name": "object",
    "state": "object",
    "backend": "object",
    "address": "object",
    "forwards": "object",
    "needs": "object",
}
"""Columns of :meth:`vmnb.Lab.status` and their types."""


def history_table(rows: Iterable[HistoryRow]) -> pd.DataFrame:
    """Return `rows` as a DataFrame with the columns of :data:`HISTORY_SCHEMA`."""
    values: list[tuple[object, ...]] = [
        (
            row.time,
            str(row.from_state) if row.from_state else "",
            str(row.to_state),
            str(row.action),
            row.duration_s,
            str(row.cause),
            row.detail,
        )
        for row in rows
    ]
    return _table(values, HISTORY_SCHEMA)


def forward_table(forwards: Iterable[Forward]) -> pd.DataFrame:
    """Return `forwards` as a DataFrame with the columns of :data:`FORWARD_SCHEMA`."""
    values: list[tuple[object, ...]] = [
        (str(forward.protocol), "127.0.0.1", forward.host_port, forward.guest_port)
        for forward in forwards
    ]
    return _table(values, FORWARD_SCHEMA)


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
    return _table(values, MEMBER_SCHEMA)


def image_table(images: Iterable[LibraryImage]) -> pd.DataFrame:
    """Return `images` as a DataFrame with the columns of :data:`IMAGE_SCHEMA`."""
    values: list[tuple[object, ...]] = [
        (
            image.name,
            image.format,
            image.disk_size_bytes / _MIB,
            image.file_size_bytes / _MIB,
            image.added,
            image.origin.checked,
            image.origin.source,
            image.sha256,
        )
        for image in images
    ]
    return _table(values, IMAGE_SCHEMA)


def available_table(entries: Iterable[CatalogueEntry]) -> pd.DataFrame:
    """Return `entries` as a DataFrame with the columns of :data:`AVAILABLE_SCHEMA`."""
    values: list[tuple[object, ...]] = [
        tuple(getattr(entry, column) for column in AVAILABLE_SCHEMA) for entry in entries
    ]
    return _table(values, AVAILABLE_SCHEMA)


def lab_table(rows: Iterable[LabRow]) -> pd.DataFrame:
    """Return `rows` as a DataFrame with the columns of :data:`LAB_SCHEMA`."""
    values: list[tuple[object, ...]] = [row.texts() for row in rows]
    return _table(values, LAB_SCHEMA)


def machines() -> pd.DataFrame:
    """Return every VM of this user that is not destroyed, oldest first.

    Returns
    -------
    DataFrame
        With the columns of :data:`MACHINES_SCHEMA`. ``state`` is asked of each VM now; it is
        ``unknown`` where the VM did not answer.
    """
    return _table(runtime.run(machine_rows()), MACHINES_SCHEMA)


def _table(values: Sequence[tuple[object, ...]], schema: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame(values, columns=list(schema)).astype(dict(schema))
