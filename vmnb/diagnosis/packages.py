"""The Python packages that show VMs, and versions of them that are known to do it badly."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from vmnb.diagnosis.finding import Finding, Level

__all__ = ["judged", "look_at_packages"]

_FRONT_ENDS = ("jupyterlab", "notebook", "voila", "marimo")
_KERNEL = "ipykernel"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Package:
    """A package, and the oldest version that works or was tried."""

    oldest: tuple[int, ...]
    needed: bool = False


_PACKAGES = {
    "ipywidgets": _Package(oldest=(8, 1), needed=True),
    "anywidget": _Package(oldest=(0, 11), needed=True),
    _KERNEL: _Package(oldest=(6, 29)),
    "jupyterlab": _Package(oldest=(4, 4)),
    "notebook": _Package(oldest=(7, 4)),
    "voila": _Package(oldest=(0, 5, 8)),
    "marimo": _Package(oldest=(0, 23)),
    "jupyter-server-proxy": _Package(oldest=(4, 4)),
}

_CULL = "--MappingKernelManager.cull_interval=60 --MappingKernelManager.cull_idle_timeout=120"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trouble:
    """What is known of some versions of a package."""

    package: str
    is_in: Callable[[tuple[int, ...]], bool]
    what: str
    remedy: str


_TROUBLES = (
    _Trouble(
        package=_KERNEL,
        is_in=lambda numbers: numbers < (7,),
        what="it has no subshells: while a cell runs, keys and buttons work in JupyterLab alone",
        remedy="pip install 'ipykernel>=7'",
    ),
    _Trouble(
        package="voila",
        is_in=lambda numbers: numbers[:3] == (0, 5, 13),
        what="it refuses what its own page asks at the end, and each look leaves a kernel behind",
        remedy=f"voila NOTEBOOK {_CULL}",
    ),
)


def look_at_packages() -> list[Finding]:
    """Return what is installed beside vmnb; a server of another environment is not seen."""
    versions = {name: _version(name) for name in _PACKAGES}
    findings = [judged(name, found) for name, found in versions.items()]
    return [*findings, _together(versions)]


def judged(name: str, found: str | None) -> Finding:
    """Return what is known of version `found` of the package `name`; None if there is none."""
    level, said, remedy = _problem(name, _PACKAGES[name], found)
    facts = {"version": found}
    return Finding(subject=name, level=level, found=said, remedy=remedy, facts=facts)


def _problem(name: str, package: _Package, found: str | None) -> tuple[Level, str, str]:
    oldest = ".".join(map(str, package.oldest))
    install = f"pip install '{name}>={oldest}'"
    lack = Level.BAD if package.needed else Level.WARNING
    if found is None:
        return (lack if package.needed else Level.OK), "it is not installed", install
    if _numbers(found) < package.oldest:
        return lack, f"{found} is older than {oldest}, the oldest that was tried", install
    for trouble in _TROUBLES:
        if trouble.package == name and trouble.is_in(_numbers(found)):
            return Level.WARNING, f"{found}: {trouble.what}", trouble.remedy
    return Level.OK, found, ""


def _together(versions: dict[str, str | None]) -> Finding:
    """Return what they lack in each other's company."""
    level, remedy = Level.OK, ""
    there = [name for name in _FRONT_ENDS if versions[name]]
    found = ", ".join(there)
    if not there:
        level, found = Level.WARNING, "none is installed in this environment"
        remedy = "pip install jupyterlab ipykernel"
    elif there != ["marimo"] and not versions[_KERNEL]:
        level, found = Level.WARNING, f"{found} run no notebook here without {_KERNEL}"
        remedy = f"pip install {_KERNEL}"
    return Finding(subject="front ends", level=level, found=found, remedy=remedy)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _numbers(text: str) -> tuple[int, ...]:
    """Return the numbers that a version begins with."""
    leading = re.match(r"\d+(\.\d+)*", text)
    return tuple(map(int, leading[0].split("."))) if leading else ()
