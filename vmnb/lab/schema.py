"""The shape of a lab file: the published JSON Schema, and what breaks it in words of ours."""

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from vmnb.lab.document import Problem
from vmnb.lab.places import KeyPath

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

__all__ = ["lab_schema", "near", "shape_problems"]

_KINDS: Mapping[type, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
    type(None): "nothing",
}


def lab_schema() -> dict[str, Any]:
    """Return the JSON Schema of a lab file, in TOML or in YAML."""
    text = files("vmnb.lab").joinpath("lab.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def shape_problems(value: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what in `value` is not as the schema says; no value is shown that may be secret."""
    from jsonschema import Draft202012Validator  # it takes longer than all the rest of a load

    for error in Draft202012Validator(lab_schema()).iter_errors(value):
        yield from _problems(error)


def near(wrong: str, known: Mapping[str, Any] | list[str]) -> str:
    """Return a hint: what is written almost like `wrong`, else all that is known."""
    names = list(known)
    close = get_close_matches(wrong, names, n=2)
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    return f"there are: {', '.join(names)}" if names else "there are none"


def _problems(error: "ValidationError") -> Iterator[Problem]:
    at: KeyPath = tuple(error.absolute_path)
    schema: Any = error.schema
    hint, named = str(schema.get("description", "")), _named(at)
    match error.validator:
        case "additionalProperties":
            known = schema["properties"]
            for key in (key for key in _instance(error) if key not in known):
                yield Problem((*at, key), f"{named} has no key {key!r}", near(key, known))
        case "anyOf":
            branch = _meant(error)
            if not branch:
                yield Problem(at, f"{named} is {_kind(error.instance)}", hint)
            for inner in branch:
                yield from _problems(inner)
        case "required":
            missing = [key for key in schema["required"] if key not in _instance(error)]
            hint = schema["properties"][missing[0]]["description"]
            yield Problem(at, f"{named} lacks {' and '.join(missing)}", hint)
        case "minProperties" | "minLength":
            yield Problem(at, f"{named} is empty", hint)
        case "pattern":  # of a name in forward, where alone there is one
            key = str(error.instance)
            yield Problem((*at, key), f"{key!r} is not a port", "1 to 65535")
        case "type":
            yield Problem(at, f"{named} is {_kind(error.instance)}", hint)
        case _:
            yield Problem(at, f"{named} is {error.instance!r:.80}", hint)


def _instance(error: "ValidationError") -> Mapping[str, Any]:
    assert isinstance(error.instance, dict)  # noqa: S101 - only a table can lack or have keys
    return error.instance


def _meant(error: "ValidationError") -> list["ValidationError"]:
    """Return what breaks the alternative that was meant: the one of the value's own kind.

    Of several such it is the one with the fewest errors; none where no alternative is of its kind.
    """
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).append(inner)
    fitting = [
        branch
        for branch in branches.values()
        if not any(inner.validator == "type" and not inner.path for inner in branch)
    ]
    return min(fitting, key=len, default=[])


def _kind(value: object) -> str:
    return _KINDS.get(type(value), type(value).__name__)


def _named(at: KeyPath) -> str:
    """Return what people call the value at `at`: its keys, and the VM that it belongs to."""
    if not at:
        return "the file"
    if at[0] != "vm" or len(at) == 1:
        return str(at[0])
    keys = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in at[2:])
    return f"{keys.removeprefix('.')} of {at[1]!r}" if keys else f"the VM {at[1]!r}"
