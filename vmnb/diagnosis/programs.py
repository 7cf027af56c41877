"""Programs of the machine that some things need."""

from vmnb.diagnosis.finding import Finding, Level
from vmnb.images.command import find

__all__ = ["look_at_programs"]

_PROGRAMS = {
    "ssh": ("vmnb ssh enters no guest", "openssh-client"),
    "tesseract": ("the text on a guest's screen cannot be read", "tesseract-ocr"),
}
"""By its name: what cannot be done without it, and the package that has it."""


def look_at_programs() -> list[Finding]:
    """Return which are there."""
    return [_program(name) for name in _PROGRAMS]


def _program(name: str) -> Finding:
    path = find(name)
    if path is not None:
        return Finding(subject=name, level=Level.OK, found=str(path), facts={"path": str(path)})
    lack, package = _PROGRAMS[name]
    return Finding(
        subject=name,
        level=Level.WARNING,
        found=f"there is no {name}: {lack}",
        remedy=f"sudo apt-get install {package}",
        facts={"path": None},
    )
