"""The directories of VMs, images and sockets: whose they are, who can enter, how much room is."""

import os
import shutil
import stat
from pathlib import Path

from vmnb.backends.qemu.files import Sockets
from vmnb.core.errors import SpecError
from vmnb.core.paths import cache_home, data_home, runtime_home
from vmnb.diagnosis.finding import Finding, Level

__all__ = ["look_at_places"]

_MIB = 1 << 20
_LOW_MIB, _FULL_MIB = 2048, 256
_AN_ID = "0" * 32


def look_at_places() -> list[Finding]:
    """Return what is the matter with each directory; none is made or changed."""
    try:
        homes = {
            "VMNB_HOME": data_home().absolute(),
            "VMNB_CACHE": cache_home().absolute(),
            "VMNB_RUNTIME": runtime_home().absolute(),
        }
    except SpecError as error:
        return [Finding(subject="places", level=Level.BAD, found=error.message, remedy=error.hint)]
    return [*(_place(variable, path) for variable, path in homes.items()), _sockets()]


def _place(variable: str, path: Path) -> Finding:
    """Return what there is of the directory that `variable` moves."""
    nearest = next(each for each in (path, *path.parents) if each.exists())
    free_mib = shutil.disk_usage(nearest).free // _MIB
    level, found, remedy = _problem(variable, path, nearest, free_mib)
    info = path.stat() if path.exists() else None
    return Finding(
        subject=variable,
        level=level,
        found=found,
        remedy=remedy,
        facts={
            "path": str(path),
            "exists": info is not None,
            "owner_uid": info.st_uid if info else None,
            "mode": f"{stat.S_IMODE(info.st_mode):04o}" if info else None,
            "path_bytes": len(os.fsencode(path)),
            "free_mib": free_mib,
        },
    )


def _problem(variable: str, path: Path, nearest: Path, free_mib: int) -> tuple[Level, str, str]:
    """Return the worst that is the matter with a directory, and what mends it."""
    elsewhere = f"choose another place: export {variable}=DIRECTORY"
    room = f"{free_mib} MiB are free at {path}"
    if nearest == path and path.stat().st_uid != os.getuid():
        return Level.BAD, f"{path} belongs to another user", elsewhere
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return Level.BAD, f"{path} cannot be written: {nearest} does not let you", elsewhere
    if nearest == path and path.stat().st_mode & stat.S_ISVTX:
        return Level.BAD, f"{path} is shared by all users", elsewhere
    if free_mib < _FULL_MIB:
        return Level.BAD, f"the disk is full: {room}", f"free some space, or {elsewhere}"
    if nearest == path and stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Level.WARNING, f"others can enter {path}", f"chmod 700 '{path}'"
    if free_mib < _LOW_MIB:
        return Level.WARNING, f"only {room}", f"free some space, or {elsewhere}"
    return Level.OK, room if nearest == path else f"{room}, which is made when needed", ""


def _sockets() -> Finding:
    """Return whether the paths of sockets are short enough."""
    try:
        sockets = Sockets.of(_AN_ID)
    except SpecError as error:
        return Finding(subject="sockets", level=Level.BAD, found=error.message, remedy=error.hint)
    home, used = runtime_home().absolute(), sockets.directory.parent
    if used != home:
        return Finding(
            subject="sockets",
            level=Level.WARNING,
            found=f"{home} is too deep for sockets; they are in {used}",
            remedy="name a shorter directory: export VMNB_RUNTIME=DIRECTORY",
            facts={"path": str(used)},
        )
    return Finding(
        subject="sockets",
        level=Level.OK,
        found=f"in {home}",
        facts={
            "path": str(home),
            "longest_bytes": max(len(os.fsencode(path)) for path in sockets.all),
        },
    )
