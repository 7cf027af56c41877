"""The SSH keys that were made for VMs: whether they are this user's alone."""

import os
import stat
from pathlib import Path

from vmnb.core.errors import VmnbError
from vmnb.diagnosis.finding import Finding, Level
from vmnb.diagnosis.handles import known_handles
from vmnb.guest.ssh_place import key_path

__all__ = ["look_at_keys"]


def look_at_keys() -> Finding:
    """Return whether each VM's key is there, and nobody else can read it."""
    try:
        keys = _keys()
    except VmnbError as error:
        return Finding(subject="keys", level=Level.BAD, found=error.message, remedy=error.hint)
    missing = [path for path in keys if not path.exists()]
    open_ones = [path for path in keys if path.exists() and not _is_private(path)]
    facts = {"keys": len(keys), "missing": len(missing), "readable_by_others": len(open_ones)}
    if open_ones:
        paths = " ".join(f"'{path}'" for path in open_ones)
        return Finding(
            subject="keys",
            level=Level.BAD,
            found=f"others can read {len(open_ones)} of the keys, and ssh takes none such",
            remedy=f"chmod 600 {paths}",
            facts=facts,
        )
    if missing:
        return Finding(
            subject="keys",
            level=Level.WARNING,
            found=f"there is no {', '.join(map(str, missing))}",
            remedy="make these VMs anew: vmnb destroy NAME",
            facts=facts,
        )
    return Finding(
        subject="keys", level=Level.OK, found=f"{len(keys)} keys of VMs, all private", facts=facts
    )


def _keys() -> list[Path]:
    return [
        key_path(handle.work_dir)
        for handle in known_handles()
        if handle.work_dir and handle.spec.ssh and handle.spec.ssh.private_key is None
    ]


def _is_private(path: Path) -> bool:
    info = path.stat()
    return info.st_uid == os.getuid() and not stat.S_IMODE(info.st_mode) & 0o077
