"""Guests that were saved once, ready, and from which others begin."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from vmnb.core.handle import VmHandle

__all__ = ["RESTORED_FROM", "UNTOUCHED", "Template", "Templating"]

RESTORED_FROM = "restored_from"
"""In the extra facts of a handle: the template from which the VM runs, until it boots."""

UNTOUCHED = "untouched"
"""In the extra facts of a handle: its guest boots for the first time, and is the first of its spec.

Until somebody has been in it, it can become the template of the others.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A guest at one instant, with memory, devices and disk, in the cache.

    Parameters
    ----------
    image, vcpus, memory_mib
        Of the VM that it was made of.
    size_bytes
        What it takes on the disk of the host.
    time, used
        When it was made, and when a VM last began from it.
    is_automatic
        Whether it was made by itself, and is used by itself, for VMs of the same spec.
    """

    name: str
    image: str
    vcpus: int
    memory_mib: int
    size_bytes: int
    time: datetime
    used: datetime
    is_automatic: bool


@runtime_checkable
class Templating(Protocol):
    """A hypervisor with :attr:`~vmnb.core.hypervisor.Capability.TEMPLATE`.

    A VM begins from a template at its first start, where its spec says so.
    """

    async def template(self, handle: VmHandle, name: str | None) -> Template:
        """Save the guest as a template; it goes on.

        Parameters
        ----------
        name
            None for the one of its spec, which an untouched guest alone can become.

        Raises
        ------
        TemplateError
            There is one of that name; or the guest is not untouched any more.
        CloneError
            Those that begin from it could not be made machines of their own.
        StateError
            The VM is not live.
        BackendError
            There is no room, or it cannot be saved; the guest goes on and nothing is left.
        """
        ...

    async def touch(self, handle: VmHandle) -> None:
        """Take note, before, that something is done to the guest which others must not have."""
        ...

    async def templates(self) -> tuple[Template, ...]:
        """Return all that are kept and whole, oldest first."""
        ...

    async def pool(self, size: int) -> None:
        """Let `size` guests wait, from now on, for VMs that begin from the template used last.

        Each that is taken is replaced in the background. They end with this process.
        """
        ...

    async def remove_template(self, name: str) -> None:
        """Remove one; VMs that began from it keep what they have.

        Raises
        ------
        TemplateError
            There is none of that name.
        """
        ...
