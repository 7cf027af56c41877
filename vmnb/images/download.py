"""Downloading a file: resumed where the connection broke, and checked."""

import asyncio
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from vmnb.core.errors import ImageError, ImageUnavailableError
from vmnb.core.finish import finish
from vmnb.core.progress import report_bytes
from vmnb.images.checksum import Digest
from vmnb.images.part import Part, Sink
from vmnb.images.web import asked, require_good

__all__ = ["Remote", "download"]

_ATTEMPTS = 5
_WHERE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\*)")
_LENGTH = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """Where a file is, and what is known of it before it is had.

    Parameters
    ----------
    url
        Its address.
    called
        How messages speak of it.
    headers
        To be sent with the request.
    expected
        Its digest, where somebody has said it.
    size_bytes
        Its length, likewise.
    """

    url: str
    called: str
    headers: Mapping[str, str] = field(default_factory=dict)
    expected: Digest | None = None
    size_bytes: int | None = None


async def download(http: httpx.AsyncClient, remote: Remote, part: Part) -> dict[str, str]:
    """Download `remote` into `part`, or the rest of it, and return its digests.

    A connection that breaks is taken up again for as long as each attempt brings something more.

    Raises
    ------
    ImageUnavailableError
        It broke for good, or the server has trouble; what has come is left in `part`, and the next
        download goes on from there.
    ImageError
        It cannot be had, or is not what was expected. Of this, and of any other error, nothing is
        left.
    OSError
        It cannot be written.
    """
    try:
        digests = await _persist(http, remote, part)
        _check_digest(remote, digests)
    except ImageUnavailableError:
        await finish(asyncio.to_thread(part.remove_if_empty))
        raise
    except BaseException:
        await finish(asyncio.to_thread(part.remove))
        raise
    return digests


async def _persist(http: httpx.AsyncClient, remote: Remote, part: Part) -> dict[str, str]:
    for attempt in range(_ATTEMPTS):
        before = await asyncio.to_thread(part.size_bytes)
        try:
            return await _attempt(http, remote, part)
        except ImageUnavailableError:
            if attempt == _ATTEMPTS - 1 or await asyncio.to_thread(part.size_bytes) <= before:
                raise
    raise AssertionError  # pragma: no cover


async def _attempt(http: httpx.AsyncClient, remote: Remote, part: Part) -> dict[str, str]:
    had = await asyncio.to_thread(part.size_bytes)
    validator = await asyncio.to_thread(part.validator)
    headers = dict(remote.headers)
    # Without a name for the version, parts of two versions could be put together; where the digest
    # is known, that would come out.
    if had and (validator or remote.expected):
        headers["Range"] = f"bytes={had}-"
        headers |= {"If-Range": validator} if validator else {}
    verified = remote.expected is not None
    async with asked(http, remote.url, headers, verified=verified) as response:
        begin = _begin(response, remote, asked_from=had if "Range" in headers else 0)
        if begin is not None:
            return await _receive(response, remote, part, begin)
    await asyncio.to_thread(part.remove)  # what is there does not fit: all of it once more
    return await _attempt(http, remote, part)


def _begin(response: httpx.Response, remote: Remote, asked_from: int) -> int | None:
    """Return from which byte on the answer goes; None where it is of no use for what is there."""
    if response.status_code == 416 and asked_from:
        return None
    require_good(response, remote.called)
    if response.status_code == 200:
        return 0
    where = _WHERE.fullmatch(response.headers.get("Content-Range", ""))
    if where and int(where[1]) == asked_from:
        return asked_from
    if asked_from:
        return None
    raise ImageError(
        f"{remote.called} cannot be had: the server answered with a part that was not asked for",
        hint="try another address",
    )


async def _receive(
    response: httpx.Response, remote: Remote, part: Part, begin: int
) -> dict[str, str]:
    total = _total(response, remote, begin)
    await asyncio.to_thread(_require_room, part, (total or 0) - begin)
    sink = Sink(part, begin, _validator(response))
    done = begin
    try:
        await finish(asyncio.to_thread(sink.open))
        async for data in response.aiter_raw():
            await finish(asyncio.to_thread(sink.write, data))
            done += len(data)
            _check_length(remote, done)
            report_bytes(f"downloading {remote.called}", done, total)
    finally:
        await finish(asyncio.to_thread(sink.close))
    return _all_of_it(remote, sink, done, total)


def _all_of_it(remote: Remote, sink: Sink, done: int, total: int | None) -> dict[str, str]:
    if total is not None and done != total:
        raise ImageError(
            f"{remote.called} is {done} bytes long, and should be {total}",
            hint="the server does not keep its word: try again later, or another address",
        )
    return sink.hashes.digests()


def _total(response: httpx.Response, remote: Remote, begin: int) -> int | None:
    """Return how long the whole is, as the server says."""
    where = _WHERE.fullmatch(response.headers.get("Content-Range", ""))
    length = response.headers.get("Content-Length", "")
    said = where[2] if where and begin else length
    total = int(said) if _LENGTH.fullmatch(said) else None
    if remote.size_bytes is not None and total not in (None, remote.size_bytes):
        raise ImageError(
            f"{remote.called} should be {remote.size_bytes} bytes long, and the server has {total}",
            hint="what is there may have been damaged: ask who publishes it",
        )
    return total if total is not None else remote.size_bytes


def _check_length(remote: Remote, done: int) -> None:
    if remote.size_bytes is not None and done > remote.size_bytes:
        raise ImageError(
            f"{remote.called} should be {remote.size_bytes} bytes long, and more has come",
            hint="what is there may have been damaged: ask who publishes it",
        )


def _check_digest(remote: Remote, digests: Mapping[str, str]) -> None:
    expected = remote.expected
    if expected and digests[expected.algorithm] != expected.value:
        raise ImageError(
            f"{remote.called} is not what it should be: its digest is "
            f"{expected.algorithm}:{digests[expected.algorithm]} and should be {expected}",
            hint="do not use it; try again later, and see whether the digest is still right",
        )


def _validator(response: httpx.Response) -> str:
    etag: str = response.headers.get("ETag", "")
    if etag and not etag.startswith("W/"):  # a weak one is no name for the very bytes (RFC 9110)
        return etag
    return str(response.headers.get("Last-Modified", ""))


def _require_room(part: Part, needed_bytes: int) -> None:
    free = shutil.disk_usage(part.path.parent).free
    if free < needed_bytes:
        raise ImageError(
            f"the image takes {needed_bytes >> 20} MiB at {part.path.parent}; "
            f"{free >> 20} MiB are free",
            hint="make room, or choose another place with VMNB_CACHE",
        )
