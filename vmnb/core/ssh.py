"""How to enter a guest by SSH."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from vmnb.core.checks import require_match
from vmnb.core.errors import SpecError

__all__ = ["SshConfig"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SshConfig:
    """How to enter the guest by SSH.

    Where it names no private key, the VM gets an Ed25519 key of its own, which only its owner can
    read; cloud-init lets `user` in with it.

    Parameters
    ----------
    user
        Login name in the guest; made there where nobody has it.
    public_key
        One line as in ``authorized_keys``, of the private key that is named.
    private_key
        A path, or the key's PEM text. Never shown in a repr.

    Raises
    ------
    SpecError
        The user is no login name, or the public key is not one line.
    """

    user: str = "vm"
    public_key: str | None = None
    private_key: Path | str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        require_match(
            self.user,
            r"[A-Za-z_][A-Za-z0-9_.-]{0,31}",
            "a login name",
            hint="up to 32 letters, digits, '_', '.', '-', and a letter or '_' first",
        )
        key = self.public_key
        if key is not None and not (isinstance(key, str) and re.fullmatch(r"[ -~]+ [ -~]+", key)):
            raise SpecError(  # without the value: it may be the private key
                "the public key is not one line of text",
                hint='one line as in authorized_keys: "ssh-ed25519 AAAA… me"',
            )
