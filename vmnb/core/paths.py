"""Where files live: big things in the data and cache homes, sockets in a short runtime home.

``VMNB_HOME`` (store and work directories), ``VMNB_CACHE`` (images) and ``VMNB_RUNTIME`` (sockets)
move them; otherwise they follow the XDG base directory specification, which says to ignore a
relative path (https://specifications.freedesktop.org/basedir-spec/).
"""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from vmnb.core.errors import SpecError

__all__ = [
    "SOCKET_PATH_MAX",
    "cache_home",
    "data_home",
    "private_dir",
    "runtime_home",
    "socket_dir",
    "socket_homes",
]

SOCKET_PATH_MAX = 107
"""Longest path of a Unix socket in bytes: ``sun_path`` has 108 with its final zero (unix(7))."""

_ELSEWHERE = "choose another place with VMNB_HOME, VMNB_CACHE, VMNB_RUNTIME"


def private_dir(path: Path) -> Path:
    """Make `path` a directory that only this user can enter, and return it.

    Directories missing above it are made as private, whatever the umask.

    Raises
    ------
    SpecError
        It belongs to another user, is shared by all users, or cannot be made.
    """
    try:
        for missing in [p for p in reversed((path, *path.parents)) if not p.exists()]:
            missing.mkdir(mode=0o700, exist_ok=True)
        _require_own(path)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o700)
    except OSError as error:
        raise SpecError(
            f"cannot make the directory {path}: {error.strerror}",
            hint=f"make its parent writable, or {_ELSEWHERE}",
        ) from error
    return path


def data_home() -> Path:
    """Return the directory of the store and of the work directories.

    Raises
    ------
    SpecError
        It belongs to another user than this one and root.
    """
    return _home("VMNB_HOME", "XDG_DATA_HOME", ".local/share")


def cache_home() -> Path:
    """Return the directory of images and of what can be made again.

    Raises
    ------
    SpecError
        It belongs to another user than this one and root.
    """
    return _home("VMNB_CACHE", "XDG_CACHE_HOME", ".cache")


def runtime_home() -> Path:
    """Return the short directory of sockets, on a local file system.

    Raises
    ------
    SpecError
        It belongs to another user than this one and root.
    """
    if own := os.environ.get("VMNB_RUNTIME"):
        return _trusted(Path(own).absolute())
    base = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    # It may be that of another user: su and sudo can keep the variable.
    if base.is_absolute() and base.is_dir() and base.stat().st_uid == os.getuid():
        return _trusted(base / "vmnb")
    return _trusted(Path(tempfile.gettempdir()) / f"vmnb-{os.getuid()}")


def socket_homes() -> tuple[Path, Path]:
    """Return the two directories below which there may be sockets, the preferred one first."""
    fallback = Path(tempfile.gettempdir()) / f"vmnb-{os.getuid()}"
    return runtime_home().absolute(), fallback.absolute()


def socket_dir(name: str, longest: str) -> Path:
    """Return a directory for sockets, in the runtime home or, were it too deep, in ``/tmp``.

    Parameters
    ----------
    name, longest
        The directory's own name, and the longest name of a socket in it.

    Raises
    ------
    SpecError
        There is no place that is short enough.
    """
    for home in socket_homes():
        directory = home / name
        length = len(os.fsencode(directory / longest))
        if length <= SOCKET_PATH_MAX:
            return directory
    raise SpecError(
        f"{directory} is too deep for sockets: their paths would have {length} bytes, "
        f"and a Unix socket's path may have {SOCKET_PATH_MAX}",
        hint="name a shorter directory in VMNB_RUNTIME",
    )


def _home(own: str, xdg: str, fallback: str) -> Path:
    if os.environ.get(own):
        return _trusted(Path(os.environ[own]).absolute())
    base = Path(os.environ.get(xdg, ""))
    return _trusted((base if base.is_absolute() else _user_home(own) / fallback) / "vmnb")


def _user_home(own: str) -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise SpecError(
            "this user has no home directory",
            hint=f"set HOME, or {own} to a directory of your own",
        ) from error


def _trusted(path: Path) -> Path:
    """Return `path`, unless another user could have left something there for us to find."""
    owners: set[int] = set()
    with suppress(OSError):  # what is not there yet is made, and what cannot be reached told of
        owners = {path.lstat().st_uid, path.stat().st_uid}
    if owners - {0, os.getuid()}:
        raise _anothers(path)
    return path


def _require_own(path: Path) -> None:
    """Raise SpecError unless the directory, and a link to it, are this user's alone."""
    info = path.stat()
    if info.st_uid != os.getuid() or path.lstat().st_uid not in (0, os.getuid()):
        raise _anothers(path)
    if info.st_mode & stat.S_ISVTX and info.st_mode & stat.S_IWOTH:
        raise SpecError(
            f"{path} is shared by all users, and what is kept there must be private",
            hint=f"{_ELSEWHERE}; a directory inside it will do",
        )


def _anothers(path: Path) -> SpecError:
    return SpecError(
        f"{path} belongs to another user, not to you", hint=f"remove it, or {_ELSEWHERE}"
    )
