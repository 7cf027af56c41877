"""Disk images in OCI registries: found, proved, verified."""

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.images.registry import INDEX, Registry, digest, layer
from tests.images.server import Web, broken_off, content, files_in, in_turn, redirect
from vmnb import images
from vmnb.errors import ImageError, SpecError


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for docker's configuration, empty as yet."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    (tmp_path / "docker").mkdir()
    return tmp_path / "docker"


@pytest.fixture
def registry(web: Web, library: Path, docker: Path) -> Registry:
    return Registry(web)


def refused(registry: Registry, cache: Path, words: str, reference: str = ":1") -> ImageError:
    with pytest.raises(ImageError, match=words) as caught:
        images.pull(registry.name(reference))
    assert caught.value.hint
    assert files_in(cache) == []
    assert images.list().empty
    return caught.value


def test_a_disk_is_pulled_by_tag(registry: Registry, qcow2: bytes) -> None:
    registry.push_disk("1", qcow2)

    image = images.pull(registry.name())

    assert image.disk.read_bytes() == qcow2
    assert (image.name, image.origin.checked) == (registry.name(), "registry")


def test_a_tag_is_asked_for_each_time_and_its_disk_downloaded_once(
    registry: Registry, qcow2: bytes
) -> None:
    registry.push_disk("1", qcow2)
    images.pull(registry.name())
    images.pull(registry.name())

    assert len(registry.web.asked_for("/v2/lab/disks/manifests/1")) == 2
    assert len(registry.web.asked_for(f"/v2/lab/disks/blobs/{digest(qcow2)}")) == 1


def test_a_manifest_s_digest_is_held_against_it(
    registry: Registry, library: Path, qcow2: bytes
) -> None:
    reference = registry.push_disk("1", qcow2)

    assert images.pull(registry.name(f":1@{reference}")).disk.read_bytes() == qcow2
    images.remove(registry.name(f":1@{reference}"))

    wrong = digest(b"other")
    registry.web.answers[f"/v2/lab/disks/manifests/{wrong}"] = content(b'{"layers": []}')
    refused(registry, library, "a manifest has another digest", f"@{wrong}")


def test_a_disk_with_another_digest_is_refused(
    registry: Registry, library: Path, qcow2: bytes
) -> None:
    registry.push_disk("1", qcow2)
    other = qcow2[:-1] + b"x"
    registry.web.answers[f"/v2/lab/disks/blobs/{digest(qcow2)}"] = content(other)

    refused(registry, library, "is not what it should be")


@pytest.mark.parametrize("change", [-1000, 1000])
def test_a_disk_of_another_length_is_refused(
    registry: Registry, library: Path, qcow2: bytes, change: int
) -> None:
    registry.push_disk("1", qcow2)
    other = qcow2[:change] if change < 0 else qcow2 + bytes(change)
    registry.web.answers[f"/v2/lab/disks/blobs/{digest(qcow2)}"] = content(other)

    refused(registry, library, f"should be {len(qcow2)} bytes long")


def test_a_broken_download_goes_on_where_it_broke_even_without_a_version(
    registry: Registry, qcow2: bytes
) -> None:
    registry.push_disk("1", qcow2)
    path = f"/v2/lab/disks/blobs/{digest(qcow2)}"
    registry.web.answers[path] = in_turn(
        broken_off(qcow2, 1000, etag="W/weak"), content(qcow2, etag=False)
    )

    assert images.pull(registry.name()).disk.read_bytes() == qcow2
    assert registry.web.asked_for(path)[1].headers["Range"] == "bytes=1000-"


def test_an_index_leads_to_the_manifest_for_this_kind_of_processor(
    registry: Registry, qcow2: bytes
) -> None:
    amd64 = registry.push_disk("amd64", qcow2)
    arm64 = registry.push_disk("arm64", b"not this one")
    manifests = [
        {"digest": arm64, "platform": {"os": "linux", "architecture": "arm64"}},
        {"digest": amd64, "platform": {"os": "linux", "architecture": "amd64"}},
    ]
    registry.push("1", {"mediaType": INDEX, "manifests": manifests})

    assert images.pull(registry.name()).disk.read_bytes() == qcow2


