"""From a backend's tag to its hypervisor, imported when it is first used.

A third party's backend is an entry point of the group ``vmnb.backends``: its name is the tag,
its value a class that satisfies :class:`~vmnb.core.hypervisor.Hypervisor` and is made without
arguments. Installing the package is all that is needed.
"""

from importlib.metadata import entry_points

from vmnb.core.errors import BackendUnavailableError, VmnbError
from vmnb.core.hypervisor import Hypervisor

__all__ = ["GROUP", "backend_tags", "make_hypervisor"]

GROUP = "vmnb.backends"


def backend_tags() -> list[str]:
    """Return the tags of the backends that are installed, in order."""
    return sorted(entry_points(group=GROUP).names)


def make_hypervisor(tag: str) -> Hypervisor:
    """Return a new hypervisor of the backend `tag`.

    Raises
    ------
    BackendUnavailableError
        No backend has that tag, or it cannot be imported or made.
    """
    found = entry_points(group=GROUP, name=tag)
    if not found:
        raise BackendUnavailableError(
            f"there is no backend {str(tag)!r}",
            hint=f"installed are: {', '.join(backend_tags()) or 'none; install vmnb with pip'}",
        )
    try:
        hypervisor: Hypervisor = next(iter(found)).load()()
    except VmnbError:
        raise
    except Exception as error:
        raise BackendUnavailableError(
            f"the backend {str(tag)!r} cannot be made: {type(error).__name__}: {error}",
            hint="install what it needs, or choose another backend",
        ) from error
    return hypervisor
