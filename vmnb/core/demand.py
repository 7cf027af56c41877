"""What all VMs of a store take of their machine."""

import sqlite3

from vmnb.core.handle import IMAGE_DISK_MIB
from vmnb.core.limits import Demand

__all__ = ["demand"]


def demand(db: sqlite3.Connection) -> Demand:
    """Return it; a disk as large as its image counts when the image is known."""
    of_image = f"CAST(json_extract(handle, '$.extra.{IMAGE_DISK_MIB}') AS INTEGER)"
    vms, memory_mib, disk_mib = db.execute(
        "SELECT count(*), sum(json_extract(spec, '$.memory_mib')),"  # noqa: S608
        f" sum(coalesce(json_extract(spec, '$.disk_mib'), {of_image}, 0))"
        " FROM machines WHERE destroyed IS NULL"
    ).fetchone()
    return Demand(vms=vms, memory_mib=memory_mib, disk_mib=disk_mib)
