"""Whether VMs of this user may join a bridge of the host."""

import os
import stat
from pathlib import Path

from vmnb.backends.qemu.tap import BRIDGE_RULES, bridge_helper
from vmnb.diagnosis.finding import Finding, Level

__all__ = ["look_at_bridges"]

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
    facts: dict[str, str | int | bool | None] = {
        "helper_path": str(helper),
        "setuid_root": _is_setuid_root(helper),
        "capability": _has_capability(helper),
        "rules": _rules(),
    }
    lacks = _lacks(helper, facts)
    return Finding(
        subject=_SUBJECT,
        level=Level.WARNING if lacks else Level.OK,
        found="; ".join(what for what, _ in lacks) or f"{helper} lets VMs join: {facts['rules']}",
        remedy="; ".join(remedy for _, remedy in lacks),
        facts=facts,
    )


def _lacks(helper: Path, facts: dict[str, str | int | bool | None]) -> list[tuple[str, str]]:
    lacks = []
    if not facts["setuid_root"] and not facts["capability"]:
        lacks.append(
            (
                f"{helper} has no right to make an interface",
                f"sudo setcap cap_net_admin+ep {helper}",
            )
        )
    if facts["rules"] == "":
        add = f"echo 'allow br0' | sudo tee -a {BRIDGE_RULES}"
        lacks.append(
            (f"{BRIDGE_RULES} allows no bridge", f"sudo mkdir -p {BRIDGE_RULES.parent}; {add}")
        )
    return lacks


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


def _rules() -> str | None:
    """Return the lines of the helper's list that allow something; None where it is not for us."""
    try:
        lines = [line.strip() for line in BRIDGE_RULES.read_text().splitlines()]
    except FileNotFoundError:
        return ""
    except OSError:  # the helper, which is root, can read it
        return None
    return ", ".join(line for line in lines if line.startswith(("allow", "include")))
