"""What vmnb raises, in one tree; :mod:`vmnb.errors` has these names for users.

::

    VmnbError
    ├── SpecError (ValueError)          bad input; nothing was created
    ├── StateError                      the action is not allowed in the VM's present state
    ├── VmNotFoundError (LookupError)   no VM of that name or id
    ├── VmExistsError                   the name is taken by a VM with another spec
    ├── LimitError                      a limit that is configured, or the machine's memory
    ├── CapabilityError                 this backend cannot do that, and never will
    ├── BusyError                       another process is acting on the same VM
    ├── BackendError                    the backend tried and failed
    │   ├── BackendUnavailableError     the backend cannot run on this machine
    │   └── LinkLostError               the link died; the outcome is unknown
    ├── DeadlineError (TimeoutError)    it did not happen in time
    ├── GuestError                      something inside the guest failed
    │   ├── AgentError                  the guest agent refused or made no sense
    │   └── CloneError                  a clone cannot be a machine of its own
    ├── ImageError                      an image is missing, broken or of an unknown format
    │   └── ImageUnavailableError       it cannot be downloaded now, and may be later
    ├── StoreError                      the store of VMs and history cannot be read or written
    ├── CheckpointError                 a checkpoint is missing, damaged, or there already
    ├── TemplateError                   a template is missing, there already, or does not fit
    ├── LabError                        some VMs of a lab failed; the others went on
    ├── FleetError                      some VMs of a fleet failed; the others went on
    └── LoopError (RuntimeError)        a blocking call where it would never return

Three more carry a result and stand with it: in :mod:`vmnb.guest.result` ``CommandError``, a
``GuestError``, and ``CommandTimeoutError``, a ``DeadlineError``; in :mod:`vmnb.guest.provision`
``ProvisionError``, a ``GuestError``.

Each message says what was tried, what happened, and what to do next.
"""


class VmnbError(Exception):
    """Base of every error that vmnb raises on purpose.

    Parameters
    ----------
    message
        What was tried and what happened.
    hint
        What to do next; shown on a line of its own.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message}\n→ {hint}" if hint else message)
        self.message = message
        self.hint = hint


class SpecError(VmnbError, ValueError):
    """The input is not usable; nothing was created."""


class StateError(VmnbError):
    """The action is not allowed in the VM's present state; nothing was changed."""


class VmNotFoundError(VmnbError, LookupError):
    """There is no VM of that name or id."""


class VmExistsError(VmnbError):
    """The name is taken by a VM with another spec; nothing was changed."""


class LimitError(VmnbError):
    """It would take more than is allowed or there; nothing was changed."""


class CapabilityError(VmnbError):
    """The backend cannot do this; it is known before the call and nothing was changed."""


class BusyError(VmnbError):
    """Another process is acting on the same VM; nothing was changed."""


class BackendError(VmnbError):
    """The backend tried and failed; what it had half made is removed again."""


class BackendUnavailableError(BackendError):
    """The backend cannot run on this machine as it is."""


class LinkLostError(BackendError):
    """The link to the VM died in the middle of a call; its outcome is unknown."""


class DeadlineError(VmnbError, TimeoutError):
    """It did not happen within the time given."""


class GuestError(VmnbError):
    """Something inside the guest failed."""


class AgentError(GuestError):
    """The guest agent refused a request, or its answer made no sense."""


class CloneError(GuestError):
    """A guest that was restored from another's memory cannot be made a machine of its own."""


class ImageError(VmnbError):
    """An image is missing, broken, or of an unknown format."""


class ImageUnavailableError(ImageError):
    """An image cannot be downloaded now, and may be later; what has come of it is kept."""


class StoreError(VmnbError):
    """The store of VMs and history cannot be read or written."""


class CheckpointError(VmnbError):
    """A checkpoint is missing, damaged, or there already; the VM is as it was."""


class TemplateError(VmnbError):
    """There is no such template, or one already, or it does not fit what is asked for."""


class LabError(VmnbError):
    """Some VMs of a lab are not where they should be; the others are, and stay there."""


class FleetError(VmnbError):
    """Some VMs of a fleet failed; with the others it was done, and stays so.

    Attributes
    ----------
    errors
        What went wrong, by the name of the VM.
    results
        What came of it with the others, by name; None for what has no result.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        errors: dict[str, Exception] | None = None,
        results: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.errors = errors or {}
        self.results = results or {}


class LoopError(VmnbError, RuntimeError):
    """A blocking call was made on the background loop, where it could never return."""
