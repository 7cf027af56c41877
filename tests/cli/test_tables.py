"""What stands in a table is shown literally: wide, whole, and without an effect on a terminal."""

import pytest

from vmnb import VM
from vmnb.cli import main
from vmnb.cli.table import print_table

from .conftest import on_terminal

MARKED = "[bold]web[red] :smile:"


def test_columns_are_under_each_other_whatever_is_in_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("東京 1", "a"):
        VM(name, backend="noop")
    assert main(["list"]) == 0
    _, first, second = capsys.readouterr().out.splitlines()
    assert (first.index("prepared"), second.index("prepared")) == (6, 8)


def test_where_no_terminal_is_a_line_is_as_long_as_it_must_be(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("FORCE_COLOR", "1")
    name = "n" * 200
    print_table(("NAME", "STATE"), [(name, "running")])
    assert capsys.readouterr().out == f"NAME{' ' * 198}STATE\n{name}  running\n"


def test_nothing_of_it_has_an_effect(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("A",), [(f"{MARKED}\x1b[2J\a\n\u202eevil",)])
    assert capsys.readouterr().out == f"A\n{MARKED}\\x1b[2J\\x07\\n\\u202eevil\n"


def test_on_a_terminal_it_fits_and_names_are_literal() -> None:
    VM(MARKED, backend="noop")
    lines = on_terminal("list").replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()
    assert "\x1b" not in "".join(lines)
    assert max(map(len, lines)) <= 40
    # The column is folded, but it has the name as it is.
    assert "".join(line.split("  ")[0].strip() for line in lines).endswith("[bold]web[red]:smile:")
