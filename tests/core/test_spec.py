"""What a VM may be called and made of, and that it is written down without loss."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vmnb.core.cloud_init import CloudInitConfig
from vmnb.core.errors import SpecError
from vmnb.core.handle import VmHandle
from vmnb.core.names import host_name
from vmnb.core.network import NetworkConfig
from vmnb.core.spec import VmSpec
from vmnb.core.ssh import SshConfig

FULL = VmSpec(
    name='it\'s "quoted", with commas',
    image="/images/with space,comma/é.qcow2",
    vcpus=4,
    memory_mib=2048,
    disk_mib=8192,
    network=NetworkConfig.tap("br0"),
    cloud_init=CloudInitConfig(user_data="#cloud-config\n", instance_id="i-1", hostname="a.b"),
    ssh=SshConfig(user="me", public_key="ssh-ed25519 AAAA me", private_key=Path("/k/ey")),
    uefi=True,
)
PEM = SshConfig(private_key="-----BEGIN OPENSSH PRIVATE KEY-----\n")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../x",
        "a/b",
        "x" * 300,
        "a\nb",
        "web\n",
        "-S",
        ".",
        "..",
        ".x",
        " x",
        "x ",
        " ",
        "a\x00b",
        "a\x1bb",
        "a\u202eb",
        "a\udcffb",
        "a\xa0b",
        "a\tb",
    ],
)
def test_a_name_that_could_do_harm_is_refused(name: str) -> None:
    with pytest.raises(SpecError, match="the name"):
        VmSpec(name=name)


@pytest.mark.parametrize("name", [None, 5, b"web", Path("web")])
def test_a_name_that_is_no_text_is_refused(name: Any) -> None:
    with pytest.raises(SpecError, match="is not text"):
        VmSpec(name=name)


@pytest.mark.parametrize(
    "name",
    [
        "web",
        "a,b=c",
        "my vm",
        "it's",
        'the "db"',
        "é",
        "名前",
        "🐧",
        "x" * 200,
        "é" * 200,
        "<b>&amp;",
        "$(reboot)",
        "%s{}",
        "a\\b",
        "a..b",
        "--".join("ab"),
    ],
)
def test_a_hostile_but_harmless_name_is_kept_as_it_is(name: str) -> None:
    assert VmSpec(name=name).name == name


def test_two_ways_to_write_the_same_text_are_one_name() -> None:
    assert VmSpec(name="cafe\u0301").name == VmSpec(name="caf\u00e9").name


@pytest.mark.parametrize("field", ["vcpus", "memory_mib", "disk_mib"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "512", True])
def test_a_count_that_is_no_whole_number_above_zero_is_refused(field: str, value: Any) -> None:
    with pytest.raises(SpecError, match=field):
        VmSpec(name="web", **{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("image", ""),
        ("image", "a\0b"),
        ("image", None),
        ("network", None),
        ("network", "user"),
        ("cloud_init", "#cloud-config"),
        ("ssh", True),
        ("uefi", "no"),
    ],
)
def test_a_field_of_another_kind_is_refused_by_its_name(field: str, value: Any) -> None:
    with pytest.raises(SpecError, match=field):
        VmSpec(name="web", **{field: value})


@pytest.mark.parametrize(
    "make",
    [
        lambda: NetworkConfig.tap(""),
        lambda: NetworkConfig.tap("br0,script=/x"),
        lambda: NetworkConfig.tap("br0\n"),
        lambda: NetworkConfig.tap("a" * 16),
        lambda: NetworkConfig.vnic("-x"),
        lambda: NetworkConfig(bridge="br0"),
        lambda: NetworkConfig(mode="tap"),  # type: ignore[arg-type]
        lambda: NetworkConfig(mode="bogus"),  # type: ignore[arg-type]
        lambda: CloudInitConfig(user_data=""),
        lambda: CloudInitConfig(user_data=b"#!/bin/sh"),  # type: ignore[arg-type]
        lambda: CloudInitConfig(user_data="#!", instance_id="a\nb"),
        lambda: CloudInitConfig(user_data="#!", hostname="-a"),
        lambda: CloudInitConfig(user_data="#!", hostname="a\n"),
        lambda: CloudInitConfig(user_data="#!", hostname="a" * 64),
        lambda: SshConfig(user="-oProxyCommand=x"),
        lambda: SshConfig(user=""),
        lambda: SshConfig(public_key="ssh-rsa AAAA\nssh-rsa BBBB"),
        lambda: SshConfig(public_key="AAAA"),
    ],
)
def test_a_part_that_is_not_usable_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(SpecError):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: SshConfig(public_key="-----BEGIN PRIVATE KEY-----\nhunter2\n"),
        lambda: VmSpec(name="web", cloud_init={"password": "hunter2"}),  # type: ignore[arg-type]
        lambda: VmSpec(name="web", ssh="hunter2"),  # type: ignore[arg-type]
    ],
)
def test_a_refusal_does_not_repeat_what_may_be_secret(make: Callable[[], object]) -> None:
    with pytest.raises(SpecError) as caught:
        make()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("spec", [VmSpec(name="web"), FULL, VmSpec(name="pem", ssh=PEM)])
def test_a_spec_is_read_back_as_it_was_written(spec: VmSpec) -> None:
    assert VmSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


def test_a_handle_is_read_back_as_it_was_written_whatever_its_paths() -> None:
    path = Path("/deep" * 50) / "a, b'\"é" / "not\udcffutf-8"
    handle = VmHandle(
        id="1" * 32,
        backend="qemu",
        spec=FULL,
        work_dir=path,
        console_socket=path / "console",
        pid=42,
        pid_start=4242,
        boot_id="b",
        ssh_host_port=2222,
        mac="52:54:00:00:00:01",
        extra={"key": "value"},
    )
    assert VmHandle.from_json(json.loads(json.dumps(handle.to_json()))) == handle


def test_a_handle_from_before_a_field_was_added_is_read_with_its_default() -> None:
    written = VmHandle(id="1", backend="qemu", spec=FULL).to_json()
    for field in ("vnc_socket", "mac", "extra"):
        del written[field]
    assert VmHandle.from_json(written) == VmHandle(id="1", backend="qemu", spec=FULL)


def test_differences_name_only_what_differs_with_both_values() -> None:
    assert VmSpec(name="a", vcpus=1).differences(VmSpec(name="a", vcpus=2)) == {"vcpus": ("1", "2")}


def test_no_secret_is_in_a_repr() -> None:
    secret = VmSpec(
        name="web",
        cloud_init=CloudInitConfig(user_data="hunter2"),
        ssh=SshConfig(private_key="hunter2"),
    )
    assert "hunter2" not in repr(VmHandle(id="1", backend="qemu", spec=secret))


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("web", "web"),
        ("My DB, 2", "my-db-2"),
        ("café", "cafe"),
        ("名前", "vm"),
        ("x" * 62 + " y", "x" * 62),
        ("_", "vm"),
    ],
)
def test_a_host_name_is_made_of_what_rfc_1123_allows(name: str, host: str) -> None:
    assert host_name(name) == host
