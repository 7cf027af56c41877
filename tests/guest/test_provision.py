"""Steps that set a guest up, by the distribution's real agent."""

import pickle
import stat
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from vmnb.core.errors import SpecError
from vmnb.guest.provision import ProvisionError, ProvisionResult, plan, provision
from vmnb.guest.run import run
from vmnb.guest.script import script_command, script_text

from .agent import by_agent


def provisioned(path: Path, steps: list[Any], log: Path) -> ProvisionResult:
    planned = plan(steps)
    return by_agent(path, lambda way: provision(way, way, planned, log, timeout_s=60))


def test_steps_are_carried_out_in_order_and_logged(agent_socket: Path, tmp_path: Path) -> None:
    (tmp_path / "set up.sh").write_text(f"#!/bin/sh\necho two >>'{tmp_path}/said'\necho $0 ö\n")
    log, said = tmp_path / "log", tmp_path / "said"
    steps = [
        f"echo one >>'{said}'",
        tmp_path / "set up.sh",
        (tmp_path / "set up.sh", f"{tmp_path}/copy of it"),
        {"file": str(tmp_path / "set up.sh"), "to": f"{tmp_path}/in/"},
        "printf '\\033]0;evil\\007' >&2",
    ]
    result = provisioned(agent_socket, steps, log)
    assert result.ok
    assert said.read_text() == "one\ntwo\n"
    assert (tmp_path / "in" / "set up.sh").read_text() == (tmp_path / "copy of it").read_text()
    assert [step.kind for step in result.steps] == ["shell", "script", "file", "file", "shell"]
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert "step 2 of 5" in log.read_text()
    assert "ö\n" in log.read_text()
    assert "\x1b" not in log.read_text()
    table = pd.DataFrame(result.steps)
    assert table["outcome"].tolist() == ["done"] * 5


def test_the_first_failure_stops_it_and_says_where_to_look(
    agent_socket: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    steps = ["true", "echo why >&2; exit 3", f"touch '{tmp_path}/ran'"]
    with pytest.raises(ProvisionError, match=r"step 2 of 3 .* failed: exit code 3") as caught:
        provisioned(agent_socket, steps, log)
    result = caught.value.result
    assert [step.outcome for step in result.steps] == ["done", "failed", "not run"]
    assert result.steps[1].exit_code == 3
    assert not (tmp_path / "ran").exists()
    assert str(log) in caught.value.hint
    assert "why" in log.read_text()
    assert repr(result).splitlines()[2] == f"3. not run  shell   touch '{tmp_path}/ran'"
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    "steps",
    [
        "apt-get update",
        [7],
        [""],
        [("only one",)],
        [{"file": "/etc/passwd"}],
        [{"file": "/etc/passwd", "to": "/x", "mode": 7}],
        [Path("/no/such/script")],
        [("/no/such/file", "/x")],
        [("/etc/passwd", "relative")],
        None,
    ],
)
def test_a_step_that_is_none_is_refused_before_the_first(steps: Any) -> None:
    with pytest.raises(SpecError):
        plan(["true", *steps] if isinstance(steps, list) else steps)


def test_a_script_runs_by_its_first_line_with_its_arguments(agent_socket: Path) -> None:
    awk = '#!/usr/bin/awk -f\nBEGIN { print ARGV[1] "|" ARGC }\n'
    for text, said in (
        (awk, "a b|3\n"),
        ('echo "$1|$#"; cat', "a b|2\n"),
        ("#!/bin/sh\nexit 4", ""),
    ):
        command = script_command(script_text(text), ["a b", "it's"], env={"A": "1"})
        result = by_agent(agent_socket, lambda way, c=command: run(way, c))  # type: ignore[misc]
        assert result.stdout == said
    assert result.exit_code == 4
