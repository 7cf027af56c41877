"""A registry of OCI artifacts on the test's web server, open or with tokens."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.images.server import Answer, Handler, Web, content

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
TITLE = "org.opencontainers.image.title"


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def layer(data: bytes, media_type: str, title: str = "", **values: object) -> dict[str, Any]:
    entry: dict[str, Any] = {"mediaType": media_type, "digest": digest(data), "size": len(data)}
    return entry | ({"annotations": {TITLE: title}} if title else {}) | values


@dataclass
class Registry:
    """What is pushed to `repository`; with `login` only for who has a token for it.

    A token is had for the login itself, or for the `identity_token` that stands for it.
    """

    web: Web
    repository: str = "lab/disks"
    login: str = ""
    identity_token: str = ""
    tokens: list[str] = field(default_factory=list)

    def push_blob(self, data: bytes) -> str:
        self._serve(f"blobs/{digest(data)}", content(data, etag=False))
        return digest(data)

    def push(self, tag: str, manifest: Mapping[str, Any]) -> str:
        data = json.dumps(manifest).encode()
        for reference in (tag, digest(data)):
            self._serve(f"manifests/{reference}", content(data))
        return digest(data)

    def push_disk(self, tag: str, data: bytes, title: str = "disk.qcow2") -> str:
        self.push_blob(data)
        other = layer(b"{}", "application/vnd.example.readme")
        disk = layer(data, "application/vnd.example.blob", title)
        return self.push(tag, {"mediaType": MANIFEST, "layers": [other, disk]})

    def name(self, reference: str = ":1") -> str:
        return f"oci://{self.web.host}/{self.repository}{reference}"

    def _serve(self, path: str, answer: Answer) -> None:
        self.web.answers[f"/v2/{self.repository}/{path}"] = self._guarded(answer)
        self.web.answers["/token"] = self._give_token

    def _guarded(self, answer: Answer) -> Answer:
        def guarded(handler: Handler) -> None:
            if self.login and handler.headers.get("Authorization") != "Bearer secret-token":
                realm, service = self.web.url("/token"), "lab registry"
                challenge = f'Bearer realm="{realm}",service="{service}",scope="repository:x:pull"'
                handler.begin(401, WWW_Authenticate=challenge, Content_Length=0)
            else:
                answer(handler)

        return guarded

    def _give_token(self, handler: Handler) -> None:
        expected = f"Basic {base64.b64encode(self.login.encode()).decode()}"
        known = handler.headers.get("Authorization") == expected
        if self.identity_token:
            known = handler.form.get("refresh_token") == [self.identity_token]
        if not known:
            handler.begin(401, Content_Length=0)
            return
        self.tokens.append(handler.path)
        content(b'{"token": "secret-token"}')(handler)
