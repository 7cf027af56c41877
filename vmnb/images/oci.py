"""Disk images in OCI registries, where they are one layer of an artifact.

After the OCI distribution and image specifications: a manifest, perhaps chosen from an index by
platform, lists layers by their digest; a registry that wants to know who asks says where a token
is to be had.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import httpx

from vmnb.core.errors import ImageError, SpecError
from vmnb.images.checksum import Digest
from vmnb.images.download import Remote
from vmnb.images.oci_auth import authorization
from vmnb.images.web import asked, is_loopback, read_small, require_good

__all__ = ["OciSource"]

_MANIFEST_MAX_BYTES = 4 << 20  # the least that a registry must take; no one writes longer ones
_NESTING_MAX = 3
_REFERENCE = re.compile(
    r"(?P<host>[A-Za-z0-9.-]+(?::\d+)?|\[[0-9A-Fa-f:]+\](?::\d+)?)"
    r"/(?P<repository>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
    r"(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@sha256:(?P<digest>[0-9a-f]{64}))?",
    re.ASCII,
)
_ACCEPTED = ", ".join(
    [
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    ]
)
_TITLE = "org.opencontainers.image.title"


@dataclass(frozen=True, slots=True, kw_only=True)
class OciSource:
    """A disk image in a registry.

    Parameters
    ----------
    host, repository
        Where it is.
    reference
        A tag, or the digest of a manifest.
    given
        The digest that the user gave for the disk.
    """

    name: str
    host: str
    repository: str
    reference: str
    given: Digest | None = None
    checked: str = "registry"

    @classmethod
    def parse(cls, text: str, given: Digest | None = None) -> Self:
        """Read ``oci://host/repository:tag`` or ``oci://host/repository@sha256:…``.

        Raises
        ------
        SpecError
            It is not so written.
        """
        match = _REFERENCE.fullmatch(text[len("oci://") :])
        if match is None:
            raise SpecError(
                f"{text!r} is not an image in a registry",
                hint='write it as "oci://host/repository:tag", in lower case',
            )
        reference = f"sha256:{match['digest']}" if match["digest"] else match["tag"] or "latest"
        return cls(
            name=text,
            host=match["host"],
            repository=match["repository"],
            reference=reference,
            given=given,
        )

    @property
    def moves(self) -> bool:
        """A tag does, a digest does not."""
        return not self.reference.startswith("sha256:")

    async def locate(self, http: httpx.AsyncClient) -> Remote:
        """Ask the registry for the manifest, and find the disk in it."""
        headers, manifest = await self._manifest(http)
        layer = _disk_layer(manifest, self.name)
        return Remote(
            url=f"{self._base}/blobs/sha256:{layer.digest.value}",
            called=self.name,
            headers=headers,
            expected=_same(self.given, layer.digest, self.name),
            size_bytes=layer.size_bytes,
        )

    @property
    def _base(self) -> str:
        # As all clients do: without encryption on this very machine, and nowhere else.
        scheme = "http" if is_loopback(self.host) else "https"
        return f"{scheme}://{self.host}/v2/{self.repository}"

    async def _manifest(self, http: httpx.AsyncClient) -> tuple[dict[str, str], Mapping[str, Any]]:
        """Return how to prove who asks, and the manifest."""
        headers: dict[str, str] = {}
        reference = self.reference
        for _ in range(_NESTING_MAX):
            content = await self._fetch(http, reference, headers)
            manifest = _parsed(content, reference, self.name)
            if "manifests" not in manifest:
                return headers, manifest
            reference = str(_chosen(manifest, self.name).get("digest"))
        raise _senseless(self.name, "its index leads to another index for ever")

    async def _fetch(
        self, http: httpx.AsyncClient, reference: str, headers: dict[str, str]
    ) -> bytes:
        """Fetch a manifest; where the registry asks for it, `headers` gets a proof first."""
        url = f"{self._base}/manifests/{reference}"
        async with asked(http, url, {"Accept": _ACCEPTED, **headers}) as response:
            challenge = response.headers.get("WWW-Authenticate", "")
            if response.status_code != 401 or headers:
                require_good(response, self.name)
                return await read_small(response, url, _MANIFEST_MAX_BYTES)
        headers["Authorization"] = await authorization(
            http, challenge, self.host, self.repository, self.name
        )
        return await self._fetch(http, reference, headers)


@dataclass(frozen=True, slots=True)
class _Layer:
    digest: Digest
    size_bytes: int


def _parsed(content: bytes, reference: str, name: str) -> Mapping[str, Any]:
    _, is_digest, value = reference.partition(":")
    if is_digest and hashlib.sha256(content).hexdigest() != value:
        raise ImageError(
            f"{name} is not what it should be: a manifest has another digest than {reference}",
            hint="do not use it, and ask who publishes it",
        )
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _senseless(name, "its manifest is not JSON") from error
    if not isinstance(manifest, dict):
        raise _senseless(name, "its manifest is no object")
    return manifest


def _chosen(index: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the manifest for this kind of processor, or the only one that there is."""
    manifests = [it for it in _objects(index, "manifests", name) if _is_digest(it.get("digest"))]
    fitting = [it for it in manifests if _platform(it) == ("linux", "amd64")]
    if not fitting and len(manifests) == 1:
        return manifests[0]
    if not fitting:
        found = ", ".join("/".join(map(str, _platform(it))) for it in manifests) or "nothing"
        raise _senseless(name, f"it has no image for linux/amd64, but for: {found}")
    return fitting[0]


def _platform(entry: Mapping[str, Any]) -> tuple[object, object]:
    platform = entry.get("platform")
    values = platform if isinstance(platform, dict) else {}
    return values.get("os"), values.get("architecture")


def _disk_layer(manifest: Mapping[str, Any], name: str) -> _Layer:
    layers = _objects(manifest, "layers", name)
    texts = [_text(layer) for layer in layers]
    for word in ("qcow2", "disk"):
        for layer, text in zip(layers, texts, strict=True):
            size = layer.get("size")
            if word in text and _is_digest(layer.get("digest")) and isinstance(size, int):
                return _Layer(Digest("sha256", str(layer["digest"])[len("sha256:") :]), size)
    raise _senseless(name, f"none of its layers is a disk: {'; '.join(texts) or 'it has none'}")


def _text(layer: Mapping[str, Any]) -> str:
    """Return the media type and the title of a layer."""
    notes = layer.get("annotations")
    title = notes.get(_TITLE, "") if isinstance(notes, dict) else ""
    return f"{layer.get('mediaType', '')} {title}".strip().lower()[:200]


def _objects(values: Mapping[str, Any], key: str, name: str) -> list[Mapping[str, Any]]:
    found = values.get(key)
    if not isinstance(found, list) or not all(isinstance(it, dict) for it in found):
        raise _senseless(name, f"its manifest has no list of {key}")
    return found


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"sha256:[0-9a-f]{64}", value) is not None


def _same(given: Digest | None, layer: Digest, name: str) -> Digest:
    if given and given.algorithm == layer.algorithm and given != layer:
        raise ImageError(
            f"{name} is not what it should be: the disk in it is {layer}, and should be {given}",
            hint="see whether the digest is still right",
        )
    return given or layer


def _senseless(name: str, what: str) -> ImageError:
    return ImageError(
        f"{name} has no disk image that can be used: {what}",
        hint="an image of containers is none; push a disk with: oras push HOST/REPO:TAG disk.qcow2",
    )
