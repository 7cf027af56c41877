"""Where the lab file is."""

from pathlib import Path

from vmnb.core.errors import SpecError

__all__ = ["LAB_FILES", "find_lab", "lab_above"]

LAB_FILES = ("lab.toml", "lab.yaml", "lab.yml")


def lab_above(folder: Path) -> Path | None:
    """Return the nearest lab file in `folder` or in a directory above it."""
    for directory in (folder, *folder.parents):
        for name in LAB_FILES:
            if (directory / name).is_file():
                return directory / name
    return None


def find_lab() -> Path:
    """Return the lab file of the working directory, or of the nearest directory above it.

    Raises
    ------
    SpecError
        There is none.
    """
    folder = Path.cwd()
    path = lab_above(folder)
    if path is None:
        raise SpecError(
            f"there is no {', '.join(LAB_FILES)} in {folder} or above it",
            hint="name the file, or go where it is",
        )
    return path.relative_to(folder) if path.parent == folder else path
