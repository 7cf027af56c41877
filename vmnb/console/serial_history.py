"""What ``propolis-server`` keeps of a serial console: its first and its last MiB."""

from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

import httpx

from vmnb.core.errors import BackendError, BackendUnavailableError, LinkLostError, StateError
from vmnb.core.hypervisor import WebSocketConsole
from vmnb.core.sockets import is_refused

__all__ = ["GoneError", "SerialHistory"]

_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_NOT_KEPT = 400
_NO_INSTANCE = (410, 424)


class GoneError(Exception):
    """What was asked for is not kept any more."""


class SerialHistory:
    """Asks for parts of what a console has said; :meth:`aclose` it.

    Each call may raise ``StateError`` (the VM does not run), ``BackendUnavailableError`` (the
    server is out of reach), ``LinkLostError`` (it does not answer) and ``BackendError`` (it
    answers nonsense).
    """

    def __init__(self, endpoint: WebSocketConsole) -> None:
        scheme, place, path, _, _ = urlsplit(endpoint.url)
        scheme = "https" if scheme == "wss" else "http"
        self._url = urlunsplit((scheme, place, f"{path}/history", "", ""))
        self._http = httpx.AsyncClient(
            headers=dict(endpoint.headers),
            timeout=_TIMEOUT,
            trust_env=False,
            verify=scheme == "https",  # to read all authorities takes long
        )

    async def offset_at(self, offset: int) -> int:
        """Return `offset`, or where the console has come to, where that is less.

        Raises
        ------
        GoneError
            What follows it is not kept any more.
        """
        _, end = await self._read({"from_start": offset, "max_bytes": 0})
        return end

    async def offset_before(self, count: int) -> int:
        """Return the offset of the last `count` bytes, or 0."""
        _, end = await self._read({"most_recent": count, "max_bytes": 0})
        return end

    async def last(self, count: int) -> bytes:
        """Return up to `count` bytes: the last ones."""
        data, _ = await self._read({"most_recent": count, "max_bytes": count})
        return data

    async def aclose(self) -> None:
        """Close the connection."""
        await self._http.aclose()

    async def _read(self, query: Mapping[str, int]) -> tuple[bytes, int]:
        try:
            response = await self._http.get(self._url, params=dict(query))
        except httpx.RequestError as error:
            if is_refused(error):
                raise StateError("cannot reach the console: nobody serves it") from error
            never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            raise (BackendUnavailableError if never_sent else LinkLostError)(
                f"the console's server does not answer: {type(error).__name__}", hint="try again"
            ) from error
        if response.status_code in _NO_INSTANCE:
            raise StateError("cannot reach the console: the VM is not running")
        if response.status_code == _NOT_KEPT and "from_start" in query:
            raise GoneError
        try:
            response.raise_for_status()
            answer = response.json()
            # Not of what it says: of a number, bytes() would make as many zeros.
            return bytes(iter(answer["data"])), int(answer["last_byte_offset"])
        except (
            httpx.HTTPStatusError,
            ValueError,
            LookupError,
            TypeError,
            OverflowError,
            RecursionError,
        ) as error:
            raise BackendError(
                f"what the console's server answered makes no sense: {response.status_code}",
                hint="is it a propolis-server 5.0.0?",
            ) from error
