"""VMs that run for nobody are suspended or stopped, where that is configured."""

import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.homes import own_homes
from vmnb import VM
from vmnb.core.paths import data_home

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

Rule = Callable[[str], object]


@pytest.fixture
def rule(machine_config: Path) -> Rule:
    """Return what sets the rule for idle VMs."""
    return lambda text: machine_config.write_text(f"[idle]\n{text}\n")


@pytest.fixture
def homes_alone(homes_root: Path, image_cache: Path) -> Iterator[None]:
    """Homes of the test's own, for this process, too."""
    with own_homes(homes_root, image_cache):
        yield


def until_the_keeper_ends() -> None:
    """Wait until nothing runs any more that would have to be looked after."""
    home = os.fsencode(data_home())
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes()
            if b"vmnb.core.idle_keeper" in words and home in words:
                pidfd = os.pidfd_open(int(process.name))
                ended, _, _ = select.select([pidfd], [], [], 60)
                os.close(pidfd)
                assert ended


@pytest.mark.usefixtures("homes_alone")
def test_one_is_suspended_though_its_kernel_has_ended(rule: Rule) -> None:
    rule('after = "2s"')
    code = "from vmnb import VM; VM('web').start().wait_ready()"
    subprocess.run([sys.executable, "-c", code], check=True)
    with VM.attach("web") as vm:
        vm.wait_for_state("suspended", timeout=60)
        until_the_keeper_ends()
        last = vm.history.iloc[-1]
        assert (last["action"], last["cause"]) == ("suspend", "host")
        assert last["detail"].startswith("idle for ")


@pytest.mark.usefixtures("homes_alone")
def test_one_that_is_used_goes_on_and_then_is_stopped(rule: Rule) -> None:
    rule('after = "4s"\naction = "stop"')
    with VM("web") as vm:
        vm.start().wait_ready()
        vm.run("sleep 12")
        assert "stop" not in set(vm.history["action"])
        vm.wait_for_state("stopped", timeout=60)
        until_the_keeper_ends()
        assert vm.history.iloc[-1]["action"] == "stop"
