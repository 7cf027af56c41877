"""What a guest knows of its own boot: the kernel's messages, systemd and cloud-init are asked."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["SCRIPT", "GuestBoot", "Stage", "parse_boot", "printk_stamp", "printk_times"]

_PRINTK = r"Run /|mounted filesystem|clean mount"
SCRIPT = f"""
echo @uptime; cat /proc/uptime
echo @printk; dmesg 2>/dev/null | grep -E '{_PRINTK}' | head -n 20
echo @systemd; systemctl show -p UserspaceTimestampMonotonic -p FinishTimestampMonotonic 2>/dev/null
echo @now; date +%s.%N
echo @cloud-init; cat /run/cloud-init/status.json 2>/dev/null
echo
echo @uptime; cat /proc/uptime
"""
"""For any POSIX shell; what the guest has not is left out."""

_MOST_S = 1e10  # the year 2286
_LINE = re.compile(r"^(?:<\d+>)?\[\s*(\d+\.\d+)\]\s?(.*)$", re.MULTILINE)
_INIT = re.compile(r"Run /\S+ as init process")
_ROOT = re.compile(r"^(EXT4-fs|XFS|F2FS-fs) \(\S+\): .*(mounted filesystem|clean mount)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of cloud-init; ``end_s`` is None where it is not over."""

    name: str
    start_s: float
    end_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestBoot:
    """Moments of a boot, in seconds since the guest's kernel began; None where not known.

    Parameters
    ----------
    began_asking_s, ended_asking_s
        When the guest was asked for all this.
    init_s
        When the kernel gave over to the first program.
    root_s
        When a file system was mounted first.
    userspace_s, finished_s
        When systemd began on the root file system, and when it had started everything.
    """

    began_asking_s: float
    ended_asking_s: float
    init_s: float | None = None
    root_s: float | None = None
    userspace_s: float | None = None
    finished_s: float | None = None
    stages: tuple[Stage, ...] = ()


def parse_boot(said: str) -> GuestBoot | None:
    """Return what the output of :data:`SCRIPT` tells; None where it makes no sense."""
    texts = {"uptime": ""} | dict(_parts(said))
    clocks = [_seconds(line.partition(" ")[0]) for line in texts["uptime"].split("\n") if line]
    if len(clocks) != 2 or clocks[0] is None or clocks[1] is None:
        return None
    init_s, root_s = printk_times(texts.get("printk", ""))
    systemd = dict(re.findall(r"^(\w+)=(\d{1,18})$", texts.get("systemd", ""), re.MULTILINE))
    now_s = _seconds(texts.get("now"))
    stages = _stages(texts.get("cloud-init", ""), now_s - clocks[1]) if now_s else ()
    return GuestBoot(
        began_asking_s=clocks[0],
        ended_asking_s=clocks[1],
        init_s=init_s,
        root_s=root_s,
        userspace_s=_microseconds(systemd.get("UserspaceTimestampMonotonic")),
        finished_s=_microseconds(systemd.get("FinishTimestampMonotonic")),
        stages=tuple(stages),
    )


def printk_times(text: str) -> tuple[float | None, float | None]:
    """Return when the first program began and when a file system was mounted after that."""
    init_s = root_s = None
    for time_s, message in _LINE.findall(text):
        if init_s is None and _INIT.search(message):
            init_s = _seconds(time_s)
        elif init_s is not None and root_s is None and _ROOT.search(message):
            root_s = _seconds(time_s)
    return init_s, root_s


def printk_stamp(line: str) -> float | None:
    """Return the time that the kernel has put before a message; None where it has not."""
    found = _LINE.match(line)
    return _seconds(found[1]) if found else None


def _parts(said: str) -> Iterator[tuple[str, str]]:
    """Yield each part of the script's output by its name; a second of one name goes on there."""
    texts: dict[str, list[str]] = {}
    name = ""
    for line in said.splitlines():
        name = line[1:] if line.startswith("@") else name
        texts.setdefault(name, [])
        if not line.startswith("@"):
            texts[name].append(line)
    for name, lines in texts.items():
        yield name, "\n".join(lines)


def _stages(text: str, boot_s: float) -> Iterator[Stage]:
    """Yield the stages of cloud-init's ``status.json``, whose times are since 1970."""
    try:
        stages = json.loads(text)["v1"]
        found = [(name, stage) for name, stage in stages.items() if isinstance(stage, dict)]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return
    for name, stage in found:
        start_s, end_s = _seconds(stage.get("start")), _seconds(stage.get("finished"))
        if start_s and start_s > boot_s:
            yield Stage(
                name=name[:40], start_s=start_s - boot_s, end_s=end_s - boot_s if end_s else None
            )


def _microseconds(value: str | None) -> float | None:
    """Return seconds; what has not come to be is 0 in systemd, and None here."""
    return _seconds(int(value) / 1e6) if value and int(value) else None


def _seconds(value: object) -> float | None:
    """Return a number of seconds that is one: what a guest says may be anything."""
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError):
        return None
    return seconds if 0 <= seconds < _MOST_S else None
