"""What is configured, for the machine and by the user: the stricter holds."""

from pathlib import Path

import pytest

from vmnb.core.config import Config, IdleRule, read_config
from vmnb.core.errors import SpecError
from vmnb.core.limits import Bound, Limits
from vmnb.core.state import Action


@pytest.fixture
def own(home: Path) -> Path:
    home.mkdir()
    return home / "config.toml"


def test_without_files_nothing_is_limited(machine_config: Path) -> None:
    assert not machine_config.exists()
    assert read_config() == Config()
    assert not read_config().limits


def test_of_both_files_the_stricter_holds(machine_config: Path, own: Path) -> None:
    machine_config.write_text(
        '[limits]\nvms = 6\nmemory = "8G"\n[idle]\nafter = "30 min"\naction = "stop"\n'
    )
    own.write_text('[limits]\nvms = 9\nmemory = "4G"\ndisk = "60G"\n[idle]\nafter = "1h"\n')
    assert read_config() == Config(
        limits=Limits(
            vms=Bound(6, str(machine_config)),
            memory_mib=Bound(4096, str(own)),
            disk_mib=Bound(60 * 1024, str(own)),
        ),
        idle=IdleRule(1800, Action.STOP),
    )


@pytest.mark.parametrize(
    "text",
    [
        "limits = 3",
        "[limit]\nvms = 3",
        "[limits]\ncpus = 3",
        "[limits]\nvms = 0",
        "[limits]\nvms = true",
        '[limits]\nmemory = "much"',
        '[idle]\naction = "stop"',
        '[idle]\nafter = "soon"',
        '[idle]\nafter = "1h"\naction = "destroy"',
        "[cgroup]\nparent = 5",
        '[cgroup]\nparent = "mine"',
        "[limits",
        "\xff",
    ],
)
def test_what_nobody_understands_is_refused_with_the_file_s_name(
    machine_config: Path, text: str
) -> None:
    machine_config.write_text(text, encoding="latin-1")
    with pytest.raises(SpecError, match=machine_config.name):
        read_config()
