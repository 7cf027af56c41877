"""Pulling images: what comes, and what is refused with nothing left."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.images.pulls import refused, sha256
from tests.images.server import Web, chunked, content, files_in, promising, redirect, status
from vmnb import images
from vmnb.errors import ImageError, ImageUnavailableError, SpecError


def test_an_image_is_pulled_once_and_recognised_by_content(
    web: Web, library: Path, qcow2: bytes
) -> None:
    web.answers["/disk"] = content(qcow2)

    first = images.pull(web.url())
    again = images.pull(web.url())

    assert first == again
    assert len(web.asked) == 1
    assert (first.format, first.disk_size_bytes) == ("qcow2", 1 << 20)
    assert first.sha256 == sha256(qcow2) == first.origin.digests["sha256"]
    assert first.disk.read_bytes() == qcow2
    assert first.disk.stat().st_mode & 0o077 == 0
    assert first.disk.parent.stat().st_mode & 0o077 == 0


def test_what_has_no_stated_length_is_pulled_too(web: Web, library: Path, qcow2: bytes) -> None:
    web.answers["/disk"] = chunked(qcow2)

    assert images.pull(web.url()).sha256 == sha256(qcow2)


def test_a_digest_that_is_right_is_taken(web: Web, library: Path, qcow2: bytes) -> None:
    web.answers["/disk"] = content(qcow2)
    sha512 = hashlib.sha512(qcow2).hexdigest()

    assert images.pull(web.url(), sha512=sha512).origin.checked == "given"
    assert images.pull(f"{web.url()}#sha256={sha256(qcow2).upper()}").name == web.url()
    assert len(web.asked) == 1


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_wrong_digest_is_refused(web: Web, library: Path, qcow2: bytes, algorithm: str) -> None:
    web.answers["/disk"] = content(qcow2)
    wrong = hashlib.new(algorithm, b"other").hexdigest()
    digest = {algorithm: wrong}

    refused(
        *(web, library, f"should be {algorithm}:{wrong}"),
        sha256=digest.get("sha256"),
        sha512=digest.get("sha512"),
    )


def test_another_digest_than_before_is_not_taken_from_the_cache(
    web: Web, library: Path, qcow2: bytes
) -> None:
    web.answers["/disk"] = content(qcow2)
    images.pull(web.url())

    with pytest.raises(ImageError, match="digest"):
        images.pull(web.url(), sha256="0" * 64)

    assert images.inspect(web.url()).sha256 == sha256(qcow2)


@pytest.mark.parametrize(
    ("code", "error", "hint"),
    [
        (404, ImageError, "moved on"),
        (403, ImageError, "who asks"),
        (500, ImageUnavailableError, "try again later"),
        (503, ImageUnavailableError, "try again later"),
    ],
)
def test_an_error_of_the_server_is_told(
    web: Web, library: Path, code: int, error: type[ImageError], hint: str
) -> None:
    web.answers["/disk"] = status(code)

    refused(web, library, f"the server answered {code}.*\n.*{hint}", error)
    assert len(web.asked) == 1


def test_a_redirect_is_followed(web: Web, library: Path, qcow2: bytes) -> None:
    web.answers |= {"/disk": redirect("/other"), "/other": content(qcow2)}

    assert images.pull(web.url()).sha256 == sha256(qcow2)


def test_redirects_in_a_circle_end(web: Web, library: Path) -> None:
    web.answers |= {"/disk": redirect("/other"), "/other": redirect("/disk")}

    refused(web, library, "leads elsewhere more than")
    assert len(web.asked) < 20


@pytest.mark.parametrize("to", ["ftp://example.org/disk", "file:///etc/passwd", "http://"])
def test_a_redirect_to_what_is_no_address_is_refused(web: Web, library: Path, to: str) -> None:
    web.answers["/disk"] = redirect(to)

    refused(web, library, "leads to what is no address|cannot be had|broke|reach")


def test_a_length_shorter_than_the_image_is_found_out(
    web: Web, library: Path, qcow2: bytes
) -> None:
    web.answers["/disk"] = promising(len(qcow2) - 200_000, qcow2)

    refused(web, library, "damaged or was cut off")


def test_a_server_that_sends_a_part_unasked_is_refused(
    web: Web, library: Path, qcow2: bytes
) -> None:
    web.answers["/disk"] = lambda handler: handler.begin(
        206, Content_Range=f"bytes 5-9/{len(qcow2)}", Content_Length=0
    )

    refused(web, library, "a part that was not asked for")


def test_nobody_there_is_told(library: Path, web: Web) -> None:
    with Web() as gone:
        url = gone.url()

    with pytest.raises(ImageUnavailableError, match="cannot reach http://127") as caught:
        images.pull(url)

    assert "PROXY" in caught.value.hint
    assert files_in(library) == []


def test_a_page_in_place_of_an_image_is_no_image(web: Web, library: Path) -> None:
    web.answers["/disk"] = content(b"<html>Welcome to the airport</html>" * 40)

    refused(web, library, r"http://127.*/disk is not a disk image")


def test_a_raw_disk_that_begins_like_one_with_a_backing_file_is_refused(
    web: Web, library: Path, tmp_path: Path
) -> None:
    argv = ["qemu-img", "create", "-f", "qcow2", "-F", "raw", "-b", "/etc/passwd", "leak", "1M"]
    subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True)
    web.answers["/disk"] = content((tmp_path / "leak").read_bytes().ljust(1 << 20, b"\0"))

    refused(web, library, "has a backing file: a guest could read other files")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://", "address"),
        ("https://user:secret@example.org/disk", "a password in it"),
        ("ftp://example.org/disk", "not an address that images"),
        ("https://example.org/\ud800", "address"),
        ("http://example.org/disk#sha256=abc", "not a digest by sha256"),
        ("http://example.org/disk#md5=abc", "no digest is called 'md5'"),
        ("no-such-image", "there is no image 'no-such-image'"),
        ("", "not the name of an image"),
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_made(
    library: Path, text: str, words: str
) -> None:
    with pytest.raises(SpecError, match=words) as caught:
        images.pull(text)

    assert "secret" not in str(caught.value)
    assert not library.exists()


@pytest.mark.parametrize(
    "digest", [{"sha256": "abc"}, {"sha512": "0" * 64}, {"sha256": "0" * 64, "sha512": "0" * 128}]
)
def test_a_digest_that_is_none_is_refused(library: Path, digest: dict[str, str]) -> None:
    with pytest.raises(SpecError, match="digest"):
        images.pull("http://127.0.0.1:1/disk", **digest)


PULLER = "import sys; from vmnb import images; print(images.pull(sys.argv[1]).sha256)"


def test_two_processes_that_pull_the_same_download_it_once(
    web: Web, library: Path, qcow2: bytes
) -> None:
    web.answers["/disk"] = content(qcow2)
    argv = [sys.executable, "-c", PULLER, web.url()]
    pullers = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]

    said = [puller.communicate()[0].strip() for puller in pullers]

    assert said == [sha256(qcow2)] * 2
    assert len(web.asked) == 1
