"""The templates of this user, a row each."""

from datetime import datetime
from typing import NamedTuple

from vmnb.core.template import Template

__all__ = ["TemplateRow", "template_row"]


class TemplateRow(NamedTuple):
    """The facts of a template; see :data:`vmnb.notebook.templates.TEMPLATE_SCHEMA`."""

    name: str
    image: str
    vcpus: int
    memory_mib: int
    size_mib: float
    time: datetime
    used: datetime
    automatic: bool


def template_row(template: Template) -> TemplateRow:
    """Return the row of `template`."""
    return TemplateRow(
        name=template.name,
        image=template.image,
        vcpus=template.vcpus,
        memory_mib=template.memory_mib,
        size_mib=template.size_bytes / 2**20,
        time=template.time,
        used=template.used,
        automatic=template.is_automatic,
    )
