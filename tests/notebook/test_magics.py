"""What is typed after ``%vm``: read, completed, refused; on machines that need no guest."""

from collections.abc import Iterator

import pytest

from tests.shell import Shell, ipython
from vmnb import VM
from vmnb.core.errors import CapabilityError, SpecError, VmNotFoundError
from vmnb.notebook.magics.line import MagicLine, parse_line
from vmnb.notebook.tables.machines import MACHINES_SCHEMA

NAMES = ("web", "weather", "my web", 'the "big" one', "Größe", "a:b")


@pytest.fixture
def shell() -> Iterator[Shell]:
    with ipython() as shell:
        yield shell


@pytest.fixture
def vms() -> list[VM]:
    return [VM(name, backend="noop") for name in NAMES]


def said(line: str) -> dict[str, object]:
    """Return what a line says that an empty one does not."""
    nothing = parse_line("")
    names = MagicLine.__dataclass_fields__
    return {
        name: value
        for name in names
        if (value := getattr(parse_line(line), name)) != getattr(nothing, name)
    }


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("", {}),
        ("web", {"name": "web"}),
        ("web uname -a", {"name": "web", "command": "uname -a"}),
        (
            """  "my web"   echo "a  b" | wc -c # '""",
            {"name": "my web", "command": """echo "a  b" | wc -c # '"""},
        ),
        (r"my\ web ls", {"name": "my web", "command": "ls"}),
        ("it's", None),
        (
            "--user ada --timeout 1.5 web --out x --no-check id --user",
            {
                "name": "web",
                "user": "ada",
                "timeout": 1.5,
                "out": "x",
                "check": False,
                "command": "id --user",
            },
        ),
        ("web --bg --out=x", {"name": "web", "bg": True, "out": "x"}),
        ("web --timeout soon", None),
        ("web --out not-a-name", None),
        ("web --user", None),
        ("web --colour", None),
        ("--out --bg web", None),
    ],
)
def test_a_line_has_options_a_name_and_a_command_that_is_left_as_it_is(
    line: str, meant: dict[str, object] | None
) -> None:
    if meant is None:
        with pytest.raises(SpecError, match=r"cannot read|not a variable"):
            parse_line(line)
    else:
        assert said(line) == meant


def test_alone_it_lists_all_machines(shell: Shell, vms: list[VM]) -> None:
    table = shell.cell("%vm")
    assert list(table["name"]) == list(NAMES)
    assert list(table.columns) == list(MACHINES_SCHEMA)


def test_with_a_name_alone_it_is_that_machine(shell: Shell, vms: list[VM]) -> None:
    assert shell.cell('%vm "my web"').handle == vms[2].handle


def test_an_unknown_name_is_refused_with_those_that_are_known(shell: Shell, vms: list[VM]) -> None:
    for cell in ("%vm wob ls", "%%vm wob\nls"):
        with pytest.raises(VmNotFoundError, match="there are: web, weather, my web"):
            shell.cell(cell)


@pytest.mark.parametrize("line", ["%%vm", "%%vm web ls", "%%vm --bg", "%%vm web --colour"])
def test_a_cells_line_that_cannot_be_read_runs_nothing(shell: Shell, line: str) -> None:
    with pytest.raises(SpecError):
        shell.cell(f"{line}\nls")


def test_a_backend_that_runs_nothing_says_so(shell: Shell, vms: list[VM]) -> None:
    vms[0].start()
    with pytest.raises(CapabilityError, match="noop"):
        shell.cell("%%vm web\nls")
    job = shell.cell("%vm --bg web ls")
    with pytest.raises(CapabilityError, match="noop"):
        job.result(30)
    assert "noop" in repr(job)


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("%vm we", ["%vm weather", "%vm web"]),
        (
            "x = %vm --bg --user ada we",
            ["x = %vm --bg --user ada weather", "x = %vm --bg --user ada web"],
        ),
        ("1\n  %%vm Gr", ["1\n  %%vm Größe"]),
        ("%%vm my", ['%%vm "my web"']),
        ('%vm "my w', ['%vm "my web"']),
        (r"%vm my\ w", ['%vm "my web"']),
        ("%vm the", [r'%vm "the \"big\" one"']),
        ("%vm a:", ["%vm a:b"]),
        ("%vm zebra", []),
    ],
)
def test_tab_completes_names(shell: Shell, vms: list[VM], typed: str, becomes: list[str]) -> None:
    assert shell.completions(typed) == becomes


def test_tab_knows_a_machine_that_was_made_later_and_leaves_the_command_alone(shell: Shell) -> None:
    assert shell.completions("%vm zeb") == []
    VM("zebra", backend="noop")
    assert shell.completions("%vm zeb") == ["%vm zebra"]
    assert "%vm zebra zebra" not in shell.completions("%vm zebra zeb")
