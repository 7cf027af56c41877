"""Whether VMs of this user may join a bridge of the host."""

import os
import stat
from pathlib import Path

from vmnb.backends.qemu.network.tap import BRIDGE_RULES, bridge_helper
from vmnb.diagnosis.finding import Finding, Level

__all__ = ["look_at_bridges", "look_at_helper"]

_SUBJECT = "bridges"
_STATUS = Path("/proc/self/status")
_NET_ADMIN = 12
"""The number of ``CAP_NET_ADMIN`` (capabilities(7))."""

_FILE_CAPABILITIES = "security.capability"


def look_at_bridges() -> Finding:
    """Return whether a tap interface can be made: by this user, or by QEMU's helper."""
    if _may_itself():
        return Finding(subject=_SUBJECT, level=Level.OK, found="this process has CAP_NET_ADMIN")
    helper = bridge_helper()
    if helper is None:
        return Finding(
            subject=_SUBJECT,
            level=Level.WARNING,
            found="no VM can join a bridge: there is no qemu-bridge-helper, nor CAP_NET_ADMIN",
            remedy="sudo apt-get install qemu-system-common",
        )
    return look_at_helper(helper, BRIDGE_RULES)


def look_at_helper(helper: Path, rules: Path) -> Finding:
    """Return whether `helper` has the right to make an interface, and `rules` allow a bridge."""
    has_right = _is_setuid_root(helper) or _has_capability(helper)
    allowed = _allowed(rules)
    lacks = {}
    if not has_right:
        remedy = f"sudo setcap cap_net_admin+ep {helper}"
        lacks[f"{helper} has no right to make an interface"] = remedy
    if allowed == "":
        remedy = f"sudo mkdir -p {rules.parent}; echo 'allow br0' | sudo tee -a {rules}"
        lacks[f"{rules} allows no bridge"] = remedy
    return Finding(
        subject=_SUBJECT,
        level=Level.WARNING if lacks else Level.OK,
        found="; ".join(lacks) or f"{helper} lets VMs join: {allowed or f'see {rules}'}",
        remedy="; ".join(lacks.values()),
        facts={"helper_path": str(helper), "has_right": has_right, "allowed": allowed},
    )


def _may_itself() -> bool:
    if not _STATUS.exists():  # another system than Linux
        return False
    lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
    return bool(int(lines["CapEff"], 16) >> _NET_ADMIN & 1)


def _is_setuid_root(helper: Path) -> bool:
    info = helper.stat()
    return bool(info.st_mode & stat.S_ISUID) and info.st_uid == 0


def _has_capability(helper: Path) -> bool:
    try:
        return bool(os.getxattr(helper, _FILE_CAPABILITIES))
    except OSError:
        return False


def _allowed(rules: Path) -> str | None:
    """Return the lines that allow something; None where they are not for this user to read."""
    try:
        lines = [line.strip() for line in rules.read_text().splitlines()]
    except FileNotFoundError:
        return ""
    except OSError:  # the helper, which is root, can read it
        return None
    return ", ".join(line for line in lines if line.startswith(("allow", "include")))
