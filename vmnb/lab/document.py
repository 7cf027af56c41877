"""A lab file as plain values, and where in it each of them stands."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from vmnb.core.errors import SpecError
from vmnb.lab.places import KeyPath, Places
from vmnb.lab.toml_places import toml_places
from vmnb.lab.yaml_values import YamlShapeError, yaml_values

__all__ = ["Document", "Problem", "read_document"]

_SIZE_MAX = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the value at `at`."""

    at: KeyPath
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a file says.

    Parameters
    ----------
    path, shown
        The file, absolute and as people named it.
    problems
        What was wrong already when it was read.
    """

    path: Path
    shown: str
    value: Mapping[str, Any]
    places: Places = field(repr=False)
    problems: Sequence[Problem] = ()

    def place(self, at: KeyPath) -> tuple[int, int]:
        """Return line and column of what is at `at`, or of the nearest that it stands in."""
        while at and at not in self.places:
            at = at[:-1]
        return self.places.get(at, (1, 1))

    def cite(self, at: KeyPath) -> str:
        """Return ``lab.toml:12:3``."""
        line, column = self.place(at)
        return f"{self.shown}:{line}:{column}"

    def require_none(self, problems: Iterable[Problem]) -> None:
        """Raise SpecError with all `problems`, in the order of the file, if there are any."""
        found = sorted(set(problems), key=lambda problem: self.place(problem.at))
        if len(found) == 1:
            raise SpecError(f"{self.cite(found[0].at)}: {found[0].message}", hint=found[0].hint)
        if found:
            lines = [f"{self.cite(p.at)}: {p.message}{_indented(p.hint)}" for p in found]
            raise SpecError("\n".join([f"{self.shown} has {len(found)} errors", *lines]))


def read_document(path: Path) -> Document:
    """Read a file: YAML where its name ends in ``.yaml`` or ``.yml``, else TOML.

    Raises
    ------
    SpecError
        It cannot be read, or it is not TOML or YAML; the message has line and column.
    """
    text = _read(path)
    is_yaml = path.suffix.lower() in (".yaml", ".yml")
    try:
        return _yaml_document(path, text) if is_yaml else _toml_document(path, text)
    except RecursionError:
        raise SpecError(f"{path} is nested too deeply", hint="is it the lab file?") from None
    except ValueError as error:  # the libraries take a number or a date for one that is none
        raise SpecError(f"{path}: {error}", hint="put it in quotes, if it is text") from error


def _toml_document(path: Path, text: str) -> Document:
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(_toml_error(path, text, error), hint=_TOML_HINT) from error
    return Document(path=path.absolute(), shown=str(path), value=value, places=toml_places(text))


def _yaml_document(path: Path, text: str) -> Document:
    try:
        value, places, twice = yaml_values(text)
    except yaml.YAMLError as error:
        raise SpecError(f"{_yaml_error(path, error)}", hint=_YAML_HINT) from error
    except YamlShapeError as problem:
        place = f"{problem.line}:{problem.column}"
        raise SpecError(f"{path}:{place}: {problem}", hint=_YAML_HINT) from None
    problems = [
        Problem(at, f"{at[-1]!r} stands here a second time", "keep one of them") for at in twice
    ]
    return Document(
        path=path.absolute(), shown=str(path), value=value, places=places, problems=problems
    )


_TOML_HINT = "text stands in quotes, and a table begins with a line such as [vm.web]"
_YAML_HINT = "a lab file in YAML is one mapping; mind colons, quotes and indents"


def _toml_error(path: Path, text: str, error: tomllib.TOMLDecodeError) -> str:
    what, _, place = str(error).rstrip(")").rpartition(" (at ")
    found = re.fullmatch(r"line (\d+), column (\d+)", place)
    line, column = found.groups() if found else (text.count("\n") + 1, 1)
    return f"{path}:{line}:{column}: {what[:1].lower()}{what[1:]}"


def _yaml_error(path: Path, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"{path} is not YAML: {error}"
    what = getattr(error, "problem", None) or "this is not YAML"
    return f"{path}:{mark.line + 1}:{mark.column + 1}: {what}"


def _indented(hint: str) -> str:
    return f"\n  → {hint}" if hint else ""


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_SIZE_MAX + 1)
    except OSError as error:
        raise SpecError(
            f"cannot read {path}: {error.strerror}", hint="name a lab file that you may read"
        ) from error
    if len(data) > _SIZE_MAX:
        raise SpecError(f"{path} has more than 1 MiB", hint="is it the lab file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SpecError(f"{path}:{line}: this is not UTF-8", hint="save it as UTF-8") from error
