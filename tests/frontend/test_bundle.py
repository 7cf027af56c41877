import hashlib
import re
from pathlib import Path

import pytest

from vmnb.core.errors import VmnbError
from vmnb.notebook.widget import assets

# Each widget's state carries the bootstrap, and so does each saved notebook.
BOOTSTRAP_LIMIT_BYTES = 14_000


def test_the_bundle_is_built_and_the_bootstrap_knows_its_digest() -> None:
    bundle = assets.bundle()
    assert bundle.digest == hashlib.sha256(bundle.script + bundle.style).hexdigest()
    assert bundle.digest in assets.bootstrap()
    assert b".xterm" in bundle.style


def test_a_live_screen_is_a_bundle_of_its_own_that_the_first_one_knows() -> None:
    screen, widget = assets.bundle("screen"), assets.bundle()
    assert screen.digest == hashlib.sha256(screen.script).hexdigest()
    assert screen.digest.encode() in widget.script
    assert len(screen.script) > 100_000
    assert b"003.008" in screen.script
    assert b"003.008" not in widget.script
    with pytest.raises(VmnbError, match="there is no bundle 'other'"):
        assets.bundle("other")


def test_the_bootstrap_is_small() -> None:
    assert len(assets.bootstrap().encode()) < BOOTSTRAP_LIMIT_BYTES


def test_nothing_is_fetched_from_elsewhere() -> None:
    bundle = assets.bundle()
    scripts = bundle.script + assets.bundle("screen").script
    built = scripts.decode() + bundle.style.decode() + assets.bootstrap()
    addresses = set(re.findall(r"https?://[\w.-]+", built))
    assert addresses <= {"http://www.w3.org"}, "only the name of SVG's namespace"


def test_a_missing_bundle_is_an_error_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "STATIC_DIR", tmp_path)
    with pytest.raises(VmnbError, match="not built") as caught:
        assets.bootstrap()
    assert "pip install" in caught.value.hint
