"""The QEMU of this machine: where it is and what it can be asked for."""

import asyncio
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vmnb.backends.qemu.program.probe_cache import Facts, ProbeCache, file_key
from vmnb.core.errors import BackendError, BackendUnavailableError

__all__ = ["Qemu", "find_qemu", "require_version", "unknown_machine"]

PROGRAM = "qemu-system-x86_64"
OLDEST_VERSION = (7, 2)
"""The oldest that this was tried with."""

MACHINE_ALIAS = "q35"
_UNKNOWN_MACHINE = "unsupported machine type"
_ASK_TIMEOUT_S = 30.0
_QUESTIONS = ("qmp_capabilities", "query-version", "query-machines", "quit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Qemu:
    """An installed QEMU.

    Parameters
    ----------
    machine
        The versioned name behind ``q35``: a guest keeps its hardware when QEMU is upgraded.
    cpu_max
        Most vCPUs that this machine type takes (QMP ``query-machines``).
    key
        Text that changes when the program does.
    """

    path: Path
    qemu_img: Path
    version: str
    machine: str
    cpu_max: int
    key: str


async def find_qemu(cache: ProbeCache) -> Qemu:
    """Find QEMU on the ``PATH`` and ask it what it offers.

    Raises
    ------
    BackendUnavailableError
        It is not installed, is too old, or does not answer.
    """
    path, qemu_img, key = await asyncio.to_thread(_look_up)
    facts = await cache.get(f"machine|{key}", lambda: _ask(path))
    require_version(path, facts["version"])
    return Qemu(
        path=path,
        qemu_img=qemu_img,
        version=facts["version"],
        machine=facts["machine"],
        cpu_max=int(facts["cpu_max"]),
        key=key,
    )


def require_version(path: Path, version: str) -> None:
    """Raise BackendUnavailableError where QEMU is too old for the options that are used here."""
    if tuple(int(part) for part in version.split(".")) < OLDEST_VERSION:
        oldest = ".".join(str(part) for part in OLDEST_VERSION)
        raise BackendUnavailableError(
            f"{path} is QEMU {version}; vmnb needs {oldest} or newer",
            hint="Debian 12 and Ubuntu 24.04 have one that is new enough",
        )


def unknown_machine(said: str, name: str, machine: str) -> BackendError | None:
    """Return what is the matter where QEMU said that it makes no such `machine`.

    It makes those of its own version, and of about six years before it.
    """
    if _UNKNOWN_MACHINE not in said:
        return None
    return BackendError(
        f"{name!r} is a {machine}, and the QEMU of this machine makes none: it is older than the "
        "one that the VM was made with, or newer by many years",
        hint="install a QEMU of about that version, or make the VM anew",
    )


def _look_up() -> tuple[Path, Path, str]:
    path = _which(PROGRAM)
    return path, _which("qemu-img"), file_key(path)


def _which(program: str) -> Path:
    found = shutil.which(program)
    if found is None:
        raise BackendUnavailableError(
            f"there is no {program} on this machine (looked for it on the PATH)",
            hint="install it: sudo apt-get install qemu-system-x86 qemu-utils",
        )
    return Path(found).absolute()


async def _ask(path: Path) -> Facts:
    argv = [str(path), "-machine", "none", "-nodefaults", "-no-user-config", "-display", "none"]
    questions = "".join(json.dumps({"execute": name}) + "\n" for name in _QUESTIONS)
    try:
        said = await asyncio.to_thread(_said, [*argv, "-qmp", "stdio"], questions)
        answers = [json.loads(line) for line in said.splitlines()]
        _, version, machines, *_ = [answer["return"] for answer in answers if "return" in answer]
        return _facts(version, machines)
    except (OSError, subprocess.SubprocessError, ValueError, LookupError) as error:
        raise BackendUnavailableError(
            f"{path} does not say which machines it offers: {error}",
            hint="install it anew: sudo apt-get install --reinstall qemu-system-x86",
        ) from error


def _said(argv: list[str], questions: str) -> str:
    done = subprocess.run(
        argv,
        input=questions,
        capture_output=True,
        text=True,
        timeout=_ASK_TIMEOUT_S,
        check=True,
    )
    return done.stdout


def _facts(version: dict[str, Any], machines: list[dict[str, Any]]) -> Facts:
    machine = next(each for each in machines if each.get("alias") == MACHINE_ALIAS)
    number = version["qemu"]
    return {
        "version": f"{number['major']}.{number['minor']}.{number['micro']}",
        "machine": machine["name"],
        "cpu_max": str(machine["cpu-max"]),
    }
