"""Waiting for a real Debian: its cloud-init, its units, its ports."""

import pytest

from tests.debian.conftest import READY_S
from vmnb import VM
from vmnb.core.errors import DeadlineError, GuestError

pytestmark = [pytest.mark.slow, pytest.mark.debian, pytest.mark.timeout(READY_S + 300)]

UNIT = "cat >/etc/systemd/system/{name}.service && systemctl daemon-reload"


def unit(debian: VM, name: str, script: str, more: str = "") -> None:
    """Make a service of a script."""
    text = f"[Service]\nExecStart=/bin/sh -c '{script}'\n{more}"
    debian.run(UNIT.format(name=name), input=text, check=True)


def test_it_is_ready_when_cloud_init_is_done(debian: VM) -> None:
    assert debian.run("cat /run/cloud-init/result.json", check=True).ok
    assert debian.wait_ready() is debian
    debian.wait_for_console_text("login: ").wait_for_file("/var/lib/cloud/instance/boot-finished")


def test_the_ssh_server_is_a_unit_and_a_port(debian: VM) -> None:
    debian.wait_for_unit("ssh").wait_for_unit("multi-user.target", READY_S)
    debian.wait_for_port(22).wait_for_port(22, address="::1")


def test_udp(debian: VM) -> None:
    serve = (
        "import socket as s; x = s.socket(type=s.SOCK_DGRAM); x.bind(('127.0.0.1', 5)); x.recv(1)"
    )
    debian.run(["sh", "-c", 'python3 -c "$1" >/dev/null 2>&1 &', "sh", serve], check=True)
    debian.wait_for_port(5, protocol="udp")
    debian.run("pkill -f SOCK_DGRAM")


def test_a_unit_that_becomes_active_later(debian: VM) -> None:
    unit(debian, "slow", "sleep 2", "Type=oneshot\nRemainAfterExit=yes\n")
    debian.run("systemctl start --no-block slow", check=True)
    debian.wait_for_unit("slow.service")
    assert debian.run("systemctl is-active slow").stdout == "active\n"


def test_a_unit_that_fails_ends_the_wait_with_its_log(debian: VM) -> None:
    unit(debian, "broken", "sleep 1; echo I cannot go on; exit 7", "Type=oneshot\n")
    debian.run("systemctl start --no-block broken", check=True)
    with pytest.raises(GuestError, match=r"(?s)broken has failed.*I cannot go on") as caught:
        debian.wait_for_unit("broken", READY_S)
    assert "status=7" in caught.value.message


def test_a_unit_that_never_is_active_is_shown_as_it_was(debian: VM) -> None:
    unit(debian, "restless", "exit 1", "Restart=always\nRestartSec=1h\n")
    debian.run("systemctl start --no-block restless", check=True)
    with pytest.raises(DeadlineError, match=r"last seen: it was activating \(auto-restart\)"):
        debian.wait_for_unit("restless", 10)
    debian.run("systemctl stop restless", check=True)
    with pytest.raises(DeadlineError, match="there was no such unit"):
        debian.wait_for_unit("nothing-of-the-kind", 10)
