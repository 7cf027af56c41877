"""The page asks for a shorter way to the kernel than the Jupyter server's messages."""

from typing import ClassVar

from vmnb.notebook.socket.server import Host, SocketServer
from vmnb.notebook.widget.talk import Message, Send, Talk

__all__ = ["SocketTalk"]


class SocketTalk(Talk):
    """Answers ``socket``: where the kernel listens, and what both ends must prove to know.

    Parameters
    ----------
    host, host_id
        The widget whose talks go on over the socket, and its name there.
    """

    kinds: ClassVar[frozenset[str]] = frozenset({"socket"})

    def __init__(self, host: Host, host_id: str, send: Send) -> None:
        self._host = host
        self._host_id = host_id
        self._send = send

    async def handle(self, message: Message, _buffers: list[bytes]) -> None:
        """Listen from now on, for pages of that origin too, and say where."""
        server = SocketServer.of_process()
        server.hosts[self._host_id] = self._host
        port = await server.open(message["origin"])
        told = {"port": port, "token": server.token, "widget": self._host_id}
        self._send({"kind": "socket", **told}, [])
