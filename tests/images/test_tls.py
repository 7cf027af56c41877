"""Encryption: whose certificate is trusted, and that it is not given up on the way."""

import datetime as dt
import hashlib
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.images.server import Web, content, files_in, redirect
from vmnb import images
from vmnb.errors import ImageError, ImageUnavailableError


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that it has signed itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vmnb test")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[Web]:
    with Web(certificate=certificate) as web:
        yield web


def test_an_image_is_pulled_by_https(
    web: Web,
    secure: Web,
    library: Path,
    certificate: Path,
    qcow2: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure.answers["/disk"] = content(qcow2)

    assert images.pull(secure.url()).disk.read_bytes() == qcow2


def test_a_certificate_that_nobody_vouches_for_is_refused(
    web: Web, secure: Web, library: Path, qcow2: bytes
) -> None:
    secure.answers["/disk"] = content(qcow2)

    with pytest.raises(ImageUnavailableError, match="CERTIFICATE_VERIFY_FAILED") as caught:
        images.pull(secure.url())

    assert "SSL_CERT_FILE" in caught.value.hint
    assert secure.asked == []
    assert files_in(library) == []


@pytest.fixture
def leading_away(
    web: Web, secure: Web, certificate: Path, qcow2: bytes, monkeypatch: pytest.MonkeyPatch
) -> Web:
    """A trusted server that sends one on to another without encryption."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    web.answers["/disk"] = content(qcow2)
    secure.answers["/disk"] = redirect(web.url())
    return secure


def test_a_redirect_that_gives_up_encryption_is_refused(leading_away: Web, library: Path) -> None:
    with pytest.raises(ImageError, match="without encryption"):
        images.pull(leading_away.url())

    assert files_in(library) == []


def test_what_is_held_against_a_digest_may_come_by_any_way(
    leading_away: Web, library: Path, qcow2: bytes
) -> None:
    digest = hashlib.sha256(qcow2).hexdigest()
    assert images.pull(leading_away.url(), sha256=f"sha256:{digest}").disk.read_bytes() == qcow2
