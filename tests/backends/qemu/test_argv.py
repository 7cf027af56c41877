"""The command line, and QEMU's own reading of it."""

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from vmnb.backends.qemu import QemuHypervisor
from vmnb.backends.qemu.argv import (
    BootFiles,
    FirmwareFiles,
    LanCard,
    Launch,
    Memory,
    build_argv,
    shape,
)
from vmnb.core.cloud_init import CloudInitConfig
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import UnixConsole
from vmnb.core.network import Forward
from vmnb.core.spec import VmSpec
from vmnb.core.state import VmState

HOSTILE = "a,b  c'd\"e\nf=g,,h:i\\j é☃"
ROOT = Path("/srv") / HOSTILE

LAUNCH = Launch(
    qemu=Path("/usr/bin/qemu-system-x86_64"),
    machine="pc-q35-7.2",
    accelerator="tcg",
    id="0123456789abcdef0123456789abcdef",
    name="web",
    vcpus=2,
    memory=Memory(path=ROOT / "memory", size_mib=256, shared=True),
    disk=ROOT / "disk.qcow2",
    seed_iso=None,
    boot=None,
    firmware=None,
    mac="52:54:00:01:23:45",
    forwards=(),
    restrict=False,
    tap=None,
    lan=None,
    pidfile=ROOT / "qemu.pid",
    vnc_socket=ROOT / "vnc.sock",
    console_log=ROOT / "console.log",
    second_console_log=ROOT / "console2.log",
    journal_log=ROOT / "events.jsonl",
    monitors=(10, 11),
    journal_descriptor=12,
    console=13,
    second_console=15,
    agent=14,
)


def values(argv: list[str], option: str) -> list[str]:
    return [after for before, after in pairwise(argv) if before == option]


def test_the_same_facts_give_the_same_command_line() -> None:
    assert build_argv(LAUNCH) == build_argv(replace(LAUNCH))


def test_qemu_takes_nothing_from_elsewhere_and_may_do_little() -> None:
    argv = build_argv(LAUNCH)
    assert {"-nodefaults", "-no-user-config"} < set(argv)
    assert values(argv, "-sandbox") == [
        "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
    ]


def test_paths_are_json_values_whatever_is_in_them() -> None:
    argv = build_argv(replace(LAUNCH, seed_iso=ROOT / "seed.iso"))
    files = [json.loads(value)["file"]["filename"] for value in values(argv, "-blockdev")]
    assert files == [str(ROOT / "disk.qcow2"), str(ROOT / "seed.iso")]


def test_commas_are_doubled_where_there_is_no_json() -> None:
    argv = build_argv(replace(LAUNCH, name="a,b,,c"))
    assert values(argv, "-name") == ["guest=a,,b,,,,c"]
    assert values(argv, "-vnc") == ["vnc=unix:" + str(LAUNCH.vnc_socket).replace(",", ",,")]
    logs = [value for value in values(argv, "-chardev") if "logfile" in value]
    assert [log.split("logfile=")[1] for log in logs] == [
        str(path).replace(",", ",,") + ",logappend=on"
        for path in (LAUNCH.console_log, LAUNCH.second_console_log, LAUNCH.journal_log)
    ]


def test_devices_are_json() -> None:
    devices = [json.loads(value) for value in values(build_argv(LAUNCH), "-device")]
    assert {"VGA", "virtio-rng-pci", "vmgenid", "pvpanic", "isa-serial", "virtserialport"} < {
        device["driver"] for device in devices
    }


def test_no_address_means_no_network_card() -> None:
    argv = build_argv(replace(LAUNCH, mac=None))
    assert values(argv, "-netdev") == []
    assert not any("virtio-net" in value for value in argv)


def test_on_a_bridge_the_card_has_the_tap_interface_that_is_inherited() -> None:
    launch = replace(LAUNCH, tap=15)
    argv = build_argv(launch)
    (netdev,) = map(json.loads, values(argv, "-netdev"))
    assert (netdev["type"], netdev["fd"]) == ("tap", "15")
    devices = [json.loads(value) for value in values(argv, "-device")]
    (card,) = (device for device in devices if "netdev" in device)
    assert (card["netdev"], card["mac"]) == (netdev["id"], LAUNCH.mac)
    assert launch.descriptors == (*LAUNCH.descriptors, 15)


def test_the_card_on_a_private_network_comes_second_and_is_told_its_sockets() -> None:
    lan = LanCard(mac="5a:01:23:45:67:89", port=ROOT / "lan.sock", switch=ROOT / "frames.sock")
    argv = build_argv(replace(LAUNCH, lan=lan))
    netdevs = [json.loads(value) for value in values(argv, "-netdev")]
    assert [netdev["type"] for netdev in netdevs] == ["user", "dgram"]
    assert netdevs[1]["local"] == {"type": "unix", "path": str(lan.port)}
    assert netdevs[1]["remote"] == {"type": "unix", "path": str(lan.switch)}
    devices = [json.loads(value) for value in values(argv, "-device")]
    cards = [device["mac"] for device in devices if device["driver"] == "virtio-net-pci"]
    assert cards == [LAUNCH.mac, lan.mac]


def test_a_kernel_is_booted_with_its_own_command_line() -> None:
    kernel, initrd = ROOT / "vmlinux", ROOT / "initrd"
    boot = BootFiles(kernel=kernel, initrd=initrd, append='a="b c", d', hostname="web")
    argv = build_argv(replace(LAUNCH, boot=boot))
    assert values(argv, "-kernel") == [str(boot.kernel)]
    assert values(argv, "-initrd") == [str(boot.initrd)]
    assert values(argv, "-append") == ['a="b c", d vmnb.hostname=web']


