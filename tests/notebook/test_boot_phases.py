"""Where the time of a boot went, from facts of a host and a guest."""

from datetime import UTC, datetime, timedelta

from vmnb.core.boot import BootMark, Milestone
from vmnb.core.history import HistoryRow
from vmnb.core.state import Cause, VmState
from vmnb.guest.boot_facts import GuestBoot, Stage
from vmnb.notebook.pictures.boot_phases import Phase, boot_phases, console_boot, kernel_clock
from vmnb.notebook.pictures.boot_timeline import BOOT_SCHEMA, BootTimeline

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>"


def at(second: float) -> datetime:
    return BEGAN + timedelta(seconds=second)


def row(second: float, before: VmState, after: VmState, action: str, took_s: float) -> HistoryRow:
    return HistoryRow(
        time=at(second),
        from_state=before,
        to_state=after,
        action=action,
        duration_s=took_s,
        cause=Cause.USER,
    )


MARKS = (
    BootMark(milestone=Milestone.SPAWNED, time=at(0.25)),
    BootMark(milestone=Milestone.READY, time=at(8)),
)
ROWS = [row(0, VmState.PREPARED, VmState.RUNNING, "start", 0.5)]
TINY = GuestBoot(began_asking_s=18, ended_asking_s=18.5, init_s=3, root_s=5)
"""Asked between 20 and 20.5, so that its kernel began to count at 2."""


def spans(phases: list[Phase]) -> list[tuple[str, float, float]]:
    return [
        (each.name, (each.start - BEGAN).total_seconds(), (each.end - BEGAN).total_seconds())
        for each in phases
    ]


def phases_of(guest: GuestBoot, rows: list[HistoryRow] = ROWS) -> list[tuple[str, float, float]]:
    clock = kernel_clock(guest, at(20), at(20.5), rows)
    return spans(boot_phases(MARKS, rows, guest, clock))


def test_a_small_guest_has_firmware_kernel_root_file_system_and_agent() -> None:
    assert phases_of(TINY) == [
        ("hypervisor", 0.25, 0.5),
        ("firmware, early kernel", 0.5, 2),
        ("kernel", 2, 5),
        ("root file system", 5, 7),
        ("agent", 7, 8),
    ]


def test_systemd_and_cloud_init_have_phases_of_their_own_that_overlap_others() -> None:
    guest = GuestBoot(
        began_asking_s=18, ended_asking_s=18.5, init_s=3, root_s=4, userspace_s=5, finished_s=9,
        stages=(Stage(name="init", start_s=6, end_s=7), Stage(name="late", start_s=8, end_s=None)),
    )  # fmt: skip
    assert phases_of(guest)[3:] == [
        ("root file system", 5, 7),
        ("system", 7, 11),
        ("agent", 7, 8),
        ("cloud-init init", 8, 9),
    ]


def test_a_guest_that_said_nothing_has_one_phase_until_it_was_ready() -> None:
    assert spans(boot_phases(MARKS, ROWS, None, None)) == [
        ("hypervisor", 0.25, 0.5),
        ("boot", 0.5, 8),
    ]


def test_what_is_not_known_is_absent() -> None:
    assert phases_of(GuestBoot(began_asking_s=18, ended_asking_s=18.5))[1:] == [
        ("firmware, early kernel", 0.5, 2),
        ("agent", 2, 8),
    ]
    assert boot_phases((), [], None, None) == []


def test_the_guests_clock_stands_still_while_the_vm_is_suspended() -> None:
    rows = [
        *ROWS,
        row(10, VmState.RUNNING, VmState.SUSPENDED, "suspend", 0),
        row(12, VmState.SUSPENDED, VmState.RUNNING, "resume", 0),
    ]
    guest = GuestBoot(began_asking_s=16, ended_asking_s=16.5, init_s=3)
    assert phases_of(guest, rows)[2] == ("kernel", 2, 5)


def test_a_guest_that_restarted_begins_at_that() -> None:
    marks = (*MARKS, BootMark(milestone=Milestone.RESET, time=at(15)),
             BootMark(milestone=Milestone.READY, time=at(19)))  # fmt: skip
    guest = GuestBoot(began_asking_s=4, ended_asking_s=4.5, init_s=1, root_s=2)
    clock = kernel_clock(guest, at(20), at(20.5), ROWS)
    assert spans(boot_phases(marks, ROWS, guest, clock)) == [
        ("firmware, early kernel", 15, 16),
        ("kernel", 16, 17),
        ("root file system", 17, 18),
        ("agent", 18, 19),
    ]


def test_the_accuracy_is_what_the_asking_left_open() -> None:
    slow = kernel_clock(TINY, at(20), at(21.5), ROWS)
    assert slow.accuracy_s == 0.5
    assert kernel_clock(TINY, at(20), at(20.5), ROWS).accuracy_s == 0


def test_it_is_a_table_with_its_schema_also_when_empty() -> None:
    clock = kernel_clock(TINY, at(20), at(20.5), ROWS)
    for phases in (boot_phases(MARKS, ROWS, TINY, clock), []):
        table = BootTimeline("web", phases).table
        assert table.dtypes.astype(str).to_dict() == dict(BOOT_SCHEMA)
        assert len(table) == len(phases)
        assert list(table["start_s"][:2]) == [0, 0.25][: len(phases)]


def test_it_is_a_picture_in_which_whatever_a_guest_says_is_text() -> None:
    guest = GuestBoot(
        began_asking_s=18,
        ended_asking_s=18.5,
        stages=(Stage(name=HOSTILE, start_s=1, end_s=2),),
    )
    clock = kernel_clock(guest, at(20), at(20.5), ROWS)
    shown = BootTimeline("web", boot_phases(MARKS, ROWS, guest, clock), [HOSTILE])
    bundle = shown._repr_mimebundle_()
    assert "<script" not in bundle["text/html"] + bundle["image/svg+xml"]
    assert "&lt;script" in bundle["text/html"]
    assert repr(BootTimeline("web", [])) == "<boot of 'web': nothing is known>"


def test_a_kernel_that_shows_its_messages_with_times_has_phases_though_nobody_can_ask_it() -> None:
    lines = [
        (at(2.75), "[    0.500000] Linux"),  # late by a quarter of a second
        (at(5), "[    3.000000] Run /init as init process"),
        (at(7), "[    5.000000] EXT4-fs (vda): mounted filesystem"),
        (at(9), "login:"),
    ]
    shown = console_boot(lines)
    assert shown is not None
    assert spans(boot_phases(MARKS, ROWS, *shown))[1:] == [
        ("firmware, early kernel", 0.5, 2),
        ("kernel", 2, 5),
        ("root file system", 5, 7),
        ("agent", 7, 8),
    ]


def test_a_console_without_the_kernels_times_tells_nothing() -> None:
    assert console_boot([]) is None
    assert console_boot([(at(1), "login:"), (at(2), "[x] [ 1")]) is None
