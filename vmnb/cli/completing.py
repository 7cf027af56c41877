"""What a shell may complete an argument with; nothing where that cannot be found out."""

from contextlib import suppress
from pathlib import Path

from vmnb.core.errors import VmnbError
from vmnb.core.store import Store
from vmnb.lab import lab_above, read_plan

__all__ = [
    "available_images",
    "image_names",
    "member_names",
    "template_names",
    "vm_names",
]


def vm_names(**_: object) -> list[str]:
    """Return the names of the VMs, and what the lab of the working directory calls its own."""
    names: list[str] = []
    with suppress(VmnbError):
        store = Store()
        if store.path.exists():  # a look must not make it
            names += [record.name for record in store.machines() if record.handle]
    return [*names, *member_names()]


def member_names(**_: object) -> list[str]:
    """Return what the lab of the working directory calls its VMs."""
    with suppress(VmnbError):
        if path := lab_above(Path.cwd()):
            return list(read_plan(path).members)
    return []


def image_names(**_: object) -> list[str]:
    """Return the images in the cache."""
    from vmnb.images.library import Library

    return [image.name for image in Library().all()]


def available_images(**_: object) -> list[str]:
    """Return the images that can be pulled by name."""
    from vmnb.images.catalogue import catalogue

    with suppress(VmnbError):
        return list(catalogue())
    return []


def template_names(**_: object) -> list[str]:
    """Return the templates."""
    from vmnb.core import runtime

    with suppress(VmnbError):
        return [each.name for each in runtime.run(runtime.session().router.templates())]
    return []
