"""The tree in the docstring is the tree of the classes."""

import inspect
import pickle
import re

import pytest

import vmnb
from vmnb.core import errors
from vmnb.core.errors import SpecError, VmnbError
from vmnb.guest import CommandError, CommandTimeoutError, RunResult

RESULT = RunResult(command="false", exit_code=1, stderr_bytes=b"no")
LINE = re.compile(
    r"^    (?P<indent>[│├└─ ]*)(?P<name>\w+Error)(?: \((?P<other>\w+)\))?(?P<says>.*)$"
)


def drawn() -> dict[str, tuple[str, ...]]:
    """Return, for each class in the docstring's tree, the names of its bases."""
    bases: dict[str, tuple[str, ...]] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if match := LINE.match(line):
            depth = len(match["indent"]) // 4
            above[depth:] = [match["name"]]
            parent = above[depth - 1] if depth else "Exception"
            bases[match["name"]] = (parent, *filter(None, [match["other"]]))
    return bases


def test_the_tree_that_is_drawn_is_the_tree_that_is_there() -> None:
    classes = inspect.getmembers(errors, inspect.isclass)
    assert drawn() == {
        name: tuple(base.__name__ for base in kind.__bases__) for name, kind in classes
    }


def test_each_error_says_what_it_means() -> None:
    assert [
        name for name, kind in inspect.getmembers(errors, inspect.isclass) if not kind.__doc__
    ] == []


def test_users_find_every_error_in_one_place() -> None:
    assert {getattr(vmnb.errors, name) for name in vmnb.errors.__all__} == _below(VmnbError)


def _below(kind: type[VmnbError]) -> set[type[VmnbError]]:
    return {kind}.union(*(_below(child) for child in kind.__subclasses__()))


def test_the_hint_stands_on_a_line_of_its_own() -> None:
    assert str(VmnbError("it broke", hint="mend it")) == "it broke\n→ mend it"
    assert str(VmnbError("it broke")) == "it broke"


def test_an_error_survives_the_way_to_another_process() -> None:
    error = pickle.loads(pickle.dumps(SpecError("no", hint="yes")))
    assert (str(error), error.message, error.hint) == ("no\n→ yes", "no", "yes")


@pytest.mark.parametrize(
    "error",
    [CommandError(RESULT), CommandTimeoutError(RESULT, 2.5)],
    ids=lambda error: type(error).__name__,
)
def test_a_commands_error_takes_its_result_along(
    error: CommandError | CommandTimeoutError,
) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.result) == (str(error), RESULT)
