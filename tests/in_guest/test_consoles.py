"""The serial consoles of a real guest."""

from pathlib import Path

import pytest

from vmnb import VM
from vmnb.core import runtime
from vmnb.notebook.widget.console_talk import ConsoleTalk
from vmnb.notebook.widget.typed import Typed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_the_second_port_has_a_shell_of_its_own(tiny: VM) -> None:
    first, second = tiny.consoles
    assert repr(second) == f"<console 2 of {tiny.handle.name!r}>"
    second.wait_for("#", 120)
    second.write("tty; echo sec''ond\n")
    second.wait_for("/dev/ttyS1[ \r\n]+second", 60)
    assert "second" not in first.text
    second.write("exit\n")
    second.wait_for(r"second[\s\S]*Welcome[\s\S]*#", 60)


def test_a_recording_is_of_the_port_that_was_asked(
    tiny: VM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    second = tiny.consoles[1]
    second.wait_for("#", 120)
    kept = tiny._live.recorded
    with second.record() as recording:
        tiny.console.write("echo rec''orded1\n")
        tiny.console.wait_for("recorded1", 60)
        second.write("echo rec''orded2\n")
        second.wait_for("recorded2", 60)
    assert recording.path.name == f"{tiny.handle.name}-2.cast"
    said = recording.path.read_text()
    assert "recorded2" in said
    assert "recorded1" not in said
    assert tiny._live.recorded == kept


def test_a_read_only_console_takes_words_of_a_program_but_no_keys(tiny: VM) -> None:
    typed = Typed()
    talk = ConsoleTalk(tiny._live, typed, lambda message, buffers: None)

    def press(text: str) -> None:
        key = {"kind": "input", "console": 0, "view": "v", "reply": False, "at": typed.end("v")}
        runtime.run(talk.handle(key, [text.encode()]))

    tiny.console.read_only = True
    assert tiny.console.read_only
    assert not tiny.consoles[1].read_only
    press("echo pre''ssed1\r")
    tiny.console.write("echo wri''tten\n")
    tiny.console.wait_for("written", 60)
    assert "pressed1" not in tiny.console.text
    tiny.console.read_only = False
    press("echo pre''ssed2\r")
    tiny.console.wait_for("pressed2", 60)
