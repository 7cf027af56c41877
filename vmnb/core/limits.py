"""How much of a machine one user's VMs may take, all together."""

from dataclasses import dataclass, fields
from typing import Self

from vmnb.core.errors import LimitError

__all__ = ["Bound", "Demand", "Limits"]


@dataclass(frozen=True, slots=True, order=True)
class Bound:
    """A number that must not be passed, and the file that says so."""

    value: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What VMs take, whether they run or not.

    Parameters
    ----------
    disk_mib
        The disks as their guests see them, which is the most that their files can come to.
    """

    vms: int
    memory_mib: int
    disk_mib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that a user's VMs may take; where one is None, there is none."""

    vms: Bound | None = None
    memory_mib: Bound | None = None
    disk_mib: Bound | None = None

    def __bool__(self) -> bool:
        return self != Limits()

    def tightened(self, other: Self) -> Self:
        """Return the smaller of each two."""
        both = {each.name: (getattr(self, each.name), getattr(other, each.name)) for each in _ALL}
        return type(self)(
            **{name: min(filter(None, pair), default=None) for name, pair in both.items()}
        )

    def require(self, demand: Demand, name: str) -> None:
        """Raise LimitError where the VM `name` would bring the demand, with it, over a limit."""
        for each in _ALL:
            bound: Bound | None = getattr(self, each.name)
            wanted = getattr(demand, each.name)
            if bound is not None and wanted > bound.value:
                what = _IN_WORDS[each.name]
                raise LimitError(
                    f"cannot make {name!r}: with it you would have {what.format(wanted)}, and the "
                    f"limit is {bound.value:,}",
                    hint="destroy a VM that you do not need (vmnb.machines() lists them), or make "
                    f"this one smaller; the limit is set in {bound.source}",
                )


_ALL = fields(Limits)
_IN_WORDS = {
    "vms": "{:,} VMs",
    "memory_mib": "VMs with {:,} MiB of memory",
    "disk_mib": "disks of {:,} MiB",
}
