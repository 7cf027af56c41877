"""What nobody needs any more, in a notebook: ``vmnb.prune()`` shows it, and can remove it."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from vmnb.core import runtime
from vmnb.core.pruning import find_remnants, remove_remnants
from vmnb.core.remnant import Remnant
from vmnb.notebook.card.html import html_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PRUNE_SCHEMA", "PrunePlan", "prune"]

PRUNE_SCHEMA: Mapping[str, str] = {
    "kind": "object",
    "what": "object",
    "size_mib": "float64",
    "why": "object",
}
"""Columns of :attr:`PrunePlan.table` and their types; the same where there is nothing."""


class PrunePlan:
    """What can be removed; in a cell, a table. Nothing is, until :meth:`apply`.

    Parameters
    ----------
    found
        What was found.
    with_images
        Whether images were looked at, too.
    """

    def __init__(self, found: Sequence[Remnant], *, with_images: bool) -> None:
        self._found = tuple(found)
        self._with_images = with_images

    def __len__(self) -> int:
        return len(self._found)

    @property
    def table(self) -> "pd.DataFrame":
        """A row for each that can be removed."""
        return _table(self._found)

    def apply(self) -> "pd.DataFrame":
        """Remove it, but for what somebody needs by now; return what was removed.

        Raises
        ------
        StoreError
            The store cannot be read; nothing was removed.
        BackendError
            Some cannot be removed; all others are.
        """
        return _table(runtime.run(self._remove()))

    async def _remove(self) -> list[Remnant]:
        return await remove_remnants(runtime.session(), self._found, with_images=self._with_images)

    def __repr__(self) -> str:
        if not self._found:
            return "there is nothing to remove"
        return self.table.to_string(index=False)

    def _repr_html_(self) -> str:
        if not self._found:
            return "<p>There is nothing to remove.</p>"
        heads = ("kind", "what", "MiB", "why")
        return html_table(heads, (map(escape, _texts(each)) for each in self._found))


def prune(*, images: bool = False) -> PrunePlan:
    """Find what is left of VMs that are gone, and what of the cache nobody uses; remove nothing.

    That is: files, processes, sockets, locks and memberships of VMs that the store does not know;
    downloads that broke off a day ago or longer; what a killed process began to make in the cache;
    and templates that were made by themselves and from which no VM began for 30 days. What another
    process may be in the middle of making is left alone.

    Parameters
    ----------
    images
        Whether to look at images, too: those that no name leads to, on which no VM of this data
        home stands. VMs of another, which ``VMNB_HOME`` names, may stand on them.

    Raises
    ------
    StoreError
        The store cannot be read.
    """
    found = runtime.run(find_remnants(runtime.session(), with_images=images))
    return PrunePlan(found, with_images=images)


def _texts(each: Remnant) -> tuple[str, ...]:
    return str(each.kind), each.what, f"{each.size_bytes / 2**20:.1f}", each.why


def _table(found: Sequence[Remnant]) -> "pd.DataFrame":
    from vmnb.notebook.tables.table import table  # pandas is imported where it is needed

    rows = [(str(each.kind), each.what, each.size_bytes / 2**20, each.why) for each in found]
    return table(rows, PRUNE_SCHEMA)
