"""What cloud-init is told at a VM's first boot."""

from dataclasses import dataclass, field

from vmnb.core.checks import fits_utf_8, require_match
from vmnb.core.errors import SpecError

__all__ = ["CloudInitConfig"]

_USER_DATA_HINT = 'give the whole document, such as "#cloud-config\\n…"'


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudInitConfig:
    """What cloud-init is told at the first boot; :func:`vmnb.cloud_init` makes one of more kinds.

    Parameters
    ----------
    user_data
        The whole document, with its ``#cloud-config`` or ``#!`` line. Never shown in a repr.
    network_config
        Version 1 or 2 of cloud-init's network configuration, as YAML. Never shown in a repr.
    vendor_data
        As `user_data`, which overrides it. Never shown in a repr.
    instance_id
        Identity of this installation; the VM's own id where it is None.
    hostname
        The guest's host name (RFC 1123); made from the VM's name where it is None.

    Raises
    ------
    SpecError
        A document is not text, or another value is not a name.
    """

    user_data: str = field(repr=False)
    network_config: str | None = field(default=None, repr=False)
    vendor_data: str | None = field(default=None, repr=False)
    instance_id: str | None = None
    hostname: str | None = None

    def __post_init__(self) -> None:
        _require_text(self.user_data, "user data")
        if self.network_config is not None:
            _require_text(self.network_config, "network configuration")
        if self.vendor_data is not None:
            _require_text(self.vendor_data, "vendor data")
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


def _require_text(document: object, what: str) -> None:
    if not isinstance(document, str) or not document:
        raise SpecError(f"the {what} of cloud-init is not text", hint=_USER_DATA_HINT)
    if not fits_utf_8(document):
        raise SpecError(
            f"the {what} of cloud-init has characters that UTF-8 cannot carry",
            hint=_USER_DATA_HINT,
        )
