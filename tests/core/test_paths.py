"""Where files live, and who may enter there."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vmnb.core.errors import SpecError
from vmnb.core.paths import cache_home, data_home, private_dir, runtime_home

HOMES = (data_home, cache_home, runtime_home)
VARIABLES = ("VMNB_HOME", "VMNB_CACHE", "VMNB_RUNTIME")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("no_umask")
def test_every_directory_that_is_made_is_private_whatever_the_umask(tmp_path: Path) -> None:
    made = private_dir(tmp_path / "a" / "b" / "c")
    assert [mode_of(path) for path in (made, made.parent, made.parent.parent)] == [0o700] * 3


def test_a_directory_that_others_could_enter_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "lax").mkdir(mode=0o755)
    assert mode_of(private_dir(tmp_path / "lax")) == 0o700


def test_a_directory_that_all_users_share_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(SpecError, match="shared by all users"):
        private_dir(shared)
    assert mode_of(shared) == 0o1777


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("linked", [False, True])
def test_what_belongs_to_another_user_is_refused(tmp_path: Path, linked: bool) -> None:
    path = tmp_path / "theirs"
    if linked:
        (tmp_path / "mine").mkdir()
        path.symlink_to(tmp_path / "mine")
    else:
        path.mkdir()
    os.chown(path, 12345, -1, follow_symlinks=False)
    with pytest.raises(SpecError, match="belongs to another user"):
        private_dir(path)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory away")
@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize(("home", "variable"), list(zip(HOMES, VARIABLES, strict=True)))
def test_a_home_that_belongs_to_another_user_is_not_even_read(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    home: Callable[[], Path],
    variable: str,
    linked: bool,
) -> None:
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 12345, -1)
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    monkeypatch.setenv(variable, str(tmp_path / ("link" if linked else "theirs")))
    with pytest.raises(SpecError, match="belongs to another user"):
        home()


def test_a_link_of_ones_own_is_followed(tmp_path: Path) -> None:
    (tmp_path / "big disk").mkdir()
    (tmp_path / "home").symlink_to(tmp_path / "big disk")
    private_dir(tmp_path / "home")
    assert mode_of(tmp_path / "big disk") == 0o700


def test_a_file_in_the_way_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SpecError, match="cannot make the directory"):
        private_dir(tmp_path / "file" / "below")


def test_each_home_follows_its_own_variable_and_never_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in VARIABLES:
        monkeypatch.setenv(variable, "relative")
    assert [home() for home in HOMES] == [tmp_path / "relative"] * 3


def test_without_a_variable_of_their_own_they_follow_xdg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"VMNB_HOME": "XDG_DATA_HOME", "VMNB_CACHE": "XDG_CACHE_HOME"}
    for own, xdg in (names | {"VMNB_RUNTIME": "XDG_RUNTIME_DIR"}).items():
        monkeypatch.delenv(own)
        monkeypatch.setenv(xdg, str(tmp_path))
    assert [home() for home in HOMES] == [tmp_path / "vmnb"] * 3


def test_a_relative_xdg_path_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("VMNB_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "here")
    assert data_home() == tmp_path / ".local" / "share" / "vmnb"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory away")
def test_the_runtime_directory_of_another_user_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VMNB_RUNTIME")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    os.chown(tmp_path, 12345, -1)
    try:
        assert tmp_path not in runtime_home().parents
    finally:
        os.chown(tmp_path, os.getuid(), -1)
