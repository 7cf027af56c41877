"""What a guest is told that it shall be, and what is made of its answer, by a scripted agent."""

import asyncio
import base64
import os
import stat
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.guest.peer import Peer
from vmnb.core.errors import CloneError, SpecError
from vmnb.guest import GuestAgent
from vmnb.guest.identity import Identity, take_on
from vmnb.guest.ssh_trust import HostKeys

MAC, NEW_MAC = "52:54:00:12:34:56", "52:54:00:ab:cd:ef"
OLD_KEY, NEW_KEY = "AAAAC3" + "o" * 62, "AAAAC3" + "n" * 62


class Told:
    """An agent whose guest ends the command with `exit_code` and says `out` and `err`."""

    def __init__(self, exit_code: int = 0, out: bytes = b"", err: bytes = b"") -> None:
        self.argv: list[str] = []
        self.stdin = b""
        self._end = b'{"return": {"exited": true, "exitcode": %d, "out-data": "%s", ' % (
            exit_code,
            base64.b64encode(out),
        ) + b'"err-data": "%s"}}\n' % base64.b64encode(err)

    def __call__(self, request: dict[str, Any]) -> bytes:
        if request["execute"] == "guest-exec":
            self.argv = request["arguments"]["arg"]
            self.stdin = base64.b64decode(request["arguments"]["input-data"])
            return b'{"return": {"pid": 7}}\n'
        return self._end if request["execute"] == "guest-exec-status" else b'{"return": {}}\n'


def become(tmp_path: Path, told: Told, identity: Identity, keys: HostKeys | None = None) -> Peer:
    async def scenario() -> Peer:
        async with Peer(tmp_path / "agent", told) as peer:
            agent = GuestAgent(tmp_path / "agent")
            try:
                await take_on(agent, identity, timeout_s=30, host_keys=keys)
            finally:
                await agent.aclose()
        return peer

    return asyncio.run(scenario())


def test_fresh_ones_have_nothing_in_common() -> None:
    one, other = (Identity.fresh("web", ssh=True) for _ in range(2))
    assert one.machine_id != other.machine_id
    assert one.seed != other.seed
    assert one.ssh_host_key
    assert other.ssh_host_key
    assert one.ssh_host_key.public != other.ssh_host_key.public
    assert Identity.fresh("web").ssh_host_key is None


def test_the_two_halves_of_the_servers_key_belong_together() -> None:
    key = Identity.fresh("web", ssh=True).ssh_host_key
    assert key
    private = asyncssh.import_private_key(key.private)
    assert private.export_public_key().decode().strip() == key.public
    assert key.public.startswith("ssh-ed25519 ")


def test_a_repr_shows_no_secret() -> None:
    identity = Identity.fresh("web", ssh=True)
    assert identity.ssh_host_key
    assert "PRIVATE" not in repr(identity)
    assert repr(identity.seed) not in repr(identity)
    assert identity.machine_id in repr(identity)


@pytest.mark.parametrize("hostname", ["", "Web", "a.b", "-a", "a-", "a b", "a'b", "x" * 64, "ö"])
def test_what_is_no_host_name_is_refused(hostname: str) -> None:
    with pytest.raises(SpecError, match="is not a host name"):
        Identity.fresh(hostname)


@pytest.mark.parametrize("macs", [{"eth0": NEW_MAC}, {MAC: "52:54"}, {MAC: NEW_MAC.upper()}])
def test_what_is_no_cards_address_is_refused(macs: dict[str, str]) -> None:
    with pytest.raises(SpecError, match="is not a card's address"):
        Identity.fresh("web", macs=macs)


