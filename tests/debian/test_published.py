"""A real Debian that was fetched by its name, over a connection that broke off half-way."""

import pytest

from tests.debian.conftest import READY_S
from tests.images.server import Web
from vmnb import VM

pytestmark = [pytest.mark.slow, pytest.mark.debian, pytest.mark.timeout(READY_S + 300)]


def test_what_was_missing_was_fetched_and_it_boots(publisher: Web, debian: VM) -> None:
    first, second = publisher.asked_for("/debian-12.qcow2")
    assert "Range" not in first.headers
    assert second.headers["Range"] == f"bytes={first.sent}-"
    assert debian.run("grep -c bookworm /etc/os-release", check=True).ok


@pytest.mark.parametrize("via", ["agent", "ssh"])
def test_it_tells_on_both_ways_that_it_is_set_up(debian: VM, via: str) -> None:
    result = debian.run("cloud-init status --wait", via=via, timeout=READY_S)
    assert (result.via, result.exit_code, result.stdout.strip()) == (via, 0, "status: done")
