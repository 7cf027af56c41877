"""Entering a guest by SSH: where, as whom, with which key, and to which server alone."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vmnb.core.errors import DeadlineError, GuestError, SpecError
from vmnb.guest.ssh_trust import HostKeys

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection, SSHKey

__all__ = ["SshLogin", "enter"]

# asyncssh is imported where it is needed: it takes longer than all the rest of the package.

_AGAIN_S = 0.1
_AGAIN_MAX_S = 1.0
_ATTEMPT_S = 60.0  # an emulated processor takes seconds for the keys
_ALGORITHMS = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
]
_NOBODY: tuple[list[Any], ...] = ([], [], [], [], [], [], [])


@dataclass(frozen=True, slots=True, kw_only=True)
class SshLogin:
    """How to enter one guest.

    Parameters
    ----------
    name
        The VM's name, for what is said of it.
    user
        The login name.
    private_key
        The path of a key, or its PEM text.
    host_keys
        Where the server's key is kept.
    address
        Gives the server's host and port as they are now.
    """

    name: str
    user: str
    private_key: Path | str = field(repr=False)
    host_keys: HostKeys
    address: Callable[[], Awaitable[tuple[str, int]]]


async def enter(login: SshLogin, timeout_s: float) -> "SSHClientConnection":
    """Return a connection; waits for a guest that still boots.

    At the first login the server's key is kept; later a server with another key is refused.

    Raises
    ------
    DeadlineError
        No SSH server answered in time.
    GuestError
        The server has another key than before, or does not let the user in.
    SpecError
        The private key cannot be read.
    """
    ssh = await asyncio.to_thread(import_module, "asyncssh")
    key = await asyncio.to_thread(_private_key, ssh, login.private_key)
    refused = False
    last = ""
    delay_s = _AGAIN_S
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    return await _enter_once(ssh, login, key)
                except ssh.PermissionDenied as error:
                    # The first boot makes the user when the server is up already.
                    refused, last = True, str(error)
                    if login.host_keys.read() is not None:
                        raise _refused(login) from error
                except (OSError, ssh.Error) as error:  # it boots; no event tells when it is up
                    refused, last = False, str(error)
                await asyncio.sleep(delay_s)
                delay_s = min(1.5 * delay_s, _AGAIN_MAX_S)
    except TimeoutError as error:
        raise (_refused(login) if refused else _silent(login, timeout_s, last)) from error


async def _enter_once(ssh: Any, login: SshLogin, key: "SSHKey") -> "SSHClientConnection":
    pinned = await asyncio.to_thread(login.host_keys.read)
    wanted = _known_key(ssh, login, pinned) if pinned else None
    changed = False

    class Client(ssh.SSHClient):  # type: ignore[misc]  # imported late
        def validate_host_public_key(self, _host: str, _addr: str, _port: int, key: Any) -> bool:
            nonlocal changed
            changed = wanted is not None and key != wanted
            return not changed

    host, port = await login.address()
    try:
        connection: SSHClientConnection = await ssh.connect(
            host,
            port,
            client_factory=Client,
            config=None,
            username=login.user,
            client_keys=[key],
            agent_path=None,
            preferred_auth="publickey",
            gss_host=None,
            x509_trusted_certs=None,
            known_hosts=_NOBODY,
            server_host_key_algs=_algorithms(wanted),
            compression_algs=None,
            login_timeout=_ATTEMPT_S,
        )
    except ssh.HostKeyNotVerifiable as error:
        raise login.host_keys.changed(login.name) from error
    except ssh.KeyExchangeFailed as error:
        if wanted is None:
            raise
        raise login.host_keys.changed(login.name) from error
    if wanted is None:
        public_key = connection.get_server_host_key()
        assert public_key is not None  # noqa: S101 - there is one where no GSS is used
        await asyncio.to_thread(login.host_keys.pin, public_key.export_public_key())
    return connection


def _algorithms(wanted: "SSHKey | None") -> list[str]:
    """Return what the server shall show: the kind of key that it showed before."""
    if wanted is None:
        return _ALGORITHMS
    kind = wanted.get_algorithm()
    return [name for name in _ALGORITHMS if name == kind or (kind, name[:3]) == ("ssh-rsa", "rsa")]


def _known_key(ssh: Any, login: SshLogin, line: bytes) -> "SSHKey":
    try:
        key: SSHKey = ssh.import_public_key(line.partition(b" ")[2])
    except ssh.KeyImportError as error:
        raise SpecError(
            f"{login.host_keys.path} has no key of an SSH server",
            hint="remove it, and the next login keeps the server's key",
        ) from error
    return key


def _private_key(ssh: Any, source: Path | str) -> "SSHKey":
    try:
        if isinstance(source, Path):
            key: SSHKey = ssh.read_private_key(source)
        else:
            key = ssh.import_private_key(source)
    except (OSError, ssh.KeyImportError) as error:
        raise SpecError(  # without its words: they may have the key's
            "the private key for SSH cannot be read", hint="name a key without a passphrase"
        ) from error
    return key


def _refused(login: SshLogin) -> GuestError:
    return GuestError(
        f"the SSH server of {login.name!r} does not let {login.user!r} in with the VM's key",
        hint="look in the guest whether that user is there and has the key: "
        f"vm.run('cat ~/.ssh/authorized_keys', user={login.user!r}, via='agent')",
    )


def _silent(login: SshLogin, timeout_s: float, last: str) -> DeadlineError:
    return DeadlineError(
        f"no SSH server of {login.name!r} answered within {timeout_s:g} s"
        + (f": {last[:200]}" if last else ""),
        hint="the guest may still be booting, or have no SSH server (package openssh-server); look "
        "at its console, or allow more time",
    )
