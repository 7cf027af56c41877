"""Recordings as text, by vmnb's own reader and by asciinema itself."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from vmnb.console.cast import Cast
from vmnb.errors import SpecError

CAST = Cast(
    columns=80,
    rows=24,
    title='a "b" </script>',
    events=(
        (0.0, "o", "one\r\n"),
        (0.5, "r", "100x30"),
        (1.25, "o", "\x1b[31mzwei ✓\r\n"),
        (2.0, "m", "end"),
    ),
)


def test_a_recording_reads_back_as_it_was() -> None:
    assert Cast.loads(CAST.dumps()) == CAST


def test_asciinema_plays_what_is_written(tmp_path: Path) -> None:
    if shutil.which("asciinema") is None:
        pytest.skip("asciinema is not installed")
    path = tmp_path / "web.cast"
    path.write_text(CAST.dumps())
    argv = ["script", "-qec", f"asciinema cat {shlex.quote(str(path))}", "/dev/null"]  # a terminal
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=30)
    assert done.returncode == 0
    assert done.stdout.decode() == "one\r\n\x1b[31mzwei ✓\r\n"


def test_a_recording_that_was_broken_off_is_good_up_to_its_last_whole_line() -> None:
    assert Cast.loads(CAST.dumps()[:-9]).events == CAST.events[:-1]


def test_times_never_go_back_and_what_is_not_shown_is_left_out() -> None:
    lines = [
        {"version": 2, "width": 10, "height": 5},
        [1, "o", "a"],
        [0.5, "o", "b"],
        [2, "i", "x"],
    ]
    cast = Cast.loads("\n".join(map(json.dumps, lines)))
    assert cast.events == ((1.0, "o", "a"), (1.0, "o", "b"))
    assert (cast.columns, cast.rows, cast.title) == (10, 5, "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "root:x:0:0:root:/root:/bin/bash\n",
        '{"version": 1, "width": 80, "height": 24}\n',
        '{"version": 2, "width": 80, "height": 0}\n',
        '{"version": 2, "width": 8e9, "height": 24}\n',
        '{"version": 2, "width": 80, "height": 24}\n[1, "o"]\n[2, "o", "b"]\n',
        '{"version": 2, "width": 80, "height": 24}\n[NaN, "o", "a"]\n[2, "o", "b"]\n',
        '{"version": 2, "width": 80, "height": 24}\n[1, "r", "80x99999"]\n[2, "o", "b"]\n',
        "[" * 100_000,
    ],
)
def test_what_is_no_recording_is_an_error(text: str) -> None:
    with pytest.raises(SpecError):
        Cast.loads(text)


def test_the_newest_part_has_the_size_of_then_and_begins_at_zero() -> None:
    newest = CAST.newest(20)
    assert newest.events == ((0.0, "o", "\x1b[31mzwei ✓\r\n"), (0.75, "m", "end"))
    assert (newest.columns, newest.rows) == (100, 30)
    assert CAST.newest(1000) == CAST
    assert CAST.newest(0).events == ()
