"""Files that others wrote, or that were damaged: recordings, journals, leases, the store's rows."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vmnb.backends.qemu.network.leases import find_leases
from vmnb.backends.qemu.running.events import RunStory
from vmnb.backends.qemu.running.journal import Journal
from vmnb.console.cast import Cast
from vmnb.core.errors import VmnbError
from vmnb.core.handle import VmHandle
from vmnb.core.rows import handle_text, history_row, parse_rows, record, spec_text
from vmnb.core.spec import VmSpec
from vmnb.errors import SpecError
from vmnb.lan.register import Register, read_register

from .inputs import FEW, JSON, LINES, MANY, damaged, refused_in_words

HEAD = json.dumps({"version": 2, "width": 80, "height": 24})
EVENTS = st.lists(
    st.tuples(
        st.floats() | st.integers(-1, 10**400),
        st.sampled_from(["o", "r", "m", "i"]),
        st.sampled_from(["80x24", "0x0", "8x" + "0" * 9 + "9" * 5000, "x", "text", "\x1b]52;c;?"]),
    ).map(json.dumps)
    | LINES,
    max_size=6,
)
GREETING = '{"QMP": {"version": {}}}'
EVENT = st.builds(
    lambda event, data: json.dumps(
        {"timestamp": {"seconds": 1, "microseconds": 2}, "event": event, "data": data}
    ),
    st.sampled_from(["SHUTDOWN", "STOP", "RESET", "BLOCK_IO_ERROR", "WATCHDOG", "VSERPORT_CHANGE"]),
    st.dictionaries(st.sampled_from(["reason", "guest", "id", "open", "action"]), JSON()),
)
MAC = "52:54:00:01:23:45"
LEASE = damaged(
    f"1700000000 {MAC} 10.0.0.5 host *\n".encode(),
    json.dumps([{"mac-address": MAC, "ip-address": "10.0.0.5"}]).encode(),
    json.dumps([{"mac-address": MAC, "ip-address": 2130706433}]).encode(),
    b"[" * 100_000,
)
HANDLE = VmHandle(id="0" * 32, backend="noop", spec=VmSpec(name="web"))
ROW = ("0" * 32, "web", "noop", spec_text(HANDLE.spec), handle_text(HANDLE), "running")
TIME = "2026-01-01T00:00:00.000000+00:00"


@given(EVENTS, st.integers(0, 20))
@example([json.dumps([10**400, "o", "x"])], 5)
@example([json.dumps([1, "r", "0" * 9 + "9" * 5000 + "x24"]), json.dumps([2, "o", "x" * 9])], 5)
@MANY
def test_a_recording_is_one_or_is_refused(events: list[str], size: int) -> None:
    try:
        cast = Cast.loads("\n".join([HEAD, *events]))
    except SpecError:
        return
    assert Cast.loads(cast.dumps()) == cast
    assert sum(len(data) for *_, data in cast.newest(size).events) <= size + 9


@given(LINES)
@MANY
def test_a_head_of_a_recording_may_be_nonsense(head: str) -> None:
    with pytest.raises(SpecError):
        Cast.loads(head)


@given(lines=st.lists(LINES | EVENT, max_size=6))
@MANY
def test_a_journal_with_nonsense_in_it_is_read_on(lines: list[str], folder: Path) -> None:
    path = folder / "journal"
    said = [GREETING, *(line.replace("\n", " ") for line in lines), *[json.dumps({"event": "END"})]]
    path.write_text("".join(f"{line}\n" for line in said), errors="replace")
    run = Journal(path).last_run()
    assert run is not None
    read = run.read()
    assert read[-1]["event"] == "END"
    story = RunStory()
    for line in read:
        if "timestamp" in line:
            story.take(line)
    story.end(None, "")


@given(content=LEASE)
@MANY
def test_leases_may_be_nonsense(content: bytes, folder: Path) -> None:
    root = folder / "root"
    for name in ("misc/dnsmasq.leases", "libvirt/dnsmasq/virbr0.status"):
        path = root / "var/lib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert all(not address.is_loopback for address in find_leases(MAC, root).addresses)


@given(st.integers(0, 7), JSON("network", "cloud_init", "ssh", "name", "spec", "private_key"))
@MANY
def test_a_row_of_the_store_makes_sense_or_is_an_error(place: int, value: Any) -> None:
    columns: list[Any] = [*ROW, TIME, None, 1]
    assert parse_rows(record, [tuple(columns)])[0].name == "web"
    columns[place] = json.dumps(value) if place in (3, 4) else value
    with refused_in_words(VmnbError):
        parse_rows(record, [tuple(columns)])


@given(st.lists(JSON(), min_size=8, max_size=8))
@MANY
def test_a_row_of_the_history_makes_sense_or_is_an_error(columns: list[Any]) -> None:
    with refused_in_words(VmnbError):
        parse_rows(history_row, [tuple(columns)])


@given(content=LINES | JSON("members", "blocked", "delay_ms", "directory", "id").map(json.dumps))
@FEW
def test_a_networks_file_makes_sense_or_is_an_error(content: str, folder: Path) -> None:
    path = folder / "register.json"
    path.write_text(content, errors="replace")
    with refused_in_words(VmnbError):
        assert isinstance(read_register(path), Register)
