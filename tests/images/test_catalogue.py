"""The catalogue: complete as it ships, the user's own entries, and pulls by name."""

import dataclasses
import hashlib
import importlib.resources
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.images.server import Web, content, files_in, status
from vmnb import images
from vmnb.core.paths import data_home
from vmnb.errors import ImageError, SpecError
from vmnb.images.catalogue import CatalogueEntry, catalogue
from vmnb.images.checksum import KINDS, published_digest
from vmnb.images.formats import SUPPORTED

SHIPPED = sorted(
    tomllib.loads(importlib.resources.files("vmnb.images").joinpath("catalogue.toml").read_text())
)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_entry_is_complete(library: Path, name: str) -> None:
    entry = catalogue()[name]

    for url in (entry.url, entry.checksum_url):
        assert url.startswith("https://")
        assert " " not in url
    assert entry.format in SUPPORTED
    assert entry.checksum_kind in KINDS
    assert entry.architecture == "x86_64"
    assert all(getattr(entry, field.name) != "" for field in dataclasses.fields(entry))


def test_the_distributions_that_are_promised_are_there() -> None:
    assert {"debian-12", "debian-13", "ubuntu-24.04", "alpine-3.22", "fedora-43"} <= {*SHIPPED}


def test_what_can_be_pulled_is_listed() -> None:
    table = images.available()

    assert {*SHIPPED} <= {*table["name"]}
    assert table.dtypes.to_dict()["cloud_init"] == "bool"


def own(web: Web, **values: object) -> None:
    """Write a catalogue of the user's own with the entry "mine"."""
    entry = {
        "title": "Mine",
        "url": web.url("/files/my%20disk.qcow2"),
        "architecture": "x86_64",
        "format": "qcow2",
        "checksum_url": web.url("/files/SUMS"),
        "checksum_kind": "sha256sums",
        "login": "me",
        "cloud_init": True,
        "uefi": False,
        "guest_agent": True,
        **values,
    }
    lines = [f"{key} = {_toml(value)}" for key, value in entry.items() if value is not None]
    data_home().mkdir(parents=True, exist_ok=True)
    (data_home() / "images.toml").write_text("\n".join(["[mine]", *lines]))


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool | int) else f'"{value}"'


def sums(*rows: tuple[bytes, str]) -> bytes:
    return "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for data, name in rows).encode()


def test_a_user_s_own_entry_is_pulled_by_name_and_held_against_its_checksum(
    web: Web, library: Path, qcow2: bytes
) -> None:
    own(web)
    web.answers["/files/my%20disk.qcow2"] = content(qcow2)
    web.answers["/files/SUMS"] = content(
        b"# all our files\n" + sums((b"", "other"), (qcow2, "my disk.qcow2"))
    )

    image = images.pull("mine")

    assert (image.name, image.origin.checked) == ("mine", "published")
    assert image.disk.read_bytes() == qcow2
    assert "mine" in {*images.available()["name"]}


def test_a_pull_looks_for_something_newer_and_keeps_what_vms_may_stand_on(
    web: Web, library: Path, qcow2: bytes
) -> None:
    own(web)
    newer = (b"\1" * 510 + b"\x55\xaa").ljust(8192, b"\2")
    web.answers["/files/my%20disk.qcow2"] = content(qcow2)
    web.answers["/files/SUMS"] = content(sums((qcow2, "my disk.qcow2")))
    first = images.pull("mine")

    assert images.pull("mine") == first
    assert len(web.asked_for("/files/my%20disk.qcow2")) == 1

    web.answers["/files/my%20disk.qcow2"] = content(newer)
    web.answers["/files/SUMS"] = content(sums((newer, "my disk.qcow2")))
    second = images.pull("mine")

    assert second.disk.read_bytes() == newer
    assert list(images.list()["name"]) == ["mine", f"sha256:{first.sha256}"]
    images.remove(f"sha256:{first.sha256}")
    assert not first.disk.exists()
    assert second.disk.exists()


def test_an_image_that_is_not_what_was_published_is_refused(
    web: Web, library: Path, qcow2: bytes
) -> None:
    own(web)
    web.answers["/files/my%20disk.qcow2"] = content(qcow2)
    web.answers["/files/SUMS"] = content(sums((b"other", "my disk.qcow2")))

    with pytest.raises(ImageError, match="is not what it should be"):
        images.pull("mine")

    assert files_in(library) == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (status(404), "the server answered 404"),
        (content(b"<html>"), "has no digests of my disk.qcow2"),
        (content(sums((b"1", "my disk.qcow2"), (b"2", "my disk.qcow2"))), "has 2 digests"),
        (content(bytes(5 << 20)), "where a few lines were due"),
    ],
)
def test_without_a_published_checksum_nothing_is_pulled(
    web: Web, library: Path, answer: Any, words: str
) -> None:
    own(web)
    web.answers["/files/SUMS"] = answer

    with pytest.raises(ImageError, match=words):
        images.pull("mine")

    assert web.asked_for("/files/my%20disk.qcow2") == []
    assert files_in(library) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"login": None}, "missing or unknown keys: login"),
        ({"colour": "red"}, "missing or unknown keys: colour"),
        ({"uefi": "yes"}, "a uefi that is not of type bool"),
        ({"format": "vhd"}, "a format that is none of"),
        ({"checksum_kind": "md5"}, "a checksum_kind that is none of"),
        ({"url": "file:///etc/passwd"}, "a url that is neither http nor https"),
    ],
)
def test_an_entry_that_is_not_complete_is_told(
    web: Web, library: Path, values: dict[str, object], words: str
) -> None:
    own(web, **values)

    with pytest.raises(SpecError, match=words) as caught:
        images.available()

    assert "images.toml" in str(caught.value)


@pytest.mark.parametrize("text", ["[mine", "mine = 5", "\0"])
def test_a_catalogue_that_makes_no_sense_is_told(library: Path, text: str) -> None:
    data_home().mkdir(parents=True)
    (data_home() / "images.toml").write_text(text)

    with pytest.raises(SpecError, match=r"images\.toml"):
        images.available()


HEX = hashlib.sha512(b"disk").hexdigest()
HEX256 = hashlib.sha256(b"disk").hexdigest()


@pytest.mark.parametrize(
    ("kind", "text", "digest"),
    [
        ("sha512sums", f"{HEX}  disk.img\n", HEX),
        ("sha512sums", f"{HEX} *disk.img\r\n", HEX),
        ("sha256sums", f"{HEX256.upper()}  disk.img\n", HEX256),
        ("sha256-bsd", f"Hash: SHA256\n\n# disk.img: 5\nSHA256 (disk.img) = {HEX256}\n", HEX256),
        ("sha512", HEX, HEX),
    ],
)
def test_checksum_files_of_every_kind_are_read(kind: str, text: str, digest: str) -> None:
    assert published_digest(text, kind, "disk.img", "https://…").value == digest


@pytest.mark.parametrize("text", ["", f"{HEX}  other.img", f"{HEX[:-1]}  disk.img", f"{HEX}"])
def test_a_digest_of_another_file_is_none(text: str) -> None:
    with pytest.raises(ImageError, match="no digests"):
        published_digest(text, "sha512sums", "disk.img", "https://…")


def test_an_entry_tells_what_the_image_supports() -> None:
    assert isinstance(catalogue()["debian-12"], CatalogueEntry)
    assert catalogue()["debian-12"].cloud_init
    assert not catalogue()["cirros-0.6"].cloud_init
