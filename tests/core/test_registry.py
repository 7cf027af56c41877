"""A backend is found by being installed, a third party's as well as our own."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmnb.backends.noop import NoopHypervisor
from vmnb.core.errors import BackendUnavailableError
from vmnb.core.registry import backend_tags, make_hypervisor
from vmnb.core.router import RouterHypervisor

MODULE = """
from vmnb.backends.noop import NoopHypervisor
from vmnb.core.errors import BackendUnavailableError

class Mine(NoopHypervisor):
    tag = "mine"

class Raises:
    def __init__(self):
        raise ZeroDivisionError("its own fault")

class Says:
    def __init__(self):
        raise BackendUnavailableError("no hardware for it")
"""
ENTRY_POINTS = """
[vmnb.backends]
mine = third_party_backend:Mine
raises = third_party_backend:Raises
says = third_party_backend:Says
no-class = third_party_backend:Nothing
no-module = third_party_backend_that_is_not_there:Mine
"""


@pytest.fixture
def _third_party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a distribution of a third party, as an installer would."""
    site = tmp_path / "site"
    info = site / "third_party_backend-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: third-party-backend\nVersion: 1\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (site / "third_party_backend.py").write_text(MODULE)
    monkeypatch.syspath_prepend(site)
    importlib.invalidate_caches()
    yield
    sys.modules.pop("third_party_backend", None)


def test_our_own_backends_are_installed() -> None:
    assert {"noop", "qemu"} <= set(backend_tags())
    assert isinstance(make_hypervisor("noop"), NoopHypervisor)


@pytest.mark.usefixtures("_third_party")
def test_a_backend_of_a_third_party_works_by_being_installed() -> None:
    assert "mine" in backend_tags()
    assert make_hypervisor("mine").tag == "mine"
    assert RouterHypervisor(preferred="mine").backend("mine").tag == "mine"


def test_an_unknown_backend_is_refused_and_the_known_ones_are_told() -> None:
    with pytest.raises(BackendUnavailableError, match="'xen'") as caught:
        make_hypervisor("xen")
    assert "noop" in caught.value.hint


@pytest.mark.usefixtures("_third_party")
@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("no-module", "No module named"),
        ("no-class", "Nothing"),
        ("raises", "ZeroDivisionError: its own fault"),
        ("says", "^no hardware for it$"),
    ],
)
def test_a_backend_that_cannot_be_made_says_why(tag: str, reason: str) -> None:
    with pytest.raises(BackendUnavailableError, match=reason):
        make_hypervisor(tag)
