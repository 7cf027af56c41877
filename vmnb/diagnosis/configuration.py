"""What the machine's and the user's ``config.toml`` allow."""

from vmnb.core.config import read_config
from vmnb.core.errors import VmnbError
from vmnb.diagnosis.finding import Finding, Level

__all__ = ["look_at_configuration"]

_SUBJECT = "configuration"


def look_at_configuration() -> Finding:
    """Return what is configured, or what is wrong with it."""
    try:
        config = read_config()
    except VmnbError as error:
        return Finding(subject=_SUBJECT, level=Level.BAD, found=error.message, remedy=error.hint)
    limits, idle = config.limits, config.idle
    facts = {
        "vms_max": limits.vms.value if limits.vms else None,
        "memory_max_mib": limits.memory_mib.value if limits.memory_mib else None,
        "disk_max_mib": limits.disk_mib.value if limits.disk_mib else None,
        "idle_after_s": int(idle.after_s) if idle else None,
        "cgroup_path": str(config.cgroup) if config.cgroup else None,
    }
    told = ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None)
    return Finding(subject=_SUBJECT, level=Level.OK, found=told or "no limits", facts=facts)
