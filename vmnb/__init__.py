"""Virtual machines that live in a notebook.

``VM("web")`` is a virtual machine; shown in a cell it is a card with buttons and a console.
Importing the package costs next to nothing: each name is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from vmnb import errors, images
    from vmnb.core.cloud_init import CloudInitConfig
    from vmnb.core.network import Forward, NetworkConfig
    from vmnb.core.spec import VmSpec
    from vmnb.core.ssh import SshConfig
    from vmnb.core.state import Action, Cause, VmState
    from vmnb.notebook import templates
    from vmnb.notebook.doctor import doctor
    from vmnb.notebook.fleet.fleet import Fleet
    from vmnb.notebook.lab.lab import Lab
    from vmnb.notebook.network.network import Network
    from vmnb.notebook.page.export import export
    from vmnb.notebook.pictures.lanes import timeline
    from vmnb.notebook.pool import pool
    from vmnb.notebook.prune import prune
    from vmnb.notebook.tables.machines import machines
    from vmnb.notebook.vm.vm import VM
    from vmnb.seed import cloud_init

    private = NetworkConfig.private
    user = NetworkConfig.user

__all__ = [
    "VM",
    "Action",
    "Cause",
    "CloudInitConfig",
    "Fleet",
    "Forward",
    "Lab",
    "Network",
    "NetworkConfig",
    "SshConfig",
    "VmSpec",
    "VmState",
    "cloud_init",
    "doctor",
    "errors",
    "export",
    "images",
    "machines",
    "pool",
    "private",
    "prune",
    "templates",
    "timeline",
    "user",
]

_HOMES = {
    "VM": "vmnb.notebook.vm.vm",
    "Network": "vmnb.notebook.network.network",
    "Lab": "vmnb.notebook.lab.lab",
    "Fleet": "vmnb.notebook.fleet.fleet",
    "machines": "vmnb.notebook.tables.machines",
    "doctor": "vmnb.notebook.doctor",
    "timeline": "vmnb.notebook.pictures.lanes",
    "export": "vmnb.notebook.page.export",
    "pool": "vmnb.notebook.pool",
    "prune": "vmnb.notebook.prune",
    "Action": "vmnb.core.state",
    "Cause": "vmnb.core.state",
    "VmState": "vmnb.core.state",
    "CloudInitConfig": "vmnb.core.cloud_init",
    "Forward": "vmnb.core.network",
    "NetworkConfig": "vmnb.core.network",
    "SshConfig": "vmnb.core.ssh",
    "VmSpec": "vmnb.core.spec",
    "cloud_init": "vmnb.seed",
}


def __getattr__(name: str) -> Any:
    if name in ("errors", "images"):
        return import_module(f"vmnb.{name}")
    if name == "templates":
        return import_module("vmnb.notebook.templates")
    if name in ("private", "user"):
        return getattr(import_module("vmnb.core.network").NetworkConfig, name)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]


def load_ipython_extension(shell: "InteractiveShell") -> None:
    """Add the magics ``%vm`` and ``%%vm``; ``%load_ext vmnb`` calls it."""
    import_module("vmnb.notebook.magics.magics").load(shell)
