"""An SSH server on a real socket of 127.0.0.1, which runs what it is asked to on this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncssh

from vmnb.guest.ssh_login import SshLogin
from vmnb.guest.ssh_trust import HostKeys

__all__ = ["Server", "serving"]


class Server:
    """One server; its host key can be another one the next time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.user_key = asyncssh.generate_private_key("ssh-ed25519")
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.port = 0
        self.logins = 0
        self.lets_in = True

    @property
    def login(self) -> SshLogin:
        """How to enter it."""

        async def address() -> tuple[str, int]:
            return ("127.0.0.1", self.port)

        return SshLogin(
            name="web",
            user="vm",
            private_key=self.user_key.export_private_key().decode(),
            host_keys=HostKeys(self.folder / "ssh" / "known_hosts", "guest-1"),
            address=address,
        )


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[asyncssh.SSHAcceptor]:
    """Serve until the end of the block, on the port of the time before."""

    class Guard(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return True

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            ours = key.public_data == server.user_key.public_data
            return server.lets_in and ours and username == "vm"

        def auth_completed(self) -> None:
            server.logins += 1

    acceptor = await asyncssh.create_server(
        Guard,
        "127.0.0.1",
        server.port,
        server_host_keys=[server.host_key],
        process_factory=_perform,
        encoding=None,
        allow_scp=False,
    )
    server.port = acceptor.get_port()
    try:
        yield acceptor
    finally:
        acceptor.close()
        await acceptor.wait_closed()


async def _perform(process: "asyncssh.SSHServerProcess[bytes]") -> None:
    child = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        process.command or "",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    feeding = asyncio.create_task(_feed(process, child.stdin))
    await asyncio.gather(_carry(child.stdout, process.stdout), _carry(child.stderr, process.stderr))
    code = await child.wait()
    feeding.cancel()
    await asyncio.gather(feeding, return_exceptions=True)
    if code < 0:
        process.exit_with_signal("KILL" if code == -9 else "TERM")
    else:
        process.exit(code)


async def _feed(process: "asyncssh.SSHServerProcess[bytes]", stdin: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncssh.Error):
        while data := await process.stdin.read(65536):
            stdin.write(data)
            await stdin.drain()
        stdin.close()


async def _carry(reader: asyncio.StreamReader, writer: "asyncssh.SSHWriter[bytes]") -> None:
    with suppress(OSError, asyncssh.Error):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
