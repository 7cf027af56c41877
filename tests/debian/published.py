"""The Debian of the tests as its makers publish theirs: on a web server, with its digest beside it.

``python -m tests.debian.published COMMAND…`` runs a command for which the catalogue's ``debian-12``
is that one, and is in the cache.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import vmnb
from tests.debian.image import build
from tests.images.server import Web, broken_off, content, in_turn
from vmnb.core.paths import data_home
from vmnb.images.catalogue import find_entry

__all__ = ["NAME", "published"]

NAME = "debian-12"
_DISK = "/debian-12.qcow2"
_SUMS = "/SHA256SUMS"


@contextmanager
def published(image: Path) -> Iterator[Web]:
    """Serve `image`, which breaks off half-way at the first time, as this user's ``debian-12``."""
    data = image.read_bytes()
    with Web() as web:
        whole = content(data)
        web.answers[_DISK] = in_turn(broken_off(data, len(data) // 2), whole)
        web.answers[_SUMS] = content(f"{hashlib.sha256(data).hexdigest()}  {_DISK[1:]}\n".encode())
        data_home().mkdir(parents=True, exist_ok=True)
        data_home().joinpath("images.toml").write_text(_entry(web))
        yield web


def _entry(web: Web) -> str:
    entry = find_entry(NAME)
    assert entry is not None
    ours = replace(
        entry, url=web.url(_DISK), checksum_url=web.url(_SUMS), checksum_kind="sha256sums"
    )
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in asdict(ours).items()]
    return f"[{NAME}]\n" + "".join(line for line in lines if not line.startswith("name "))


if __name__ == "__main__":
    with published(build(Path(os.environ["VMNB_TEST_CACHE"]))):
        vmnb.images.pull(NAME)
        sys.exit(subprocess.run(sys.argv[1:], check=False).returncode)
