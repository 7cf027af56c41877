"""The key with which a VM's owner enters its guest, and one for the guest's own server."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from vmnb.core.errors import SpecError
from vmnb.core.paths import private_dir
from vmnb.core.ssh import SshConfig

__all__ = ["HostKey", "make_key", "public_key"]

# asyncssh is imported where it is needed: it takes longer than all the rest of a start.


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """An Ed25519 key for an SSH server, in OpenSSH's form.

    Parameters
    ----------
    public
        One line.
    private
        Some lines, without a passphrase.
    """

    public: str
    private: str = field(repr=False)

    @classmethod
    def make(cls) -> Self:
        """Return a new one."""
        import asyncssh

        key = asyncssh.generate_private_key("ssh-ed25519")
        return cls(
            public=key.export_public_key().decode().strip(),
            private=key.export_private_key().decode(),
        )


def make_key(path: Path) -> str:
    """Write a new Ed25519 key to `path`, for this user alone, and return its public half.

    The public half is beside it, as ``ssh-keygen`` would put it there.
    """
    import asyncssh

    key = asyncssh.generate_private_key("ssh-ed25519", comment="vmnb")
    private_dir(path.parent)
    path.touch(0o600)
    path.write_bytes(key.export_private_key())
    public = key.export_public_key().decode().strip()
    path.with_suffix(".pub").write_text(f"{public}\n")
    return public


def public_key(ssh: SshConfig) -> str:
    """Return the public half of the key that `ssh` names.

    Raises
    ------
    SpecError
        The private key cannot be read, and no public one is given.
    """
    if ssh.public_key is not None:
        return ssh.public_key
    import asyncssh

    source = ssh.private_key
    assert source is not None  # noqa: S101 - who calls has looked
    try:
        if isinstance(source, Path):
            key = asyncssh.read_private_key(source)
        else:
            key = asyncssh.import_private_key(source)
    except (OSError, asyncssh.KeyImportError) as error:
        raise SpecError(  # without its words: they may have the key's
            "the private key for SSH cannot be read",
            hint="name the path of a key without a passphrase, or give public_key= as well",
        ) from error
    return str(key.export_public_key().decode().strip())
