"""The NoCloud seed: what goes into it, and how the tools that read ISO images see it."""

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from vmnb import cloud_init
from vmnb.core.cloud_init import CloudInitConfig
from vmnb.core.errors import SpecError
from vmnb.seed import Login, check_cloud_init, seed_documents, two_cards, write_iso

USER_DATA = "#cloud-config\n# é☃\nusers: []\n"
NETWORK = {"version": 2, "ethernets": {"lan": {"match": {"name": "en*"}, "dhcp4": True}}}
LOGIN = Login(user="vm", public_key="ssh-ed25519 AAAA it's mine")


def documents(config: CloudInitConfig | None, login: Login | None = None) -> dict[str, str]:
    return seed_documents(config, instance_id="i-1", hostname="web", login=login)


def test_user_data_go_in_as_they_are_and_what_is_not_named_is_made() -> None:
    made = documents(CloudInitConfig(user_data=USER_DATA))
    assert made.keys() == {"user-data", "meta-data"}
    assert made["user-data"] == USER_DATA
    assert json.loads(made["meta-data"]) == {"instance-id": "i-1", "local-hostname": "web"}


def test_what_the_user_names_comes_first() -> None:
    made = documents(CloudInitConfig(user_data=USER_DATA, instance_id='x:"y"', hostname="db"))
    assert json.loads(made["meta-data"]) == {"instance-id": 'x:"y"', "local-hostname": "db"}


def test_a_login_needs_no_user_data_and_changes_none() -> None:
    assert yaml.safe_load(documents(None, LOGIN)["user-data"]) == {}
    theirs = cloud_init(USER_DATA, vendor_data={"timezone": "UTC"})
    made = documents(theirs, LOGIN)
    assert made["user-data"] == USER_DATA
    header, _, archive = made["vendor-data"].partition("\n")
    first, second = json.loads(archive)
    assert header == "#cloud-config-archive"
    assert first == {"content": theirs.vendor_data}
    assert second["content"].startswith("#!/bin/sh\n")


def test_two_cards_are_told_by_their_addresses_unless_the_user_says_otherwise() -> None:
    cards = two_cards(nat_mac="52:54:00:00:00:01", lan_mac="5a:00:00:00:00:02", domain="lab")
    check_cloud_init(cloud_init(network_config=cards))
    made = seed_documents(None, instance_id="i-1", hostname="web", network_config=cards)
    nat, lan = yaml.safe_load(made["network-config"])["ethernets"].values()
    assert [card["match"]["macaddress"][-2:] for card in (nat, lan)] == ["01", "02"]
    assert [card["dhcp4"] for card in (nat, lan)] == [True, True]
    assert lan["dhcp4-overrides"] == {"use-routes": False}
    assert lan["nameservers"] == {"search": ["lab"]}
    theirs = seed_documents(
        cloud_init(network_config=NETWORK), instance_id="", hostname="", network_config=cards
    )
    assert yaml.safe_load(theirs["network-config"]) == NETWORK


def test_the_login_script_lets_in_whoever_it_is_told_and_twice_is_once(tmp_path: Path) -> None:
    if subprocess.run(["id", "-u"], capture_output=True, check=True).stdout != b"0\n":
        pytest.skip("giving a user a key needs root")
    tools = tmp_path / "bin"
    tools.mkdir()
    fake = "#!/bin/sh\necho root:x:0:0::$HOME:/bin/sh\n"  # so that root's own home is left alone
    (tools / "getent").write_text(fake)
    (tools / "getent").chmod(0o755)
    script = json.loads(
        documents(None, Login(user="root", public_key=LOGIN.public_key))["vendor-data"].split(
            "\n", 1
        )[1]
    )[0]["content"]
    for _ in range(2):
        environment = {"PATH": f"{tools}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(tmp_path)}
        subprocess.run(["sh", "-c", script], env=environment, check=True)
    keys = tmp_path / ".ssh" / "authorized_keys"
    assert keys.read_text() == f"{LOGIN.public_key}\n"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"hostname": "é"}, "#cloud-config\nhostname: é\n"),
        ("#!/bin/sh\necho\n", "#!/bin/sh\necho\n"),
        (
            "## template: jinja\n#cloud-config\n{{ v1 }}\n",
            "## template: jinja\n#cloud-config\n{{ v1 }}\n",
        ),
        ("#cloud-config\r\nhostname: a\r\n", "#cloud-config\r\nhostname: a\r\n"),
        ("Content-Type: multipart/mixed\n\n", "Content-Type: multipart/mixed\n\n"),
    ],
)
def test_user_data_are_a_text_or_a_mapping(given: Any, text: str) -> None:
    assert cloud_init(given).user_data == text


