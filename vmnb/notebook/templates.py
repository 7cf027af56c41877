"""The templates of this user: ``vmnb.templates.list()``, and how to be rid of one.

A VM begins from a template at its first start; see ``boot`` of :class:`vmnb.VM`, and
:meth:`vmnb.VM.template`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vmnb.core import runtime
from vmnb.core.template import Template
from vmnb.notebook.tables.template_rows import template_row

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TEMPLATE_SCHEMA", "aio", "list", "remove"]

TEMPLATE_SCHEMA: Mapping[str, str] = {
    "name": "object",
    "image": "object",
    "vcpus": "int64",
    "memory_mib": "int64",
    "size_mib": "float64",
    "time": "datetime64[us, UTC]",
    "used": "datetime64[us, UTC]",
    "automatic": "bool",
}
"""Columns of :func:`list` and their types; the same where there are none."""


class AsyncTemplates:
    """The same functions, to be awaited."""

    async def list(self) -> tuple[Template, ...]:
        """Return the templates, oldest first."""
        return await runtime.awaited(runtime.session().router.templates())

    async def remove(self, name: str) -> None:
        """See :func:`vmnb.templates.remove`."""
        await runtime.awaited(runtime.session().router.remove_template(name))


aio = AsyncTemplates()
"""The same functions, to be awaited."""


def list() -> "pd.DataFrame":  # noqa: A001 - as vmnb.templates.list it takes nothing's place
    """Return the templates, one in each row, oldest first.

    Columns are those of :data:`TEMPLATE_SCHEMA`: what VMs they are for, what they take on the disk,
    when each was made and last used, and whether that was by itself.

    Raises
    ------
    CapabilityError
        The backend that makes VMs here keeps none.
    """
    from vmnb.notebook.tables.table import table  # pandas is imported where it is needed

    templates = runtime.run(runtime.session().router.templates())
    return table([template_row(each) for each in templates], TEMPLATE_SCHEMA)


def remove(name: str) -> None:
    """Remove a template; VMs that began from it keep what they have.

    Raises
    ------
    TemplateError
        There is none of that name.
    CapabilityError
        The backend that makes VMs here keeps none.
    """
    runtime.run(runtime.session().router.remove_template(name))
