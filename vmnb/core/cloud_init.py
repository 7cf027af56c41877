"""What cloud-init is told at a VM's first boot."""

from dataclasses import dataclass, field

from vmnb.core.checks import fits_utf_8, require_match
from vmnb.core.errors import SpecError

__all__ = ["CloudInitConfig"]

_USER_DATA_HINT = 'give the whole document, such as "#cloud-config\\n…"'


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudInitConfig:
    """What cloud-init is told at the first boot.

    Parameters
    ----------
    user_data
        The whole document, with its ``#cloud-config`` or ``#!`` line. Never shown in a repr.
    instance_id
        Identity of this installation; the VM's own id where it is None.
    hostname
        The guest's host name (RFC 1123); made from the VM's name where it is None.

    Raises
    ------
    SpecError
        The user data is not text, or another value is not a name.
    """

    user_data: str = field(repr=False)
    instance_id: str | None = None
    hostname: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.user_data, str) or not self.user_data:
            raise SpecError("the user data of cloud-init is not text", hint=_USER_DATA_HINT)
        if not fits_utf_8(self.user_data):
            raise SpecError(
                "the user data of cloud-init has characters that UTF-8 cannot carry",
                hint=_USER_DATA_HINT,
            )
        if self.instance_id is not None:
            require_match(self.instance_id, r"[!-~]{1,200}", "an instance id", hint="a UUID")
        if self.hostname is not None:
            label = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
            require_match(
                self.hostname,
                rf"(?!.{{254}}){label}(\.{label})*",
                "a host name",
                hint="letters, digits and hyphens, in parts of up to 63 between dots",
            )
