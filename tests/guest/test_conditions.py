"""What a guest can be waited for: what is asked, and what the answers mean."""

import pytest

from vmnb.core.errors import GuestError, SpecError
from vmnb.guest import RunResult
from vmnb.guest.condition import CloudInitDone, FileExists
from vmnb.guest.listening import Listens, listeners
from vmnb.guest.unit import UnitActive

HERE = "   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n"
ANY = "  12: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n"
HERE_6 = f"   0: {'0' * 24}01000000:0016 {'0' * 32}:0000 0A 00000000:00000000 00:00000000\n"
ANY_6 = f"   1: {'0' * 32}:01BB {'0' * 32}:0000 0A 00000000:00000000 00:00000000 00000000\n"
MAPPED = f"   2: {'0' * 16}FFFF00000100007F:0035 {'0' * 32}:0000 0A 00000000:00000000\n"


def answer(stdout: str = "", exit_code: int = 0, stderr: str = "") -> RunResult:
    return RunResult(
        command="x",
        exit_code=exit_code,
        stdout_bytes=stdout.encode(),
        stderr_bytes=stderr.encode(),
    )


def test_the_kernels_table_is_read() -> None:
    found = [(str(address), port) for address, port in listeners(HERE + ANY + HERE_6 + ANY_6)]
    assert found == [("127.0.0.1", 80), ("0.0.0.0", 8080), ("::1", 22), ("::", 443)]


@pytest.mark.parametrize("line", ["", "garbage", "  0: 0100:0050 0A", "0: " + "F" * 31 + ":0050 "])
def test_a_table_that_makes_no_sense_has_nobody(line: str) -> None:
    assert list(listeners(line)) == []


@pytest.mark.parametrize(
    ("table", "port", "address", "met"),
    [
        (HERE, 80, "127.0.0.1", True),
        (HERE, 81, "127.0.0.1", False),
        (HERE, 80, "10.0.2.15", False),
        (HERE, 80, "0.0.0.0", False),
        (ANY, 8080, "127.0.0.1", True),
        (ANY, 8080, "0.0.0.0", True),
        (ANY, 8080, "::1", False),
        (HERE_6, 22, "::1", True),
        (HERE_6, 22, "127.0.0.1", False),
        (ANY_6, 443, "127.0.0.1", True),
        (ANY_6, 443, "fe80::1", True),
        (MAPPED, 53, "127.0.0.1", True),
        ("", 80, "127.0.0.1", False),
    ],
)
def test_a_port_listens_where_a_connection_would_be_taken(
    table: str, port: int, address: str, met: bool
) -> None:
    assert Listens(port=port, address=address).is_met(answer(table)) is met


def test_a_port_in_vain_tells_what_listens_instead() -> None:
    port = Listens(port=81)
    assert port.seen(answer(HERE + ANY_6)).endswith("127.0.0.1 port 80, :: port 443")
    assert port.seen(answer(HERE * 30)).endswith(", and 10 more")
    assert port.seen(answer(exit_code=1)).endswith("none")
    assert "grep: not found" in port.seen(answer(exit_code=127, stderr="grep: not found"))


@pytest.mark.parametrize(
    ("port", "protocol", "address"),
    [(0, "tcp", "127.0.0.1"), (80, "sctp", "127.0.0.1"), (80, "tcp", "localhost"), (80, "tcp", "")],
)
def test_a_port_that_is_none_is_refused(port: int, protocol: str, address: str) -> None:
    with pytest.raises(SpecError):
        Listens(port=port, protocol=protocol, address=address)


@pytest.mark.parametrize("path", ["", "relative", "/nul\0", "/\udc80"])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(SpecError):
        FileExists(path)


@pytest.mark.parametrize("unit", ["", "a b", "ssh*", "../ssh", "x" * 256, "$(reboot)"])
def test_a_unit_that_can_be_none_is_refused(unit: str) -> None:
    with pytest.raises(SpecError, match="name of a unit"):
        UnitActive(unit)


@pytest.mark.parametrize("state", ["inactive", "activating", "deactivating", "reloading"])
def test_a_unit_that_is_not_active_may_become_so(state: str) -> None:
    unit = UnitActive("ssh")
    said = answer(f"LoadState=loaded\nActiveState={state}\nSubState=auto-restart\n")
    assert not unit.is_met(said)
    assert unit.seen(said) == f"it was {state} (auto-restart)"


def test_a_unit_that_is_not_there_yet_is_waited_for() -> None:
    unit = UnitActive("ssh")
    said = answer("LoadState=not-found\nActiveState=inactive\nSubState=dead\n")
    assert not unit.is_met(said)
    assert unit.seen(said) == "there was no such unit"


def test_a_unit_that_has_failed_ends_the_wait_with_its_log() -> None:
    said = answer("LoadState=loaded\nActiveState=failed\nSubState=failed\nthe log\x1b]0;\n")
    with pytest.raises(GuestError, match=r"the unit ssh has failed.*\n  the log\\x1b\]0;") as error:
        UnitActive("ssh").is_met(said)
    assert "journalctl -u ssh" in error.value.hint


def test_systemctl_that_fails_is_shown() -> None:
    said = answer(exit_code=1, stderr="Failed to connect to bus")
    unit = UnitActive("ssh")
    assert not unit.is_met(said)
    assert "Failed to connect to bus" in unit.seen(said)


@pytest.mark.parametrize("exit_code", [0, 2])
def test_problems_from_which_cloud_init_recovered_are_none(exit_code: int) -> None:
    assert CloudInitDone().is_met(answer("status: done", exit_code))


def test_cloud_init_that_failed_says_why() -> None:
    with pytest.raises(GuestError, match=r"(?s)exit code 1.*bad schema"):
        CloudInitDone().is_met(answer("status: error\ndetail: bad schema", 1))
