"""How much memory this process and its children can still have: of the host, and of its cgroup.

In a container, as on JupyterHub and Binder, it is the cgroup's limit that ends processes, long
before the host's memory is used up.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["free_mib", "total_mib"]

_MIB = 1024 * 1024
_PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")


def free_mib(proc: Path = _PROC, cgroups: Path = _CGROUPS) -> int | None:
    """Return how much is free, in MiB, with caches that can be given up; None where nobody says.

    Only version 2 of cgroups is looked at
    (https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files).

    Parameters
    ----------
    proc, cgroups
        Where ``/proc`` and the hierarchy of cgroups are mounted.
    """
    free = [*_of_host(proc), *_of_cgroups(proc, cgroups)]
    return max(0, min(free)) // _MIB if free else None


def total_mib(proc: Path = _PROC) -> int | None:
    """Return how much the host has, in MiB, with its swap space; None where it does not say."""
    sizes = _meminfo(proc, "MemTotal", "SwapTotal")
    return sum(sizes) // _MIB if sizes else None


def _of_host(proc: Path) -> list[int]:
    return _meminfo(proc, "MemAvailable")


def _meminfo(proc: Path, *names: str) -> list[int]:
    """Return those sizes of ``/proc/meminfo`` in bytes; nothing where they are not told."""
    with suppress(OSError, KeyError, ValueError):
        lines = dict(line.split(":", 1) for line in (proc / "meminfo").read_text().splitlines())
        return [int(lines[name].split()[0]) * 1024 for name in names]
    return []


def _of_cgroups(proc: Path, cgroups: Path) -> Iterator[int]:
    """Give what is free in the process's own cgroup, and in each above it that has a limit."""
    own = cgroups / _own_cgroup(proc)
    for group in (own, *own.parents):
        if not group.is_relative_to(cgroups):
            return
        with suppress(OSError, ValueError):  # no limit is written as "max"
            limit, used = (_number(group / f"memory.{name}") for name in ("max", "current"))
            yield limit - used + _file_cache(group)


def _own_cgroup(proc: Path) -> str:
    with suppress(OSError):
        for line in (proc / "self/cgroup").read_text().splitlines():
            if line.startswith("0::"):
                return line.removeprefix("0::").lstrip("/")
    return ""


def _file_cache(group: Path) -> int:
    lines = (line.split() for line in (group / "memory.stat").read_text().splitlines())
    counts = {name: int(count) for name, count in lines}
    return counts["inactive_file"] + counts["active_file"] if counts else 0


def _number(path: Path) -> int:
    return int(path.read_text())
