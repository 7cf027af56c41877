"""What is configured for a machine and for a user, in ``config.toml``.

The machine's is ``/etc/vmnb/config.toml``, or where ``VMNB_CONFIG`` says; the user's own lies in
the data home. Of limits and times, the stricter holds; of the rest, the machine's::

    [limits]            # of one user, over all VMs, whether they run or not
    vms = 6
    memory = "8G"
    disk = "60G"        # as their guests see them

    [idle]              # of a VM that runs, and with which nobody has had to do
    after = "30 min"
    action = "suspend"  # or "stop"

    [cgroup]            # one that was delegated, of version 2; each VM gets its own below it
    parent = "/sys/fs/cgroup/…"
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vmnb.core.checks import require_count
from vmnb.core.errors import SpecError
from vmnb.core.limits import Bound, Limits
from vmnb.core.paths import data_home
from vmnb.core.state import Action
from vmnb.core.units import parse_mib, parse_ms

__all__ = ["CONFIG_VARIABLE", "Config", "IdleRule", "read_config"]

CONFIG_VARIABLE = "VMNB_CONFIG"
"""Environment variable: the file of the machine's configuration."""

_MACHINE = Path("/etc/vmnb/config.toml")
_DAY_MS = 24 * 60 * 60 * 1000
_SECTIONS = {
    "limits": ("vms", "memory", "disk"),
    "idle": ("after", "action"),
    "cgroup": ("parent",),
}


@dataclass(frozen=True, slots=True, order=True)
class IdleRule:
    """What is done with a VM that runs for nobody; the earliest is the strictest.

    Parameters
    ----------
    after_s
        Seconds without anybody's doings.
    action
        :attr:`~vmnb.core.state.Action.SUSPEND` or :attr:`~vmnb.core.state.Action.STOP`.
    """

    after_s: float
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What is configured; all of it may be missing."""

    limits: Limits = field(default_factory=Limits)
    idle: IdleRule | None = None
    cgroup: Path | None = None


def read_config() -> Config:
    """Read both files anew.

    Raises
    ------
    SpecError
        One cannot be read, or has what nobody understands.
    """
    machine = _read(Path(os.environ.get(CONFIG_VARIABLE) or _MACHINE))
    own = _read(data_home() / "config.toml")
    return Config(
        limits=machine.limits.tightened(own.limits),
        idle=min(filter(None, (machine.idle, own.idle)), default=None),
        cgroup=machine.cgroup or own.cgroup,
    )


def _read(path: Path) -> Config:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Config()
    except (OSError, ValueError) as error:
        raise SpecError(
            f"cannot read the configuration {path}: {error}",
            hint="correct that file, or move it away",
        ) from error
    try:
        return _parsed(tables, str(path))
    except SpecError as error:
        raise SpecError(f"in the configuration {path}: {error.message}", hint=error.hint) from error


def _parsed(tables: Mapping[str, Any], source: str) -> Config:
    _require_keys(tables, tuple(_SECTIONS), "table")
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            raise SpecError(f"{name} is {table!r}", hint=f"it is a table: [{name}]")
        _require_keys(table, _SECTIONS[name], f"key in [{name}]")
    return Config(
        limits=_limits(tables.get("limits", {}), source),
        idle=_idle(tables["idle"]) if "idle" in tables else None,
        cgroup=_cgroup(tables["cgroup"]) if "cgroup" in tables else None,
    )


def _limits(table: Mapping[str, Any], source: str) -> Limits:
    if "vms" in table:
        require_count(table["vms"], "vms")
    sizes = {key: parse_mib(table[key], key) for key in ("memory", "disk") if key in table}
    given = {"vms": table.get("vms")} | {f"{key}_mib": size for key, size in sizes.items()}
    return Limits(**{key: Bound(value, source) for key, value in given.items() if value})


def _idle(table: Mapping[str, Any]) -> IdleRule:
    actions = (Action.SUSPEND, Action.STOP)
    action = table.get("action", Action.SUSPEND)
    if action not in actions:
        raise SpecError(f"action is {action!r}", hint=f"one of: {', '.join(actions)}")
    if "after" not in table:
        raise SpecError("[idle] has no after", hint='such as after = "30 min"')
    after_ms = parse_ms(table["after"], "after", at_most_ms=_DAY_MS)
    return IdleRule(after_s=after_ms / 1000, action=Action(action))


def _cgroup(table: Mapping[str, Any]) -> Path:
    parent = table.get("parent")
    if not isinstance(parent, str) or not Path(parent).is_absolute():
        raise SpecError(f"parent is {parent!r}", hint="it is the path of a cgroup")
    return Path(parent)


def _require_keys(table: Mapping[str, Any], known: tuple[str, ...], what: str) -> None:
    unknown = ", ".join(sorted(table.keys() - set(known)))
    if unknown:
        raise SpecError(f"there is no {what} {unknown}", hint=f"there are: {', '.join(known)}")
