"""Pulls that break off: the next goes on where they broke, and never with another file."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.images.pulls import refused, sha256
from tests.images.server import (
    Handler,
    Web,
    broken_off,
    content,
    files_in,
    in_turn,
    promising,
    status,
    whole,
)
from vmnb import images
from vmnb.errors import ImageUnavailableError


def test_a_connection_that_breaks_is_taken_up_where_it_broke(
    web: Web, library: Path, qcow2: bytes
) -> None:
    half = len(qcow2) // 2
    web.answers["/disk"] = in_turn(broken_off(qcow2, half), content(qcow2))

    image = images.pull(web.url())

    first, second = web.asked
    assert "Range" not in first.headers
    assert second.headers["Range"] == f"bytes={half}-"
    assert second.headers["If-Range"] == f'"{sha256(qcow2)[:12]}"'
    assert second.sent == len(qcow2) - half
    assert image.disk.read_bytes() == qcow2


def test_a_pull_that_failed_is_resumed_by_the_next(web: Web, library: Path, qcow2: bytes) -> None:
    half = len(qcow2) // 2
    web.answers["/disk"] = in_turn(broken_off(qcow2, half), status(503))
    with pytest.raises(ImageUnavailableError, match="503"):
        images.pull(web.url())
    assert images.list().empty
    assert [name.rpartition(".")[2] for name in files_in(library)] == ["json", "part"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in library.rglob("*.part"))
    web.asked.clear()
    web.answers["/disk"] = content(qcow2)

    image = images.pull(web.url())

    (asked,) = web.asked
    assert asked.headers["Range"] == f"bytes={half}-"
    assert asked.sent == len(qcow2) - half
    assert image.sha256 == sha256(qcow2)
    assert not list(library.rglob("*.part"))


def test_a_server_that_knows_no_parts_gives_all_of_it(
    web: Web, library: Path, qcow2: bytes
) -> None:
    web.answers["/disk"] = in_turn(broken_off(qcow2, 1000), whole(qcow2))

    assert images.pull(web.url()).sha256 == sha256(qcow2)
    assert "Range" in web.asked[1].headers


def test_another_version_at_the_same_address_is_not_mixed_with_the_first(
    web: Web, library: Path, qcow2: bytes
) -> None:
    other = bytes(reversed(qcow2))
    web.answers["/disk"] = in_turn(broken_off(other, 100_000), content(qcow2))

    assert images.pull(web.url()).sha256 == sha256(qcow2)
    assert web.asked[1].sent == len(qcow2)


def test_a_part_that_is_longer_than_the_whole_is_thrown_away(
    web: Web, library: Path, qcow2: bytes
) -> None:
    web.answers["/disk"] = in_turn(
        broken_off(qcow2 * 2, len(qcow2) + 10, etag=f'"{sha256(qcow2)[:12]}"'), content(qcow2)
    )

    assert images.pull(web.url()).sha256 == sha256(qcow2)
    assert [asked.headers.get("Range") for asked in web.asked][1:] == [
        f"bytes={len(qcow2) + 10}-",
        None,
    ]


def test_a_wrong_digest_after_a_break_removes_the_part(
    web: Web, library: Path, qcow2: bytes
) -> None:
    web.answers["/disk"] = in_turn(broken_off(qcow2, 1000), content(qcow2))

    refused(web, library, "digest", sha256="0" * 64)


def test_a_length_longer_than_what_comes_is_a_broken_connection(
    web: Web, library: Path, qcow2: bytes
) -> None:
    web.answers["/disk"] = promising(len(qcow2) + 1000, qcow2)

    with pytest.raises(ImageUnavailableError, match="broke"):
        images.pull(web.url())

    assert images.list().empty
    assert not [name for name in files_in(library) if "library" in name or "names" in name]


TELLING_PULLER = """
import asyncio, sys
from vmnb import images
from vmnb.core.progress import reporting_to
with reporting_to(lambda step: print(step.bytes_done, flush=True)):
    asyncio.run(images.aio.pull(sys.argv[1]))
"""


def test_a_process_that_was_killed_is_followed_by_one_that_goes_on(
    web: Web, library: Path, qcow2: bytes
) -> None:
    half = len(qcow2) // 2
    over = threading.Event()

    def stuck(handler: Handler) -> None:
        broken_off(qcow2, half)(handler)
        over.wait()

    web.answers["/disk"] = stuck
    argv = [sys.executable, "-c", TELLING_PULLER, web.url()]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as puller:
        assert puller.stdout is not None
        assert f"{half}\n" in puller.stdout  # reads until that much has come
        puller.kill()
    over.set()
    assert images.list().empty
    web.answers["/disk"] = content(qcow2)

    assert images.pull(web.url()).disk.read_bytes() == qcow2
    assert web.asked_for()[-1].sent == len(qcow2) - half
