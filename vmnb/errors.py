"""Every error that vmnb raises, by name: ``from vmnb.errors import StateError``.

All are kinds of :class:`VmnbError`; :mod:`vmnb.core.errors` draws the tree.
"""

from vmnb.core.errors import (
    AgentError,
    BackendError,
    BackendUnavailableError,
    BusyError,
    CapabilityError,
    CheckpointError,
    CloneError,
    DeadlineError,
    FleetError,
    GuestError,
    ImageError,
    ImageUnavailableError,
    LabError,
    LimitError,
    LinkLostError,
    LoopError,
    SpecError,
    StateError,
    StoreError,
    TemplateError,
    VmExistsError,
    VmnbError,
    VmNotFoundError,
)
from vmnb.guest.provision import ProvisionError
from vmnb.guest.result import CommandError, CommandTimeoutError

__all__ = [
    "AgentError",
    "BackendError",
    "BackendUnavailableError",
    "BusyError",
    "CapabilityError",
    "CheckpointError",
    "CloneError",
    "CommandError",
    "CommandTimeoutError",
    "DeadlineError",
    "FleetError",
    "GuestError",
    "ImageError",
    "ImageUnavailableError",
    "LabError",
    "LimitError",
    "LinkLostError",
    "LoopError",
    "ProvisionError",
    "SpecError",
    "StateError",
    "StoreError",
    "TemplateError",
    "VmExistsError",
    "VmNotFoundError",
    "VmnbError",
]