def test_user_data_may_be_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "wéb, 1.yaml"
    path.write_text(USER_DATA)
    assert cloud_init(path).user_data == USER_DATA
    with pytest.raises(SpecError, match=r"cannot be read from .*other: No such file"):
        cloud_init(tmp_path / "other")
    with pytest.raises(SpecError, match="Is a directory"):
        cloud_init(tmp_path)
    path.write_bytes(b"#!/bin/sh\n\xff")
    with pytest.raises(SpecError, match="is not UTF-8 text"):
        cloud_init(path)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("hostname: secret", "by its first line"),
        ("#cloud-confi\nhostname: secret", "by its first line"),
        ("web.yaml", "by its first line"),
        ("#cloud-config\n- secret", "is no mapping"),
        ("#cloud-config\na: b\npassword: [secret", "line 3, column 18"),
        ("#cloud-config\nsecret: secret: secret\n", "line 2, column 15"),
        ("", "is not text"),
        ("#cloud-config\n\ud800", "UTF-8"),
        (b"#cloud-config", "of type bytes"),
        ({"password": object()}, "cannot be written as YAML"),
        (None, "of type NoneType"),
    ],
)
def test_what_cloud_init_would_not_understand_is_refused_without_being_shown(
    given: Any, complaint: str
) -> None:
    with pytest.raises(SpecError, match=complaint) as caught:
        cloud_init(given)
    assert caught.value.hint
    assert "secret" not in f"{caught.value} {caught.value.hint}"


def test_a_network_configuration_has_a_version_and_is_taken_out_of_netplans_mapping() -> None:
    bare = cloud_init(network_config=NETWORK).network_config
    assert bare is not None
    assert yaml.safe_load(bare) == NETWORK
    assert cloud_init(network_config={"network": NETWORK}).network_config == bare
    assert documents(cloud_init(network_config=NETWORK))["network-config"] == bare
    wrongs: list[Any] = [{"version": 3}, {"ethernets": {}}, "version 2", "[]"]
    for wrong in wrongs:
        with pytest.raises(SpecError, match="with a version of 1 or 2"):
            cloud_init(network_config=wrong)


def test_what_was_made_without_being_checked_is_checked_later() -> None:
    with pytest.raises(SpecError, match="vendor data"):
        check_cloud_init(CloudInitConfig(user_data=USER_DATA, vendor_data="hostname: web"))


def test_only_the_user_can_read_the_iso_and_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "seed.iso"
    write_iso(path, documents(None))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_iso(path, documents(None))


def test_a_guest_sees_the_same_as_in_an_iso_of_cloud_localds(tmp_path: Path) -> None:
    if missing := [tool for tool in ("cloud-localds", "isoinfo") if not shutil.which(tool)]:
        pytest.skip(f"there is no {' and no '.join(missing)} on this machine")
    made = documents(cloud_init(USER_DATA, network_config=NETWORK, vendor_data={"a": "é" * 5000}))
    for name, text in made.items():
        (tmp_path / name).write_text(text)
    write_iso(tmp_path / "ours.iso", made)
    theirs = ["--network-config=network-config", "--vendor-data=vendor-data", "theirs.iso"]
    argv = ["cloud-localds", *theirs, "user-data", "meta-data"]
    subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True)
    assert seen(tmp_path / "ours.iso") == seen(tmp_path / "theirs.iso")
    assert seen(tmp_path / "ours.iso")["/user-data"] == USER_DATA.encode()


def seen(iso: Path) -> dict[str, bytes]:
    """Return the label and each file's content and mode as a kernel would see them."""
    facts = {"blkid": ran("blkid", "-p", "-o", "value", "-s", "LABEL", "-s", "TYPE", iso)}
    for names in ("-R", "-J"):  # Rock Ridge and Joliet
        for name in ran("isoinfo", names, "-f", "-i", iso).decode().split():
            content = ran("isoinfo", names, "-x", name, "-i", iso)
            assert facts.setdefault(name, content) == content
    rows = [line.split() for line in ran("isoinfo", "-R", "-l", "-i", iso).decode().splitlines()]
    return facts | {f"mode of {row[-1]}": row[0].encode() for row in rows if row[1:2] == ["1"]}


def ran(program: str, *arguments: str | Path) -> bytes:
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert found
    return subprocess.run([found, *arguments], capture_output=True, check=True).stdout
