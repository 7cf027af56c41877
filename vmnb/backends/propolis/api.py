"""The HTTP API of one ``propolis-server``, typed.

What is asked twice must do no harm: a question is asked again where the link breaks, and so are
"Run" and "Stop", which the server takes once for all. An instance is never sent twice, for the
server refuses the second even where it is the same; who sends it looks what has become of it.
"""

import asyncio
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import httpx

from vmnb.backends.propolis.answers import has_no_instance, refusal, senseless, trouble
from vmnb.backends.propolis.states import InstanceState
from vmnb.core.errors import BackendError, DeadlineError

__all__ = ["API_VERSION", "Instance", "PropolisApi", "Requested", "Seen"]

API_VERSION = "5.0.0"

_CONNECT_S = 5.0
_ANSWER_S = 10.0
_ENSURE_FACTOR = 6  # it takes its memory from the host meanwhile
_MONITOR_FACTOR = 3  # longer than this nobody waits on a link that may be dead
_PAUSES_S = (0.1, 0.3, 0.9)
_UNAVAILABLE = 503


class Requested(StrEnum):
    """What can be asked of an instance."""

    RUN = "Run"
    STOP = "Stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """The instance that a server has or had."""

    id: UUID
    name: str
    state: InstanceState


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A state, its generation, and whether the instance has migrated to another server."""

    gen: int
    state: InstanceState
    has_moved: bool
    migrations: int
    """How many migrations, in or out, it has a report of."""


class PropolisApi:
    """Calls to the server at `url`, such as ``http://127.0.0.1:12400``; lives on one event loop.

    An answer is waited for `answer_s` seconds. Each call may raise ``BackendUnavailableError`` (it
    cannot be reached; ``is_refused`` where nobody listens), ``DeadlineError`` (it does not
    answer), ``LinkLostError`` (the link broke; of what changes something the outcome is unknown)
    and ``BackendError``.
    """

    def __init__(self, url: str, *, answer_s: float = _ANSWER_S) -> None:
        self._answer_s = answer_s
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"api-version": API_VERSION},
            timeout=httpx.Timeout(answer_s, connect=min(_CONNECT_S, answer_s)),
            trust_env=False,
            verify=url.startswith("https"),  # to read all authorities takes long
        )

    async def instance(self) -> Instance | None:
        """Return the instance that the server has or had last; None where it never had one."""
        try:
            response = await self._send("GET", "/instance", tried="ask for the instance")
        except BackendError as error:
            if has_no_instance(error):
                return None
            raise
        try:
            it = response.json()["instance"]
            properties = it["properties"]
            return Instance(
                id=UUID(properties["id"]),
                name=str(properties["name"]),
                state=InstanceState(it["state"]),
            )
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise senseless(response, "ask for the instance") from error

    async def ensure(self, request: bytes) -> None:
        """Let the server make an instance; afterwards it is there and does not run.

        Raises
        ------
        SpecError
            The server does not take the spec.
        LinkLostError
            The outcome is unknown.
        BackendError
            It has an instance, this one or another: ``is_occupied``.
        """
        await self._send(
            "PUT",
            "/instance",
            content=request,
            tried="make the instance",
            again=False,
            answer_s=_ENSURE_FACTOR * self._answer_s,
        )

    async def request(self, wanted: Requested) -> None:
        """Ask the instance to run or to stop; it begins to do so.

        Raises
        ------
        StateError
            Not now.
        BackendError
            There is none: ``has_no_instance``.
        """
        tried = "run the instance" if wanted is Requested.RUN else "stop the instance"
        await self._send("PUT", "/instance/state", content=_encoded(wanted.value), tried=tried)

    async def latest(self) -> Seen:
        """Return what the instance is now, with its generation.

        Raises
        ------
        BackendError
            There is none: ``has_no_instance``.
        """
        return await self._monitor(0, self._answer_s)

    async def monitor(self, gen: int) -> Seen | None:
        """Wait until the instance's generation is `gen` or more, and return what it is then.

        None where nothing came for a while: then ask again.

        Raises
        ------
        BackendError
            There is none, or it will never come so far: ``has_no_instance``.
        """
        try:
            return await self._monitor(gen, _MONITOR_FACTOR * self._answer_s)
        except DeadlineError:
            return None

    async def aclose(self) -> None:
        """Close the connections; the server goes on."""
        await self._http.aclose()

    async def _monitor(self, gen: int, wait_s: float) -> Seen:
        tried, path = "follow the instance", "/instance/state-monitor"
        content = _encoded({"gen": gen})
        response = await self._send("GET", path, content=content, tried=tried, answer_s=wait_s)
        try:
            return _seen(response.json())
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise senseless(response, tried) from error

    async def _send(
        self,
        method: str,
        path: str,
        *,
        tried: str,
        again: bool = True,
        content: bytes = b"",
        answer_s: float | None = None,
    ) -> httpx.Response:
        """Return an answer that is no error; what never was done is asked for again.

        Parameters
        ----------
        again
            Whether it does no harm to ask for it twice.
        """
        changes = method != "GET"
        headers = {"content-type": "application/json"} if content else {}
        timeout = httpx.Timeout(answer_s or self._answer_s, connect=min(_CONNECT_S, self._answer_s))
        for pause_s in (*_PAUSES_S, None):
            try:
                response = await self._http.request(
                    method, path, content=content, headers=headers, timeout=timeout
                )
                return response.raise_for_status()
            except httpx.HTTPStatusError as error:
                if pause_s is None or error.response.status_code != _UNAVAILABLE:
                    raise refusal(error, tried) from error
            except httpx.RequestError as error:
                if pause_s is None or not again or not _is_broken(error):
                    raise trouble(error, tried, unknown=changes) from error
            await asyncio.sleep(pause_s)
        raise AssertionError("the last try returns or raises")


def _is_broken(error: httpx.RequestError) -> bool:
    """Whether the link broke, and may hold the next time."""
    return isinstance(error, httpx.ReadError | httpx.WriteError | httpx.RemoteProtocolError)


def _encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def _seen(answer: Any) -> Seen:
    migrations = answer["migration"]
    out = migrations.get("migration_out")
    return Seen(
        gen=int(answer["gen"]),
        state=InstanceState(answer["state"]),
        has_moved=out is not None and out["state"] == "Finish",
        migrations=sum(report is not None for report in migrations.values()),
    )
