"""What a guest says of its boot, sense and nonsense."""

import json

import pytest

from vmnb.guest.boot_facts import GuestBoot, Stage, parse_boot, printk_times

SYSTEMD = """@uptime
100.50 80.00
@printk
[    1.250000] Run /init as init process
[    2.000000] EXT4-fs (vda1): mounted filesystem 1-2 r/w with ordered data mode. Quota mode: none.
[    9.000000] EXT4-fs (vdb): mounted filesystem with ordered data mode.
@systemd
UserspaceTimestampMonotonic=3500000
FinishTimestampMonotonic=9250000
@now
1000101.000000000
@cloud-init
STATUS
@uptime
101.00 80.10
"""
STATUS = json.dumps(
    {
        "v1": {
            "datasource": "DataSourceNoCloud",
            "init-local": {"start": 1000004.0, "finished": 1000005.5},
            "modules-final": {"start": 1000009.0, "finished": None},
            "stage": None,
        }
    },
    indent=1,
)


def test_a_guest_with_systemd_and_cloud_init_tells_all() -> None:
    boot = parse_boot(SYSTEMD.replace("STATUS", json.dumps(json.loads(STATUS))))
    assert boot == GuestBoot(
        began_asking_s=100.5,
        ended_asking_s=101.0,
        init_s=1.25,
        root_s=2.0,
        userspace_s=3.5,
        finished_s=9.25,
        stages=(
            Stage(name="init-local", start_s=4.0, end_s=5.5),
            Stage(name="modules-final", start_s=9.0, end_s=None),
        ),
    )


def test_a_small_guest_tells_what_it_has() -> None:
    said = "@uptime\n5.0 1.0\n@printk\n@systemd\n@now\n1000.%N\n@cloud-init\n\n@uptime\n5.1 1.0\n"
    assert parse_boot(said) == GuestBoot(began_asking_s=5.0, ended_asking_s=5.1)


def test_a_system_that_has_not_started_everything_yet_has_no_end() -> None:
    boot = parse_boot(SYSTEMD.replace("=9250000", "=0"))
    assert boot is not None
    assert boot.finished_s is None


@pytest.mark.parametrize(
    "status",
    ["", "[]", "null", "5", '{"v1": 5}', '{"v1": {"a": 5}}', '{"v1": {"a": {"start": "x"}}}',
     '{"v1": {"a": {"start": NaN}}}', '{"v1": {"a": {"start": 1e300, "finished": [1]}}}'],
)  # fmt: skip
def test_nonsense_of_cloud_init_is_left_out(status: str) -> None:
    boot = parse_boot(SYSTEMD.replace("STATUS", status))
    assert boot is not None
    assert boot.stages == ()


@pytest.mark.parametrize(
    "said", ["", "@uptime\n", "@uptime\nx\n@uptime\ny\n", "@uptime\n1 1\n", "\0"]
)
def test_an_answer_without_its_clock_is_none(said: str) -> None:
    assert parse_boot(said) is None


def test_what_was_mounted_before_the_first_program_is_not_the_root() -> None:
    text = (
        "[    0.5] EXT4-fs (vda): mounted filesystem\n<6>[    1.5] Run /sbin/init as init process\n"
    )
    assert printk_times(text) == (1.5, None)


def test_other_file_systems_are_roots_too() -> None:
    text = "[ 1.5] Run /init as init process\n[   12.25] XFS (vda2): Ending clean mount\n"
    assert printk_times(text) == (1.5, 12.25)
