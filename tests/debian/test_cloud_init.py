"""What the real cloud-init of a real Debian makes of our seed, seen from inside."""

import stat

import pytest

from tests.debian.conftest import READY_S
from vmnb import VM

pytestmark = [pytest.mark.slow, pytest.mark.debian, pytest.mark.timeout(READY_S + 300)]


def seen(debian: VM, command: str) -> str:
    return debian.run(command, check=True).stdout.strip()


def test_cloud_init_finds_nothing_wrong(debian: VM) -> None:
    assert seen(debian, "cloud-init status") == "status: done"
    assert seen(debian, "cloud-init schema --system").startswith("Valid cloud-config")
    assert seen(debian, "cloud-init query platform") == "nocloud"
    assert seen(debian, "cloud-init query instance_id") == debian.handle.id


def test_it_has_its_name_and_its_time_zone(debian: VM) -> None:
    assert seen(debian, "hostname") == "workshop"
    assert seen(debian, "readlink /etc/localtime").endswith("Europe/Berlin")


def test_its_users_are_those_of_the_user_data_and_the_owners_login(debian: VM) -> None:
    assert seen(debian, "getent passwd ada").endswith(":/home/ada:/bin/bash")
    assert seen(debian, "cat ~ada/.ssh/authorized_keys") == "ssh-ed25519 AAAA ada's"
    assert "no such user" in debian.run("id debian").stderr
    assert seen(debian, "su vm -c 'sudo -n id -un'") == "root"
    key = (debian.handle.work_dir or debian.handle.overlay).joinpath("ssh/id_ed25519")  # type: ignore[union-attr]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert (
        seen(debian, "cat ~vm/.ssh/authorized_keys") == key.with_suffix(".pub").read_text().strip()
    )


def test_files_were_written_and_commands_were_run(debian: VM) -> None:
    assert seen(debian, "cat /etc/motd") == "Grüße"
    assert seen(debian, "stat -c %a /etc/motd") == "640"
    assert seen(debian, "cat /var/tmp/ran-as") == "root"
    assert seen(debian, "cat /etc/vendor") == "from the vendor"


def test_its_network_is_as_configured(debian: VM) -> None:
    assert seen(debian, "cat /sys/class/net/en*/address") == debian.handle.mac
    assert seen(debian, "cat /sys/class/net/en*/mtu") == "1400"
    assert str(debian.guest_ip) == "10.0.2.15"


def test_its_root_was_grown_to_the_disk(debian: VM) -> None:
    total_kib = int(seen(debian, "df --output=size / | tail -n 1"))
    assert total_kib > 2.5 * 1024**2
