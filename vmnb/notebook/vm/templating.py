"""Templates: the part of a VM that becomes one for others."""

from typing import Self

from vmnb.core.errors import SpecError
from vmnb.core.names import checked_name
from vmnb.core.spec import COLD_BOOT
from vmnb.core.template import Template
from vmnb.notebook.vm.facade import AsyncFacade, Facade

__all__ = ["AsyncTemplating", "Templating"]


class Templating(Facade):
    """What others begin from."""

    def template(self, name: str) -> Self:
        """Save the guest as it is now, so that others can begin from it; it goes on.

        ``VM("another", boot=name)`` with the same image and sizes is such a guest from its first
        start on, with all that was done in it until now, and as a machine of its own: see
        :meth:`fork`. It is kept in the cache until :func:`vmnb.templates.remove` removes it.

        Of a VM that boots, the first of its image, sizes and cloud-init, a template is made by
        itself when it is ready; others like it begin from that, unless ``boot="cold"``.

        Parameters
        ----------
        name
            As for a VM, but not ``"cold"``.

        Raises
        ------
        SpecError
            No template can have that name.
        TemplateError
            There is one of that name.
        CloneError
            The guest has no agent that answers: what begins from it could be no other machine.
        StateError
            The VM is not live.
        CapabilityError
            The VM's backend keeps none.
        BackendError
            The disk is full; the guest goes on, and nothing is left.
        """
        self._wait("template", self._machine.template(template_name(name)))
        return self


class AsyncTemplating(AsyncFacade):
    """The awaitable twin of :class:`Templating`."""

    async def template(self, name: str) -> Template:
        """See :meth:`vmnb.VM.template`."""
        return await self._wait(self._live.machine.template(template_name(name)))


def template_name(name: str) -> str:
    """Return `name` as templates have it; SpecError where it is none."""
    if name == COLD_BOOT:
        raise SpecError(
            f"a template cannot be called {name!r}", hint=f"boot={name!r} asks for a real boot"
        )
    return checked_name(name)