def test_firmware_is_two_flash_devices_of_which_one_is_read_only() -> None:
    firmware = FirmwareFiles(
        code=ROOT / "code.fd", code_format="raw", variables=ROOT / "variables.qcow2"
    )
    argv = build_argv(replace(LAUNCH, firmware=firmware))
    flash = [json.loads(value) for value in values(argv, "-blockdev")][:2]
    assert [(node["driver"], node["file"]["filename"]) for node in flash] == [
        ("raw", str(firmware.code)),
        ("qcow2", str(firmware.variables)),
    ]
    assert [node.get("read-only", False) for node in flash] == [True, False]
    (machine,) = values(argv, "-machine")
    assert machine.endswith(f",pflash0={flash[0]['node-name']},pflash1={flash[1]['node-name']}")
    assert "pflash" not in " ".join(build_argv(LAUNCH))


def test_both_monitors_and_the_journal_are_inherited() -> None:
    assert LAUNCH.descriptors == (10, 11, 12, 13, 15, 14)
    text = " ".join(values(build_argv(LAUNCH), "-chardev"))
    assert all(f"fd={number}," in text for number in LAUNCH.descriptors)


def test_two_serial_ports_each_have_a_socket_and_a_log() -> None:
    devices = [json.loads(value) for value in values(build_argv(LAUNCH), "-device")]
    ports = [device["chardev"] for device in devices if device["driver"] == "isa-serial"]
    assert ports == ["console", "console2"]
    sockets = values(build_argv(LAUNCH), "-chardev")
    assert any(value.startswith("socket,id=console2,fd=15,server=on") for value in sockets)


def test_a_vm_that_was_started_before_there_were_two_ports_has_one() -> None:
    described = VmHandle(id="0" * 32, backend="qemu", spec=VmSpec(name="old"), work_dir=ROOT)
    hypervisor = QemuHypervisor()
    assert len(hypervisor.console_endpoints(described)) == 1
    newer = replace(described, second_console_socket=ROOT / "console2.sock")
    first, second = hypervisor.console_endpoints(newer)
    assert first == hypervisor.console_endpoint(newer)
    assert isinstance(second, UnixConsole)
    assert second.log == ROOT / "console2.log"
    older = {k: v for k, v in newer.to_json().items() if not k.startswith("second_")}
    assert VmHandle.from_json(older) == described


def test_a_vm_lives_in_hostile_directories_and_far_below_the_root(
    homes: Path,
    spec: Callable[..., VmSpec],
    runner: asyncio.Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deep = homes / HOSTILE / ("d" * 200) / "data"
    short = homes / "a,b 'é"
    monkeypatch.setenv("VMNB_HOME", str(deep))
    monkeypatch.setenv("VMNB_RUNTIME", str(short))
    hostile_image = homes / HOSTILE / "disk, of:some \"kind'.img"

    async def scenario() -> None:
        hypervisor = QemuHypervisor()
        described = spec("hello", cloud_init=CloudInitConfig(user_data="#cloud-config\n"))
        hostile_image.parent.mkdir(parents=True)
        shutil.copy(described.image, hostile_image)
        described = replace(described, image=str(hostile_image), name="we,b=\" ö' --x ☃")
        handle = await hypervisor.prepare(described)
        try:
            handle = await hypervisor.start(handle)
            assert await hypervisor.state(handle) is VmState.RUNNING
            assert handle.vnc_socket is not None
            assert handle.vnc_socket.parent.parent == short
            assert handle.vnc_socket.is_socket()
        finally:
            await hypervisor.destroy(handle)
            await hypervisor.aclose()

    runner.run(scenario())


def test_a_runtime_home_too_deep_for_sockets_is_replaced_by_a_short_private_one(
    homes: Path,
    spec: Callable[..., VmSpec],
    runner: asyncio.Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VMNB_RUNTIME", str(homes / ("d" * 100)))

    async def scenario() -> None:
        hypervisor = QemuHypervisor()
        handle = await hypervisor.prepare(spec())
        try:
            handle = await hypervisor.start(handle)
            assert handle.console_socket is not None
            assert handle.console_socket.is_socket()
            assert handle.console_socket.parent.stat().st_mode & 0o077 == 0
        finally:
            await hypervisor.destroy(handle)
            await hypervisor.aclose()
        assert handle.console_socket is not None
        assert not handle.console_socket.parent.exists()

    runner.run(scenario())


def test_the_memory_is_a_file_that_is_shared_or_not() -> None:
    for shared in (True, False):
        memory = replace(LAUNCH.memory, shared=shared)
        argv = build_argv(replace(LAUNCH, memory=memory))
        (backend,) = (
            json.loads(value) for value in values(argv, "-object") if "memory-backend-file" in value
        )
        assert (backend["mem-path"], backend["share"]) == (str(memory.path), shared)
        assert backend["size"] == 256 << 20
        assert f"memory-backend={backend['id']}" in values(argv, "-machine")[0]


def test_one_shape_is_one_machine_wherever_its_files_and_ports_are() -> None:
    elsewhere = replace(
        LAUNCH,
        id="f" * 32,
        name="other",
        mac="52:54:00:ff:ff:ff",
        memory=replace(LAUNCH.memory, path=Path("/elsewhere"), shared=False),
        disk=Path("/elsewhere"),
        forwards=(Forward(guest_port=80),),
        monitors=(20, 21),
        waits=True,
    )
    assert shape(elsewhere) == shape(LAUNCH)
    for other in (
        replace(LAUNCH, vcpus=1),
        replace(LAUNCH, machine="pc-q35-9.0"),
        replace(LAUNCH, mac=None),
        replace(LAUNCH, memory=replace(LAUNCH.memory, size_mib=512)),
        replace(LAUNCH, seed_iso=ROOT / "seed.iso"),
    ):
        assert shape(other) != shape(LAUNCH)
