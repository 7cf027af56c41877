"""What a QEMU process uses, as the host's kernel counts it (``proc(5)``)."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from vmnb.core.process import ProcessId, stat_fields

__all__ = ["Usage", "read_usage", "tap_bytes"]

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGES_PER_MIB = (1 << 20) / os.sysconf("SC_PAGE_SIZE")
_KIB_PER_MIB = 1024
_USER, _SYSTEM, _START = 14, 15, 22  # fields of /proc/PID/stat
_RECEIVED, _SENT = 0, 8  # numbers in a line of /proc/PID/net/dev


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a process has used so far; ``threads_s`` is the time of each thread asked for."""

    cpu_s: float
    threads_s: tuple[float, ...]
    memory_mib: float
    pss_mib: float | None


def read_usage(process: ProcessId, threads: Sequence[int], *, pss: bool) -> Usage:
    """Return what `process` has used.

    Parameters
    ----------
    threads
        Numbers of its threads; one that is gone counts as 0.
    pss
        Whether to count shares of shared pages too, which the kernel takes a while for.

    Raises
    ------
    ProcessLookupError
        It is over.
    """
    with _folder(process) as folder:
        resident = int(_read(folder, "statm").split()[1])
        return Usage(
            cpu_s=_cpu_s(_read(folder, "stat")),
            threads_s=tuple(_thread_s(folder, thread) for thread in threads),
            memory_mib=resident / _PAGES_PER_MIB,
            pss_mib=_pss_mib(folder) if pss else None,
        )


def tap_bytes(process: ProcessId) -> tuple[int, int]:
    """Return what the guest behind the tap interfaces of `process` has received and sent.

    Raises
    ------
    ProcessLookupError
        It is over, or holds no such interface.
    """
    with _folder(process) as folder:
        names = list(_tap_names(folder))
        if not names:
            raise ProcessLookupError(f"process {process.pid} holds no tap interface")
        # In the network of that process, which may be another than ours.
        lines = (line.partition(":") for line in _read(folder, "net/dev").splitlines())
        counts = [rest.split() for name, _, rest in lines if name.strip() in names]
    # What the host's kernel sends there is what the guest receives.
    received, sent = (sum(int(count[field]) for count in counts) for field in (_SENT, _RECEIVED))
    return received, sent


@contextmanager
def _folder(process: ProcessId) -> Iterator[int]:
    """Open the folder of a process, in which nothing is ever read of another one."""
    try:
        folder = os.open(f"/proc/{process.pid}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise ProcessLookupError(f"process {process.pid} is over") from error
    try:
        if int(stat_fields(_read(folder, "stat"))[_START]) != process.start:
            raise ProcessLookupError(f"process {process.pid} is another one by now")
        yield folder
    except FileNotFoundError as error:
        raise ProcessLookupError(f"process {process.pid} is over") from error
    finally:
        os.close(folder)


def _read(folder: int, name: str) -> str:
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(descriptor, errors="replace") as file:
        return file.read()


def _cpu_s(stat: str) -> float:
    fields = stat_fields(stat)
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS_PER_S


def _thread_s(folder: int, thread: int) -> float:
    try:
        return _cpu_s(_read(folder, f"task/{thread}/stat"))
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def _pss_mib(folder: int) -> float | None:
    with suppress(PermissionError):
        for line in _read(folder, "smaps_rollup").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / _KIB_PER_MIB
    return None


def _tap_names(folder: int) -> Iterator[str]:
    """Yield the host's names of the tap interfaces that a process holds.

    The kernel tells them of each descriptor (``tun_chr_show_fdinfo`` in Linux).
    """
    descriptors = os.open("fdinfo", os.O_RDONLY | os.O_DIRECTORY, dir_fd=folder)
    try:
        for descriptor in os.listdir(descriptors):  # noqa: PTH208 - a folder that is held has no path
            with suppress(OSError):
                for line in _read(descriptors, descriptor).splitlines():
                    if line.startswith("iff:"):
                        yield line.split()[1]
    finally:
        os.close(descriptors)
