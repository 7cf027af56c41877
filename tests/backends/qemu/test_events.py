"""What the lines of a journal mean."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from vmnb.backends.qemu.running.events import RunStory
from vmnb.backends.qemu.running.journal import Journal, Note
from vmnb.backends.qemu.running.run_state import from_run_state
from vmnb.core.errors import BackendError
from vmnb.core.hypervisor import VmEvent
from vmnb.core.process import ProcessId, boot_id, time_of_boot
from vmnb.core.state import Cause, VmState

GREETING = '{"QMP": {"version": {}}}\r\n{"return": {}}\r\n'
PROCESS = ProcessId(pid=4711, start=99, boot=boot_id())


def line(event: str, second: int = 1, **data: object) -> dict[str, Any]:
    return {"timestamp": {"seconds": second, "microseconds": 5}, "event": event, "data": data}


def told(*lines: Mapping[str, Any], process: ProcessId | None = PROCESS) -> list[VmEvent]:
    story = RunStory()
    events = [event for each in lines if (event := story.take(each)) is not None]
    return [*events, story.end(process, "last words")]


def test_a_key_is_the_action_and_its_time_in_microseconds() -> None:
    first, *_ = told(line("RESET", 7, guest=True))
    assert first.key == "reboot:7000005"


def test_a_power_off_that_was_asked_for_is_the_users() -> None:
    asked = told(line("POWERDOWN"), line("SHUTDOWN", reason="guest-shutdown"))[-1]
    own = told(line("SHUTDOWN", reason="guest-shutdown"))[-1]
    assert (asked.cause, own.cause) == (Cause.USER, Cause.GUEST)


@pytest.mark.parametrize(
    ("reason", "state", "cause"),
    [
        ("guest-shutdown", VmState.STOPPED, Cause.GUEST),
        ("guest-panic", VmState.FAILED, Cause.GUEST),
        ("host-signal", VmState.STOPPED, Cause.HOST),
        ("host-qmp-quit", VmState.STOPPED, Cause.USER),
        ("host-error", VmState.FAILED, Cause.FAILURE),
        ("a reason of tomorrow", VmState.FAILED, Cause.FAILURE),
    ],
)
def test_every_reason_of_a_shutdown_has_its_state_and_cause(
    reason: str, state: VmState, cause: Cause
) -> None:
    end = told(line("SHUTDOWN", reason=reason))[-1]
    assert (end.state, end.cause) == (state, cause)


def test_an_end_without_a_word_is_a_failure_with_code_and_last_words() -> None:
    end = told(line(Note.EXIT, code=-9))[-1]
    assert (end.key, end.state, end.cause) == ("exit:4711:99", VmState.FAILED, Cause.FAILURE)
    assert end.detail == "QEMU ended with SIGKILL; its last words:\nlast words"


def test_an_exit_code_that_only_the_parent_knew_is_called_unknown() -> None:
    assert "known to its parent alone" in told()[-1].detail


def test_a_run_of_an_earlier_boot_was_ended_by_the_host() -> None:
    end = told(process=ProcessId(pid=1, start=1, boot="earlier"))[-1]
    assert (end.state, end.cause) == (VmState.STOPPED, Cause.HOST)
    assert end.detail == "the machine was restarted"
    assert end.time == time_of_boot()


def test_nothing_after_the_end_changes_it_but_the_user_taking_note() -> None:
    panic = line("GUEST_PANICKED", action="shutdown")
    off = line("SHUTDOWN", 2, reason="guest-panic")
    assert told(panic, off)[-1].key == "panic:1000005"
    assert told(panic, off, line(Note.SETTLED, 3))[-1].state is VmState.STOPPED


def test_the_first_run_of_the_cpus_is_no_resume() -> None:
    actions = [event.action for event in told(line("RESUME"), line("STOP"), line("RESUME"))]
    assert actions == ["pause", "resume", "exit"]


def test_only_the_agents_port_makes_a_guest_ready() -> None:
    events = told(
        line("VSERPORT_CHANGE", id="another", open=True),
        line("VSERPORT_CHANGE", id="agent", open=True),
        line("VSERPORT_CHANGE", id="agent", open=False),
    )
    assert [event.action for event in events] == ["ready", "exit"]


def test_an_agent_that_is_started_anew_says_nothing_before_the_guest_boots_again() -> None:
    opened = line("VSERPORT_CHANGE", id="agent", open=True)
    closed = line("VSERPORT_CHANGE", id="agent", open=False)
    events = told(opened, closed, opened, line("RESET", guest=True), closed, opened)
    assert [event.action for event in events] == ["ready", "reboot", "ready", "exit"]


def test_a_full_disk_of_the_host_is_told_with_what_to_do() -> None:
    event, _ = told(line("BLOCK_IO_ERROR", action="stop", operation="write", nospace=True))
    assert (event.state, event.cause) == (VmState.SUSPENDED, Cause.FAILURE)
    assert "free some space" in event.detail


def test_a_state_that_qemu_has_no_word_for_is_not_guessed() -> None:
    with pytest.raises(BackendError, match="tomorrow"):
        from_run_state("tomorrow")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "events.jsonl")


def test_a_journal_that_is_not_there_has_no_run(journal: Journal) -> None:
    assert journal.last_run() is None
    journal.note(Note.EXIT, {})
    assert not journal.path.exists()


def test_only_the_last_run_is_read_and_each_line_once(journal: Journal) -> None:
    def text(event: str) -> str:
        return json.dumps(line(event)) + "\r\n"

    journal.path.write_text(GREETING + text("RESET") + GREETING + text("STOP"))
    run = journal.last_run()
    assert run is not None
    assert [each["event"] for each in run.read()] == ["STOP"]
    assert run.read() == []
    with journal.path.open("a") as file:
        file.write(text("RESUME")[:-10])
        file.flush()
        assert run.read() == []
        file.write(text("RESUME")[-10:] + "not JSON\n" + GREETING + text("SHUTDOWN"))
    assert [each["event"] for each in run.read()] == ["RESUME"]
    assert run.read() == []


def test_what_a_start_wrote_that_failed_is_forgotten(journal: Journal) -> None:
    journal.path.write_text(GREETING)
    before = journal.size_bytes()
    journal.note(Note.EXIT, {"code": 1})
    assert journal.size_bytes() > before
    journal.forget_after(before)
    assert journal.path.read_bytes() == GREETING.encode()
