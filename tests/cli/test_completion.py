"""A shell completes commands, options and the names of VMs."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from vmnb import VM

from .conftest import COMMAND, Vmnb

BASH = """\
vmnb() { %s "$@"; }
eval "$(vmnb completion bash)"
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9
_python_argcomplete vmnb
printf '%%s\\n' "${COMPREPLY[@]}"
"""


def completed(line: str) -> set[str]:
    """Return what a real bash offers for the end of `line`."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash on this machine")
    script = BASH % shlex.join(COMMAND)
    argv = [bash, "-c", script, "bash", line]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return set(done.stdout.replace("\\", "").split("\n")) - {""}


def test_commands_options_and_names_are_completed() -> None:
    Path("lab.toml").write_text('name = "shop"\n[vm.worker]\nbackend = "noop"\n')
    for name in ("web", "wide name", "db"):
        VM(name, backend="noop")
    assert {each.strip() for each in completed("vmnb su")} == {"suspend"}
    assert {each.strip() for each in completed("vmnb stop --ti")} == {"--timeout"}
    assert {each.strip() for each in completed("vmnb show w")} == {"web", "wide name", "worker"}
    assert {each.strip() for each in completed("vmnb down ")} >= {"worker"}


def test_a_look_for_names_makes_nothing(homes: Path) -> None:
    assert not {each for each in completed("vmnb show ") if not each.startswith("-")}
    assert not (homes / "data").exists()


@pytest.mark.parametrize(
    ("shell", "says"), [("zsh", "compdef"), ("fish", "complete --command vmnb")]
)
def test_other_shells_have_their_own(vmnb: Vmnb, shell: str, says: str) -> None:
    done = vmnb("completion", shell)
    assert (done.code, done.err) == (0, "")
    assert says in done.out
    if path := shutil.which(shell):
        subprocess.run([path, "-n"], input=done.out, text=True, check=True, env=dict(os.environ))
