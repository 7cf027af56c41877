"""Speaking HTTP with whoever has an image, and telling what went wrong in words."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import httpx

from vmnb.core.errors import ImageError, ImageUnavailableError, SpecError

__all__ = [
    "asked",
    "checked_url",
    "client",
    "is_loopback",
    "read_small",
    "require_good",
    "site",
]

_TIMEOUT_S = 30.0
_REDIRECTS_MAX = 10
_SAY_BYTES = 200
_LOOPBACK = re.compile(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?", re.ASCII)
_NETWORK = (
    "check that this machine reaches it: HTTPS_PROXY and NO_PROXY say by which proxy, "
    "and SSL_CERT_FILE which certificates to trust"
)


def checked_url(url: str) -> str:
    """Return `url` if a file can be had by it.

    Raises
    ------
    SpecError
        It is no such address, or it has a password in it, which notebooks and histories would show.
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise SpecError(f"{url!r} is not an address: {error}", hint=_EXAMPLE) from error
    if parsed.userinfo:
        raise SpecError(
            f"the address at {parsed.host} has a name or a password in it",
            hint="download the image yourself, and give its path",
        )
    if not parsed.host or parsed.scheme not in ("http", "https"):
        raise SpecError(f"{url!r} is not an address that images can be had by", hint=_EXAMPLE)
    return url


def is_loopback(host: str) -> bool:
    """Return whether `host`, perhaps with a port, is this very machine."""
    return _LOOPBACK.fullmatch(host) is not None


def site(url: str) -> str:
    """Return the scheme and the host of `url`, and its port if it names one."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@asynccontextmanager
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """Give a client for one pull."""
    async with httpx.AsyncClient(
        verify=await asyncio.to_thread(_trusted),
        timeout=_TIMEOUT_S,
        follow_redirects=True,
        max_redirects=_REDIRECTS_MAX,
        # What is counted and digested are the bytes of the file, not of some encoding of it.
        headers={"User-Agent": "vmnb", "Accept-Encoding": "identity"},
    ) as http:
        yield http


def _trusted() -> ssl.SSLContext:
    """Trust the certificates that come with httpx, and those that this machine trusts."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


@asynccontextmanager
async def asked(
    http: httpx.AsyncClient,
    url: str,
    headers: Mapping[str, str],
    *,
    form: Mapping[str, str] | None = None,
    verified: bool = False,
) -> AsyncIterator[httpx.Response]:
    """Ask for `url`, and give the answer whatever it is, its content still to be read.

    Parameters
    ----------
    form
        Posted where it is given, and to nobody but `url` itself, for it holds a secret.
    verified
        Whether what comes is held against a digest, so that it does not matter by which way.

    Raises
    ------
    ImageUnavailableError
        There was no answer, or the connection broke, now or while the content was read.
    ImageError
        It led elsewhere for ever, or to where anybody could change what comes.
    """
    with _told(url):
        method = "GET" if form is None else "POST"
        async with http.stream(
            method, url, headers=dict(headers), data=form, follow_redirects=form is None
        ) as response:
            if not verified:
                _refuse_downgrade(response)
            yield response


def require_good(response: httpx.Response, url: str) -> None:
    """Raise ImageError unless the server gives what it was asked for, called `url` in messages."""
    status = response.status_code
    if status in (200, 206):
        return
    reason = f"{status} {response.reason_phrase}".strip()
    message = f"{url} cannot be had: the server answered {reason}"
    if status >= 500 or status in (408, 429):
        raise ImageUnavailableError(
            message, hint="the server has trouble of its own: try again later"
        )
    if status in (401, 403, 407):
        raise ImageError(message, hint="it wants to know who asks: see whether you may have it")
    raise ImageError(message, hint="check the address; what was there may have moved on")


async def read_small(response: httpx.Response, url: str, limit_bytes: int) -> bytes:
    """Return the content of `response`.

    Raises
    ------
    ImageError
        It is more than `limit_bytes`.
    """
    content = bytearray()
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > limit_bytes:
            raise ImageError(
                f"{url} gave more than {limit_bytes} bytes, where a few lines were due",
                hint="check the address",
            )
    return bytes(content)


@contextmanager
def _told(url: str) -> Iterator[None]:
    try:
        yield
    except httpx.TooManyRedirects as error:
        raise ImageError(
            f"{url} cannot be had: it leads elsewhere more than {_REDIRECTS_MAX} times",
            hint="the server sends one in a circle: try again later, or another address",
        ) from error
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
        raise ImageUnavailableError(
            f"cannot reach {site(url)}: {_said(error)}", hint=_NETWORK
        ) from error
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise ImageError(
            f"{url} leads to what is no address: {_said(error)}", hint="try another address"
        ) from error
    except (httpx.TransportError, httpx.StreamError) as error:
        raise ImageUnavailableError(
            f"the connection to {site(url)} broke: {_said(error)}",
            hint="try again; what has come is kept, and the rest is fetched",
        ) from error
    except httpx.HTTPError as error:
        raise ImageError(
            f"{url} cannot be had: {_said(error)}", hint="try another address"
        ) from error


def _refuse_downgrade(response: httpx.Response) -> None:
    """Raise ImageError where the way led from https to http."""
    schemes = [step.url.scheme for step in (*response.history, response)]
    if "https" in schemes and "http" in schemes[schemes.index("https") :]:
        raise ImageError(
            f"{response.history[0].url} leads to {response.url.host} without encryption",
            hint="use an address that stays with https",
        )


def _said(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:_SAY_BYTES]


_EXAMPLE = 'use the whole of it, such as "https://example.org/disk.qcow2"'