def test_a_disk_is_told_by_its_media_type_too(registry: Registry, qcow2: bytes) -> None:
    registry.push_blob(qcow2)
    registry.push("1", {"layers": [layer(qcow2, "application/vnd.example.qcow2")]})

    assert images.pull(registry.name()).disk.read_bytes() == qcow2


def keeps(docker: Path, answer: str, host: str | None = None) -> None:
    """Make a program that keeps a login, for `host` alone where that is given."""
    program = docker / "docker-credential-vault"
    known = f'"$(cat)" = {host}' if host else "1"
    program.write_text(f"#!/bin/sh\ntest \"$1\" = get && test {known} || exit 1\necho '{answer}'\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def auths(docker: Path, host: str, login: str) -> None:
    secret = base64.b64encode(login.encode()).decode()
    (docker / "config.json").write_text(json.dumps({"auths": {host: {"auth": secret}}}))


def test_a_token_is_had_for_the_login_that_docker_keeps(
    registry: Registry, docker: Path, qcow2: bytes
) -> None:
    registry.login = "me:pass word"
    auths(docker, registry.web.host, registry.login)
    registry.push_disk("1", qcow2)

    assert images.pull(registry.name()).disk.read_bytes() == qcow2
    (asked,) = registry.tokens
    assert "service=lab+registry" in asked
    assert "scope=repository%3Ax%3Apull" in asked


def test_a_login_can_be_kept_by_another_program(
    registry: Registry, docker: Path, qcow2: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.login = "me:secret"
    registry.push_disk("1", qcow2)
    keeps(docker, '{"Username": "me", "Secret": "secret"}', registry.web.host)
    monkeypatch.setenv("PATH", str(docker), prepend=":")
    (docker / "config.json").write_text('{"credsStore": "vault"}')

    assert images.pull(registry.name()).disk.read_bytes() == qcow2


@pytest.mark.parametrize("keeper", ["config", "program"])
def test_a_login_can_be_a_token_that_the_registry_gave(
    registry: Registry,
    docker: Path,
    qcow2: bytes,
    monkeypatch: pytest.MonkeyPatch,
    keeper: str,
) -> None:
    registry.login, registry.identity_token = "me:secret", "identity"
    registry.push_disk("1", qcow2)
    config: dict[str, Any] = {"auths": {registry.web.host: {"identitytoken": "identity"}}}
    if keeper == "program":
        config = {"credsStore": "vault"}
        keeps(docker, '{"Username": "<token>", "Secret": "identity"}')
        monkeypatch.setenv("PATH", str(docker), prepend=":")
    (docker / "config.json").write_text(json.dumps(config))

    assert images.pull(registry.name()).disk.read_bytes() == qcow2
    (asked,) = registry.web.asked_for("/token")
    assert "Authorization" not in asked.headers


def test_a_token_for_a_login_is_not_sent_on_elsewhere(
    registry: Registry, library: Path, docker: Path, qcow2: bytes
) -> None:
    registry.login, registry.identity_token = "me:secret", "identity"
    registry.push_disk("1", qcow2)
    config = {"auths": {registry.web.host: {"identitytoken": "identity"}}}
    (docker / "config.json").write_text(json.dumps(config))
    registry.web.answers["/token"] = redirect(registry.web.url("/elsewhere"), 307)

    refused(registry, library, "the server answered 307")
    assert registry.web.asked_for("/elsewhere") == []


@pytest.mark.parametrize("login", ["", "me:wrong"])
def test_a_login_that_is_not_taken_is_told(
    registry: Registry, library: Path, docker: Path, qcow2: bytes, login: str
) -> None:
    registry.login = "me:secret"
    registry.push_disk("1", qcow2)
    if login:
        auths(docker, registry.web.host, login)

    error = refused(registry, library, "the registry does not take")

    assert "docker login" in error.hint
    assert "wrong" not in str(error)


def test_a_password_is_not_sent_elsewhere_without_encryption(
    registry: Registry, library: Path, docker: Path
) -> None:
    auths(docker, registry.web.host, "me:secret")
    challenge = 'Bearer realm="http://example.org/token"'
    registry.web.answers["/v2/lab/disks/manifests/1"] = lambda handler: handler.begin(
        401, WWW_Authenticate=challenge, Content_Length=0
    )

    refused(registry, library, "without encryption")


def test_a_registry_that_asks_for_a_name_and_a_password(
    registry: Registry, library: Path, docker: Path, qcow2: bytes
) -> None:
    registry.push_disk("1", qcow2)
    path = "/v2/lab/disks/manifests/1"
    manifest = registry.web.answers[path]
    registry.web.answers[path] = lambda handler: (
        manifest(handler)
        if handler.headers.get("Authorization") == "Basic bWU6c2VjcmV0"
        else handler.begin(401, WWW_Authenticate='Basic realm="x"', Content_Length=0)
    )
    refused(registry, library, "no login for it is known")

    auths(docker, f"https://{registry.web.host}", "me:secret")
    assert images.pull(registry.name()).disk.read_bytes() == qcow2


@pytest.mark.parametrize(
    "config", ["{", "[]", '{"auths": {"HOST": {"auth": "%%%"}}}', '{"credsStore": "../x"}']
)
def test_a_configuration_that_makes_no_sense_is_told(
    registry: Registry, library: Path, docker: Path, qcow2: bytes, config: str
) -> None:
    registry.login = "me:secret"
    registry.push_disk("1", qcow2)
    (docker / "config.json").write_text(config.replace("HOST", registry.web.host))

    refused(registry, library, r"logins for registries in .*config\.json")


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ({}, "no list of layers"),
        ({"layers": [5]}, "no list of layers"),
        ({"layers": []}, "it has none"),
        ({"layers": [layer(b"x", "application/vnd.oci.image.layer.v1.tar+gzip")]}, r"tar\+gzip"),
        ({"layers": [{"mediaType": "disk", "digest": "sha256:0", "size": 1}]}, "no disk image"),
        ({"layers": [{"mediaType": "disk", "annotations": 5, "digest": 7}]}, "no disk image"),
        ({"manifests": []}, "but for: nothing"),
        ({"manifests": {"a": "b"}}, "no list of manifests"),
    ],
)
def test_a_manifest_without_a_disk_is_told(
    registry: Registry, library: Path, manifest: dict[str, Any], words: str
) -> None:
    registry.push("1", manifest)

    refused(registry, library, words)


def test_an_index_that_leads_to_itself_ends(registry: Registry, library: Path) -> None:
    inner = registry.push("a", {"manifests": [{"digest": digest(b"")}]})
    for tag in ("b", "c", "1"):
        inner = registry.push(tag, {"manifests": [{"digest": inner}]})

    refused(registry, library, "leads to another index for ever")


@pytest.mark.parametrize("data", [b"<html>", b"[]", b"\xff", b"[" * 100_000])
def test_a_manifest_that_is_none_is_told(registry: Registry, library: Path, data: bytes) -> None:
    registry.web.answers["/v2/lab/disks/manifests/1"] = content(data)

    refused(registry, library, "its manifest is")


@pytest.mark.parametrize(
    "name",
    ["oci://", "oci://host", "oci://host/", "oci://host/UPPER:1", "oci://host/a b", "oci:/x"],
)
def test_what_is_no_reference_is_refused(library: Path, name: str) -> None:
    with pytest.raises(SpecError, match=r"no image|not an image in a registry") as caught:
        images.pull(name)

    assert caught.value.hint
