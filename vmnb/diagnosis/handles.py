"""The VMs that the store knows, without making a store where there is none."""

from vmnb.core.handle import VmHandle
from vmnb.core.store import Store

__all__ = ["known_handles"]


def known_handles() -> list[VmHandle]:
    """Return the handle of every VM that is not destroyed.

    Raises
    ------
    StoreError
        The store cannot be read.
    """
    store = Store()
    if not store.path.exists():  # a look must not make it
        return []
    return [record.handle for record in store.machines() if record.handle]
