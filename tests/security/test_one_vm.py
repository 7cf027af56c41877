"""What can be seen of a VM from outside: by other users, on the network, and of its secrets."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.security import inside

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PASSWORD = "marker-password-7f3a"


@pytest.fixture(scope="module")
def key() -> Any:
    return asyncssh.generate_private_key("ssh-ed25519", comment="")


@pytest.fixture(scope="module")
def secrets(key: Any) -> list[str]:
    """What nobody may see: of the key, each line but the first and last, which all keys have."""
    lines = key.export_private_key().decode().splitlines()
    return [PASSWORD, *lines[1:-1]]


@pytest.fixture(scope="module")
def told(
    homes_root: Path, tmp_path_factory: pytest.TempPathFactory, key: Any
) -> tuple[dict[str, Any], str]:
    """What the process told of a VM and of itself, and all else that it wrote."""
    home = homes_root / "umask"
    disk = tmp_path_factory.mktemp("image") / "blank.raw"
    disk.write_bytes(bytes(1 << 20))
    environment = os.environ | {
        "VMNB_HOME": str(home / "data"),
        "VMNB_RUNTIME": str(home / "run"),
        "VMNB_CACHE": str(home / "cache"),
        "MARK_PW": PASSWORD,
        "MARK_KEY": key.export_private_key().decode(),
        "MARK_PUB": key.export_public_key().decode().strip(),
    }
    done = subprocess.run(
        [sys.executable, inside.__file__, disk],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    first, _, rest = done.stdout.partition("\n")
    return json.loads(first), rest + done.stderr


def test_nothing_of_it_is_for_others_whatever_the_umask(told: Any) -> None:
    assert told[0]["lax"] == []


def test_nothing_listens_on_a_network_and_what_was_asked_for_on_loopback_alone(told: Any) -> None:
    listening = told[0]["listening"]
    assert (listening["without"], listening["this"]) == ([], [])
    (ssh,) = listening["with ssh"]
    assert ssh.startswith("0100007F:")


def test_qemu_is_in_its_sandbox(told: Any) -> None:
    assert told[0]["seccomp"].split() == ["Seccomp:", "2"]
    assert "spawn=deny" in told[0]["argv"]


@pytest.mark.parametrize("where", ["argv", "environment", "shown"])
def test_no_secret_is_shown(told: Any, secrets: list[str], where: str) -> None:
    assert [secret for secret in secrets if secret in told[0][where]] == []


def test_no_secret_is_logged_or_printed(told: Any, secrets: list[str]) -> None:
    assert "private" in told[1]
    assert [secret for secret in secrets if secret in told[1]] == []
