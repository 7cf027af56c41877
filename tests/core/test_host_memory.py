"""How much memory is free: that of the host, or what a container has left."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vmnb.core.host_memory import free_mib

MIB = 1024 * 1024
Group = Callable[..., None]


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A host with 1000 MiB free; its process is in the cgroup ``/user/me``."""
    proc = tmp_path / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text(f"MemTotal: 9 kB\nMemAvailable:  {1000 * 1024} kB\n")
    (proc / "self/cgroup").write_text("4:memory:/elsewhere\n0::/user/me\n")
    return proc


@pytest.fixture
def cgroups(tmp_path: Path) -> Path:
    """Where cgroups are; none is limited."""
    (tmp_path / "cgroup/user/me").mkdir(parents=True)
    return tmp_path / "cgroup"


def limited(group: Path, limit: int | str, used_mib: int, cache_mib: int = 0) -> None:
    (group / "memory.max").write_text(f"{limit * MIB if isinstance(limit, int) else limit}\n")
    (group / "memory.current").write_text(f"{used_mib * MIB}\n")
    stat = f"anon 5\ninactive_file {cache_mib * MIB}\nactive_file 0\n"
    (group / "memory.stat").write_text(stat)


def test_without_limits_it_is_the_host_s(proc: Path, cgroups: Path) -> None:
    limited(cgroups / "user/me", "max", 10)
    assert free_mib(proc, cgroups) == 1000


def test_a_container_has_what_its_limit_leaves_with_caches_that_can_go(
    proc: Path, cgroups: Path
) -> None:
    limited(cgroups / "user/me", 500, 300, cache_mib=50)
    assert free_mib(proc, cgroups) == 250


def test_the_tightest_limit_from_the_process_up_to_the_root_counts(
    proc: Path, cgroups: Path
) -> None:
    limited(cgroups / "user/me", 500, 300)
    limited(cgroups / "user", 400, 350)
    assert free_mib(proc, cgroups) == 50
    limited(cgroups, 300, 350)
    assert free_mib(proc, cgroups) == 0


def test_where_nobody_says_nothing_is_known(tmp_path: Path) -> None:
    assert free_mib(tmp_path, tmp_path) is None


def test_this_machine_says() -> None:
    assert (free_mib() or 0) > 0
