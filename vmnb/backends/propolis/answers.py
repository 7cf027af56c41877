"""What a server's refusals and silences are as errors of ours."""

import json

import httpx

from vmnb.core.errors import (
    BackendError,
    BackendUnavailableError,
    BusyError,
    DeadlineError,
    LinkLostError,
    SpecError,
    StateError,
    VmnbError,
)
from vmnb.core.sockets import is_refused

__all__ = ["has_no_instance", "is_occupied", "refusal", "senseless", "trouble"]

_SHOWN = 300
_NO_INSTANCE = (410, 424)
_OCCUPIED = 409


def refusal(error: httpx.HTTPStatusError, tried: str) -> VmnbError:
    """Return the error that the server has answered; raise it from `error`.

    Parameters
    ----------
    tried
        What was asked of it, in words.
    """
    response, server = error.response, _server(error.request)
    status, (said, code) = response.status_code, _reason(response)
    if status in _NO_INSTANCE:
        return BackendError(
            f"cannot {tried}: {server} has no instance{_after(said)}", hint="start the VM"
        )
    if status == _OCCUPIED:
        return BackendError(
            f"cannot {tried}: {server} has an instance already, and serves one at a time",
            hint="stop that one, or name another server: PropolisHypervisor(url=…)",
        )
    if status == 403:
        return StateError(
            f"cannot {tried}: {server} does not allow it now: {code or said}",
            hint="wait until what it is doing is done, then try again",
        )
    if status == 503:
        return BusyError(
            f"cannot {tried}: {server} is still initialising", hint="try again in a moment"
        )
    if 400 <= status < 500 and "version" in said.lower():
        return BackendUnavailableError(
            f"cannot {tried}: {server} speaks another version of the API{_after(said)}",
            hint="install propolis-server 5.0.0 there",
        )
    if status == 400 and response.request.method == "PUT":
        return SpecError(
            f"cannot {tried}: {server} does not take the VM as it is described{_after(said)}",
            hint="change what the message names; nothing was made of it",
        )
    return BackendError(
        f"cannot {tried}: {server} answered {status} {response.reason_phrase}{_after(said)}",
        hint="the server's log says more",
    )


def has_no_instance(error: VmnbError) -> bool:
    """Return whether the server refused since it has no instance, or has it no longer."""
    return _status(error) in _NO_INSTANCE


def is_occupied(error: VmnbError) -> bool:
    """Return whether the server refused since it has an instance already."""
    return _status(error) == _OCCUPIED


def trouble(error: httpx.RequestError, tried: str, *, unknown: bool) -> VmnbError:
    """Return what it means that no whole answer came.

    Parameters
    ----------
    unknown
        Whether what was asked for may have been done nevertheless.
    """
    server = _server(error.request)
    if isinstance(error, httpx.ConnectError) and is_refused(error):
        return BackendUnavailableError(
            f"cannot {tried}: nobody listens at {server}",
            hint="start propolis-server there, or mind the address",
        )
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol):
        return BackendUnavailableError(
            f"cannot {tried}: {server} cannot be reached: {str(error) or type(error).__name__}",
            hint="mind the address, and whether that machine is up",
        )
    if unknown:
        return LinkLostError(
            f"no answer came when asked to {tried}: {server} {_how(error)}; it may be done or not",
            hint="look at the VM's state",
        )
    if isinstance(error, httpx.TimeoutException):
        return DeadlineError(
            f"cannot {tried}: {server} does not answer", hint="is it overloaded, or stuck?"
        )
    return LinkLostError(f"cannot {tried}: {server} {_how(error)}", hint="try again")


def senseless(response: httpx.Response, tried: str) -> BackendError:
    """Return what is said of an answer that is none of the API's."""
    return BackendError(
        f"cannot {tried}: what {_server(response.request)} answered makes no sense",
        hint="is it a propolis-server 5.0.0?",
    )


def _status(error: VmnbError) -> int | None:
    cause = error.__cause__
    return cause.response.status_code if isinstance(cause, httpx.HTTPStatusError) else None


def _server(request: httpx.Request) -> str:
    return f"the server {request.url.host}:{request.url.port or 80}"


def _reason(response: httpx.Response) -> tuple[str, str]:
    """Return the message and the code of an error, as far as they can be read."""
    try:
        error = json.loads(response.content)
        return str(error["message"])[:_SHOWN], str(error.get("error_code") or "")[:_SHOWN]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return "", ""


def _after(said: str) -> str:
    return f": {said}" if said else ""


def _how(error: httpx.RequestError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "did not answer in time"
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error):
        return "answered no HTTP"
    return "broke off the connection"
