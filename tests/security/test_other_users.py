"""Directories of other users: no VM is made in them, and nothing is left there."""

import os
from pathlib import Path

import pytest

from vmnb import VM
from vmnb.core import runtime
from vmnb.errors import SpecError

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory away")


@pytest.fixture
def theirs(tmp_path: Path, homes: Path) -> Path:
    path = tmp_path / "theirs"
    path.mkdir(mode=0o777)
    path.chmod(0o777)
    os.chown(path, 12345, -1)
    runtime.shutdown()
    return path


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("variable", ["VMNB_HOME", "VMNB_RUNTIME", "VMNB_CACHE"])
def test_no_vm_is_made_in_another_users_directory(
    theirs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, linked: bool
) -> None:
    (tmp_path / "link").symlink_to(theirs)
    monkeypatch.setenv(variable, str(tmp_path / "link" if linked else theirs))
    with pytest.raises(SpecError, match="belongs to another user"):
        VM("web", memory=128).start()
    assert list(theirs.iterdir()) == []
    assert theirs.stat().st_mode & 0o777 == 0o777
    monkeypatch.undo()
    runtime.shutdown()
