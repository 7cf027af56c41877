"""What each command prints, and with which code it ends, over the Noop backend."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vmnb import VM, machines
from vmnb.cli.codes import CODES
from vmnb.core import runtime
from vmnb.core.lock import action_lock

from .conftest import COMMAND, Vmnb

LAB = """\
name = "shop"
[vm.web]
backend = "noop"
needs = ["db"]
[vm.db]
backend = "noop"
"""


@pytest.fixture
def lab() -> Path:
    path = Path("lab.toml")
    path.write_text(LAB)
    return path


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


@pytest.mark.usefixtures("lab")
def test_a_lab_is_brought_up_and_down_and_is_gone_in_the_end(vmnb: Vmnb) -> None:
    done = vmnb("up")
    assert (done.code, done.err) == (0, "")
    assert rows(done.out) == [
        ["VM", "NAME", "STATE", "BACKEND", "ADDRESS", "FORWARDS", "NEEDS"],
        ["web", "shop.web", "running", "noop", "db"],
        ["db", "shop.db", "running", "noop"],
    ]
    assert [row[2] for row in rows(vmnb("reload").out)] == ["STATE", "running", "running"]
    assert [row[2] for row in rows(vmnb("down").out)] == ["STATE", "stopped", "stopped"]
    assert [row[0] for row in rows(vmnb("list").out)] == ["NAME", "shop.db", "shop.web"]
    done = vmnb("destroy", "--yes")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert vmnb("list").out == ""


def test_some_are_named_and_the_file_may_be_elsewhere(
    vmnb: Vmnb, lab: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = str(lab.absolute())
    below = Path("a/b")
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert vmnb("up", "db").code == 0
    monkeypatch.chdir(tmp_path)
    assert "there is no lab.toml" in vmnb("status").err
    states = [row[2] for row in rows(vmnb("status", "-f", path).out)]
    assert states == ["STATE", "not", "running"]


@pytest.mark.usefixtures("lab")
def test_what_differs_is_made_anew_where_that_is_said(vmnb: Vmnb) -> None:
    vmnb("up")
    Path("lab.toml").write_text(LAB.replace("[vm.db]", "[vm.db]\nvcpus = 2"))
    done = vmnb("reload")
    assert done.code == 1
    assert "lab.toml:5:2: 'db': vcpus is 1, not 2" in done.err
    assert "vmnb reload --recreate" in done.err
    assert vmnb("reload", "--recreate").code == 0
    assert VM.attach("shop.db").handle.vcpus == 2


@pytest.mark.usefixtures("lab")
def test_nothing_is_destroyed_where_nobody_agrees(vmnb: Vmnb) -> None:
    vmnb("up")
    done = vmnb("destroy", "web")
    assert done.code == 1
    assert done.err == (
        "vmnb: nobody can be asked whether to destroy web of 'shop', with all disks\n→ say --yes\n"
    )
    assert answered("n") == 1
    assert len(machines()) == 2
    assert answered("y") == 0
    assert list(machines().name) == ["shop.db"]


def answered(answer: str) -> int:
    """Run ``vmnb destroy web`` on a terminal, answer, and return the exit code."""
    terminal, other = os.openpty()
    try:
        with subprocess.Popen([*COMMAND, "destroy", "web"], stdin=other, stdout=other) as child:
            asked = b""
            while b"[y/N] " not in asked:
                asked += os.read(terminal, 1024)
            assert b"destroy web of 'shop', with all disks?" in asked
            os.write(terminal, answer.encode() + b"\n")
            return child.wait()
    finally:
        os.close(terminal)
        os.close(other)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["up"], 1, "there is no lab.toml, lab.yaml, lab.yml in"),
        (["up", "-f", "nope.toml"], 1, "cannot read nope.toml: No such file"),
        (["log", "nope"], 3, "there is no VM named 'nope'"),
        (["log", "-f", "a/b"], 1, "the name 'a/b' has a '/'"),
        (["log", "here"], 1, "the console of 'here' has no log"),
        (["ssh", "here"], 1, "no port of this machine leads to the SSH of 'here'"),
        (["console", "here"], 1, "a console needs a terminal"),
        (["show", "nope"], 3, "there is no VM named 'nope'"),
        (["start", "here", "nope"], 3, "there is no VM named 'nope'"),
        (["resume", "other"], 1, "cannot resume 'other': it is prepared"),
        (["run", "here", "--", "true"], 1, "the noop backend runs no commands in a guest"),
        (["images", "remove", "nope"], 1, "there is no image called 'nope' in the cache"),
        (["templates", "remove", "nope"], 1, "there is no template"),
        (["destroy", "other"], 1, "nobody can be asked whether to destroy 'other'"),
    ],
)
def test_an_error_is_told_without_a_traceback(
    vmnb: Vmnb, words: list[str], code: int, says: str
) -> None:
    VM("here", backend="noop").start()
    VM("other", backend="noop")
    done = vmnb(*words)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(f"vmnb: {says}")
    assert "\n→ " in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["frobnicate"],
        ["ssh"],
        ["up", "--frob"],
        ["start"],
        ["run", "web"],
        ["completion", "tcsh"],
    ],
)
def test_a_wrong_usage_has_a_code_of_its_own(vmnb: Vmnb, words: list[str]) -> None:
    done = vmnb(*words)
    assert done.code == 2
    assert done.err.startswith("usage: vmnb")


def test_an_error_in_the_lab_file_is_told_by_its_line(vmnb: Vmnb, lab: Path) -> None:
    lab.write_text(LAB.replace("needs", "neds"))
    for words in (["up"], ["log", "web"]):
        done = vmnb(*words)
        assert done.code == 1
        assert "lab.toml:4:1: the VM 'web' has no key 'neds'\n→ did you mean 'needs'?" in done.err


@pytest.mark.usefixtures("lab")
def test_a_name_is_first_that_of_the_lab(vmnb: Vmnb) -> None:
    VM("web", backend="noop")
    VM("other", backend="noop")
    assert "no VM named 'shop.web'" in vmnb("log", "web").err
    assert "console of 'other'" in vmnb("log", "other").err


def test_as_a_process_of_its_own_it_prints_and_ends_as_it_should() -> None:
    VM("web", backend="noop")
    done = subprocess.run([*COMMAND, "list"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    # The noop backend forgets with its process.
    assert rows(done.stdout)[1] == ["web", "stopped", "noop", "none", "tiny", "1", "256"]


@pytest.mark.parametrize("words", [["list"], ["show", "web"], ["start", "web"], ["history", "web"]])
def test_a_command_loads_nothing_of_a_notebook(words: list[str]) -> None:
    VM("web", backend="noop")
    code = "import sys; from vmnb.cli import main; main(sys.argv[1:]); print(*sys.modules)"
    argv = [sys.executable, "-c", code, *words]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    heavy = {"pandas", "IPython", "ipywidgets", "jsonschema", "asyncssh", "httpx", "tqdm"}
    assert heavy & set(done.stdout.split()) == set()


def test_another_process_that_is_busy_has_a_code_of_its_own(vmnb: Vmnb) -> None:
    machine = VM("web", backend="noop")
    store = runtime.session().store

    async def meanwhile() -> int:
        async with action_lock(store.locks, machine.name):
            child = await asyncio.create_subprocess_exec(
                *COMMAND, "start", "web", stderr=subprocess.PIPE
            )
            _, said = await child.communicate()
        assert b"'web'" in said
        return child.returncode or 0

    assert asyncio.run(meanwhile()) == 4


def test_the_exit_codes_are_told_to_those_who_ask_and_in_the_readme(vmnb: Vmnb) -> None:
    told = vmnb("--help").out
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for code, meaning, _ in CODES:
        assert f"  {code:<5}{meaning}\n" in told
        assert f"| {code} | {meaning} |\n" in readme


def test_a_reader_that_has_enough_is_no_error() -> None:
    VM("web", backend="noop")
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        [*COMMAND, "list"], stdout=writing, stderr=subprocess.PIPE, text=True
    ) as child:
        os.close(writing)
        assert child.communicate()[1] == ""