def test_the_secrets_are_in_the_input_and_in_no_argument(tmp_path: Path) -> None:
    told = Told()
    identity = Identity.fresh("web-2", macs={MAC: NEW_MAC}, ssh=True)
    assert identity.ssh_host_key
    become(tmp_path, told, identity)
    seed, login, public, private = told.stdin.decode().split("\n", 3)
    assert login == ""
    assert (bytes.fromhex(seed), public) == (identity.seed, identity.ssh_host_key.public)
    assert private == identity.ssh_host_key.private
    assert told.argv[-4:] == ["web-2", "", identity.machine_id, f"{MAC}={NEW_MAC}"]
    assert not any(seed in word or "PRIVATE KEY" in word for word in told.argv)


def test_a_guest_is_told_whose_name_and_key_it_is_to_have_no_more(tmp_path: Path) -> None:
    told = Told()
    identity = Identity.fresh("web", instead_of="first", login=(OLD_KEY, NEW_KEY))
    become(tmp_path, told, identity)
    assert told.stdin.decode().splitlines()[1] == f"{OLD_KEY} {NEW_KEY}"
    assert told.argv[-3:] == ["web", "first", identity.machine_id]


@pytest.mark.parametrize("key", ["", "AAAA", f"ssh-ed25519 {'A' * 68}", f"{'A' * 68}|e id"])
def test_what_is_no_key_that_may_log_in_is_refused(key: str) -> None:
    with pytest.raises(SpecError, match="is not a key that may log in"):
        Identity.fresh("web", login=(key, NEW_KEY))


def test_it_is_one_command_where_the_guest_sets_its_clock_itself(tmp_path: Path) -> None:
    requests = become(tmp_path, Told(), Identity.fresh("web")).requests
    assert requests.count("guest-exec") == 1
    assert "guest-set-time" not in requests


def test_a_clock_that_the_guest_sets_to_whole_seconds_only_is_set_by_the_agent(
    tmp_path: Path,
) -> None:
    requests = become(tmp_path, Told(out=b"clock\n"), Identity.fresh("web")).requests
    assert requests.count("guest-set-time") == 1


def test_a_kernel_that_cannot_be_reseeded_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CloneError, match="draw the same random numbers") as caught:
        become(tmp_path, Told(exit_code=3), Identity.fresh("web"))
    assert "CONFIG_VMGENID" in caught.value.hint
    assert "python3" in caught.value.hint


def test_a_step_that_fails_is_told_in_its_own_words(tmp_path: Path) -> None:
    told = Told(exit_code=1, err=b"sh: can't create /etc/hostname: Read-only file system\n")
    with pytest.raises(
        CloneError, match=r"'web' could not be .*exit code 1.*Read-only file system"
    ):
        become(tmp_path, told, Identity.fresh("web"))


def test_the_key_is_kept_where_the_guests_server_has_it(tmp_path: Path) -> None:
    keys = HostKeys(tmp_path / "ssh" / "known_hosts", "guest-1")
    keys.pin(b"ssh-ed25519 AAAA of the template\n")
    identity = Identity.fresh("web", ssh=True)
    assert identity.ssh_host_key
    become(tmp_path, Told(out=b"ssh\n"), identity, keys)
    assert keys.read() == f"guest-1 {identity.ssh_host_key.public}\n".encode()
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600
    assert [path.name for path in keys.path.parent.iterdir()] == ["known_hosts"]


def test_no_key_is_kept_of_a_guest_without_a_server(tmp_path: Path) -> None:
    keys = HostKeys(tmp_path / "ssh" / "known_hosts", "guest-1")
    become(tmp_path, Told(), Identity.fresh("web", ssh=True), keys)
    assert keys.read() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may add to a kernel's randomness")
@pytest.mark.parametrize("program", ["perl", "python"])
def test_each_program_that_can_reseeds_a_kernel(program: str) -> None:
    script = files("vmnb.guest").joinpath("identity.sh").read_text(encoding="utf-8")
    ways = script[script.index("by_perl()") : script.index('if [ "$seed" ]; then')]
    run = f"seed={'5a' * 64}\n{ways}\nby_{program}"
    done = subprocess.run(["/bin/sh", "-c", run], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
