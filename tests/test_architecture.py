"""The arrows between the rooms of the house point down."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import vmnb

ROOT = Path(vmnb.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
ALLOWED = {
    "core": {"core"},
    "backends": {"core", "images", "seed", "guest", "lan", "console"},
    "images": {"core", "images"},
    "seed": {"core"},
    "arguments": {"core", "seed"},
    "lab": {"core", "arguments"},
    "console": {"core", "console"},
    "screen": {"core", "console", "images", "screen"},
    "guest": {"core", "guest"},
    "lan": {"core", "lan"},
    "diagnosis": {"core", "backends", "images", "guest", "diagnosis"},
    "errors": {"core", "guest"},
    "testing": {"core", "testing"},
}
"""For each room the rooms it may import from; ``notebook`` and ``cli`` stand above all."""
DOORS = {ROOT / "__init__.py", ROOT / "images" / "__init__.py"}
"""What imports each of its names when it is first used, those of the notebook too."""


def name_of(file: Path) -> str:
    parts = file.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(file: Path) -> Iterator[str]:
    """Yield the dotted name of every module that `file` imports, lazily or not."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are written in full"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_of(file: Path) -> set[str]:
    """Return the rooms of the package that `file` imports from."""
    names = (name.split(".") for name in imports_of(file))
    return {parts[1] for parts in names if parts[0] == "vmnb" and len(parts) > 1}


def home_of(file: Path) -> str:
    return file.relative_to(ROOT).with_suffix("").parts[0]


def test_there_is_something_to_look_at() -> None:
    assert len(FILES) > 15
    assert rooms_of(ROOT / "core" / "session.py") == {"core"}


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_room_imports_only_what_is_below_it(file: Path) -> None:
    room = home_of(file)
    if room in ALLOWED and file not in DOORS:
        assert rooms_of(file) - {room} <= ALLOWED[room]


@pytest.mark.parametrize("file", sorted((ROOT / "core").rglob("*.py")), ids=name_of)
def test_the_core_needs_the_standard_library_alone(file: Path) -> None:
    others = {name.split(".")[0] for name in imports_of(file)} - {"vmnb"}
    assert others <= sys.stdlib_module_names


@pytest.mark.parametrize("file", sorted((ROOT / "backends").rglob("*.py")), ids=name_of)
def test_no_backend_imports_another(file: Path) -> None:
    own = file.relative_to(ROOT / "backends").with_suffix("").parts[0]
    backends = [name.split(".") for name in imports_of(file) if name.startswith("vmnb.backends.")]
    assert {parts[2] for parts in backends} <= {own}


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_only_the_lazy_doors_and_the_command_line_know_the_notebook(file: Path) -> None:
    if home_of(file) not in ("notebook", "cli") and file not in DOORS:
        assert "notebook" not in rooms_of(file)
