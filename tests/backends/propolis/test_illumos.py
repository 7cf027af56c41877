"""illumos' commands: in their order, word by word, and what is made of their output."""

import asyncio
import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmnb.backends.propolis import PropolisHypervisor, Zones
from vmnb.backends.propolis.illumos import neighbours, slots
from vmnb.backends.propolis.illumos import zones as zone_tools
from vmnb.backends.propolis.illumos.manifest import manifest
from vmnb.backends.propolis.illumos.names import Names, snapshot_of
from vmnb.backends.propolis.illumos.parseable import fields_of
from vmnb.core.errors import (
    BackendError,
    BackendUnavailableError,
    ImageError,
    SpecError,
)
from vmnb.core.hypervisor import Capability
from vmnb.core.network import NetworkConfig
from vmnb.core.ssh import SshConfig
from vmnb.core.state import VmState
from vmnb.testing.illumos import IllumosStandIn

from .conftest import zone_spec

HYPERVISORS = Callable[[], PropolisHypervisor]
ARP = """Net to Media Table: IPv4
Device   IP Address               Mask      Flags      Phys Addr
------ -------------------- --------------- -------- ---------------
net0   192.168.10.1         255.255.255.255 o        00:0c:29:ca:44:db
net0   192.168.10.7         255.255.255.255          2:8:20:1:23:45
net0   192.168.10.3         255.255.255.255 SPLA     00:0c:29:6f:38:cf
net0   192.168.10.9         255.255.255.255 U
net0   224.0.0.0            240.0.0.0       SM       01:00:5e:00:00:00
"""
ZONES = (
    "0:global:running:/::ipkg:shared:0\n"
    "4:web:running:/zones/web:d0c4a3b6-1c7c-4b8a-a5b2-6f9d51c9a5ee:sparse:excl:4\n"
    "-:odd:installed:/zones/a\\:b:7e0d3f9c-62f4-4c7b-92e1-2a4f7a1f0f11:lipkg:excl:9\n"
)
HOSTILE = "; rm -rf * $(x) \"'`|&"


def test_a_vm_is_made_and_removed_by_these_commands(
    illumos: IllumosStandIn, zoned: HYPERVISORS, zones: Zones, runner: asyncio.Runner
) -> None:
    hypervisor = zoned()
    handle = runner.run(hypervisor.prepare(zone_spec(HOSTILE, disk_mib=4096)))
    names = Names(vm_id=handle.id, dataset="rpool/vmnb")
    zone, disk = f"vmnb-{handle.id}", f"rpool/vmnb/vms/{handle.id}"
    control, card = f"vmnb{handle.id[:16]}_c0", f"vmnb{handle.id[:16]}_g0"
    assert handle.work_dir is not None
    made = [
        ["zfs", "clone", "-p", "rpool/vmnb/images/debian-12@base", disk],
        ["zfs", "set", "volsize=4096M", disk],
        ["dladm", "create-vnic", "-l", "vmnbstub0", control],
        ["dladm", "create-vnic", "-l", "net0", "-m", names.mac, card],
        ["zonecfg", "-z", zone, "-f", str(handle.work_dir / "zone.cfg")],
        ["zoneadm", "-z", zone, "install"],
    ]
    assert illumos.commands == made
    assert illumos.made == {zone, disk, control, card}
    runner.run(hypervisor.destroy(handle))
    removed = [
        ["zoneadm", "-z", zone, "uninstall", "-F"],
        ["zonecfg", "-z", zone, "delete", "-F"],
        ["dladm", "delete-vnic", card],
        ["dladm", "delete-vnic", control],
        ["zfs", "destroy", disk],
    ]
    assert illumos.commands == made + removed
    runner.run(hypervisor.destroy(handle))
    assert illumos.commands == made + removed, "a second time there is nothing to do"
    assert not list(Path(zones.path).iterdir())


def test_a_zone_is_booted_for_a_run_and_halted_after_it(
    illumos: IllumosStandIn, zoned: HYPERVISORS, runner: asyncio.Runner
) -> None:
    hypervisor = zoned()
    handle = runner.run(hypervisor.prepare(zone_spec()))
    before = len(illumos.commands)
    started = runner.run(hypervisor.start(handle))
    (server,) = illumos.servers.values()
    components = server.instance.spec["components"]
    assert (
        components["disk-backend"]["component"]["path"]
        == f"/dev/zvol/rdsk/rpool/vmnb/vms/{handle.id}"
    )
    assert components["nic-backend"]["component"]["vnic_name"] == f"vmnb{handle.id[:16]}_g0"
    runner.run(hypervisor.stop(started, timeout_s=0))
    zone = handle.extra["zone"]
    assert illumos.commands[before:] == [
        ["zoneadm", "-z", zone, "boot"],
        ["zoneadm", "-z", zone, "halt"],
    ]
    assert illumos.servers == {}
    assert runner.run(hypervisor.state(started)) is VmState.STOPPED
    runner.run(hypervisor.destroy(started))


@pytest.mark.slow
def test_a_vm_that_runs_is_removed_whole_and_its_address_is_found(
    illumos: IllumosStandIn, zoned: HYPERVISORS, runner: asyncio.Runner
) -> None:
    hypervisor = zoned()
    started = runner.run(hypervisor.start(runner.run(hypervisor.prepare(zone_spec()))))
    assert hypervisor.capabilities(started) >= {Capability.GUEST_ADDRESS, Capability.SSH}
    assert started.mac is not None
    illumos.add_neighbour(f"net0   192.0.2.77   255.255.255.255      {started.mac}")
    assert runner.run(hypervisor.guest_ip(started)) == IPv4Address("192.0.2.77")
    runner.run(hypervisor.destroy(started))
    assert illumos.made == set()
    assert illumos.servers == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "zfs clone",
        "zfs set",
        "dladm vmnbstub0 create-vnic",
        "dladm net0 create-vnic",
        "zonecfg -f",
        "zoneadm install",
    ],
)
def test_a_failure_half_way_leaves_nothing(
    illumos: IllumosStandIn, zoned: HYPERVISORS, runner: asyncio.Runner, homes: Path, command: str
) -> None:
    illumos.fail(command, "no luck today")
    with pytest.raises(BackendError, match="no luck today"):
        runner.run(zoned().prepare(zone_spec(disk_mib=4096)))
    assert illumos.made == set()
    assert list((homes / "data" / "vms").iterdir()) == []
    assert list((homes / "data" / "propolis").iterdir()) == []


@pytest.mark.slow
def test_what_cannot_be_removed_now_is_removed_by_a_later_destroy(
    illumos: IllumosStandIn, zoned: HYPERVISORS, runner: asyncio.Runner
) -> None:
    hypervisor = zoned()
    handle = runner.run(hypervisor.prepare(zone_spec()))
    illumos.fail("zfs destroy", "cannot destroy: dataset is busy")
    with pytest.raises(BackendError, match="dataset is busy"):
        runner.run(hypervisor.destroy(handle))
    assert illumos.made == {f"rpool/vmnb/vms/{handle.id}"}
    illumos.fail("zfs destroy", "")
    runner.run(hypervisor.destroy(handle))
    assert illumos.made == set()
    assert runner.run(hypervisor.state(handle)) is VmState.DESTROYED


@pytest.mark.slow
def test_several_vms_have_servers_of_their_own(
    illumos: IllumosStandIn, zoned: HYPERVISORS, runner: asyncio.Runner
) -> None:
    hypervisor = zoned()
    handles = [runner.run(hypervisor.prepare(zone_spec(name))) for name in ("a", "b")]
    assert len({handle.extra["server"] for handle in handles}) == 2
    runner.run(hypervisor.destroy(handles[0]))
    third = runner.run(hypervisor.prepare(zone_spec("c")))
    assert third.extra["server"] == handles[0].extra["server"], "what is free is used again"
    for handle in (handles[1], third):
        runner.run(hypervisor.destroy(handle))


@pytest.mark.parametrize(
    ("spec", "kind", "words"),
    [
        (zone_spec(image="fedora"), ImageError, "zfs snapshot rpool/vmnb/images/fedora@base"),
        (zone_spec(image="-x"), SpecError, "no name of ZFS"),
        (zone_spec(image="a b@c"), SpecError, "no name of ZFS"),
        (zone_spec(image="../x@y"), SpecError, "no name of ZFS"),
        (zone_spec(disk_mib=100), SpecError, "needs 2048"),
        (zone_spec(network=NetworkConfig.vnic("net9")), SpecError, "no link net9; there are: net0"),
        (zone_spec(network=NetworkConfig.none(), ssh=SshConfig()), SpecError, "no SSH"),
    ],
)
def test_what_cannot_be_had_is_refused_before_anything_is_made(
    illumos: IllumosStandIn,
    zoned: HYPERVISORS,
    runner: asyncio.Runner,
    spec: object,
    kind: type[Exception],
    words: str,
) -> None:
    with pytest.raises(kind, match=words):
        runner.run(zoned().prepare(spec))  # type: ignore[arg-type]
    assert illumos.commands == []


def test_without_zones_it_is_said_what_is_missing(
    homes: Path, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BackendUnavailableError, match="this machine has none"):
        runner.run(PropolisHypervisor().prepare(zone_spec()))


@pytest.mark.parametrize(
    "settings",
    [
        {"dataset": "rpool/vm nb"},
        {"dataset": "-r"},
        {"path": "zones"},
        {"path": '/zo"nes'},
        {"brand": "x\nend"},
        {"programs": "/opt/$(x)"},
        {"control_link": "stub"},
        {"control_link": "stub01"},
        {"control_network": "10.0.0.1/8"},
    ],
)
def test_settings_that_illumos_does_not_take_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(SpecError):
        Zones(**settings)


@given(vm_id=st.uuids().map(lambda value: value.hex))
def test_every_name_is_one_that_illumos_takes(vm_id: str) -> None:
    names = Names(vm_id=vm_id, dataset="rpool/vmnb")
    for link in (names.guest_vnic, names.control_vnic):
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*[A-Za-z_](0|[1-9][0-9]*)", link)
        assert len(link) <= 31
    assert len(names.zone) <= 63
    assert len(names.disk) <= 255
    assert names.mac.startswith("02:08:20:")


def test_a_snapshot_is_named_whole_or_by_its_image() -> None:
    assert snapshot_of("debian-12", "rpool/vmnb") == "rpool/vmnb/images/debian-12@base"
    assert snapshot_of("tank/golden/web@v1", "rpool/vmnb") == "tank/golden/web@v1"


def test_a_zone_is_configured_by_this_file() -> None:
    text = zone_tools.zone_config(
        brand="sparse",
        path=PurePosixPath("/zones/web"),
        programs=PurePosixPath("/opt/propolis"),
        control=("c0", IPv4Interface("10.98.0.2/16")),
        vnics=["g0"],
        disk="/dev/zvol/rdsk/rpool/web",
    )
    assert text.splitlines() == [
        "create -b",
        'set brand="sparse"',
        'set zonepath="/zones/web"',
        'set autoboot="false"',
        'set ip-type="exclusive"',
        "add fs",
        'set dir="/opt/propolis"',
        'set special="/opt/propolis"',
        'set type="lofs"',
        "set options=[ro]",
        "end",
        "add net",
        'set physical="c0"',
        'set allowed-address="10.98.0.2/16"',
        "end",
        "add net",
        'set physical="g0"',
        "end",
        *(
            line
            for device in ("/dev/vmmctl", "/dev/vmm/*", "/dev/viona", "/dev/zvol/rdsk/rpool/web")
            for line in ("add device", f'set match="{device}"', "end")
        ),
        "verify",
        "commit",
    ]


def test_the_service_starts_the_server_at_its_address() -> None:
    text = manifest(PurePosixPath("/opt/propolis"), "10.98.0.2:12400")
    methods = {m.attrib["name"]: m.attrib["exec"] for m in ET.fromstring(text).iter("exec_method")}
    assert methods == {
        "start": "/opt/propolis/propolis-server run /opt/propolis/bootrom 10.98.0.2:12400",
        "stop": ":kill",
    }


@pytest.mark.parametrize(
    ("mac", "address"),
    [
        ("02:08:20:01:23:45", IPv4Address("192.168.10.7")),
        ("00:0c:29:ca:44:db", IPv4Address("192.168.10.1")),
        ("02:08:20:01:23:46", None),
    ],
)
def test_a_neighbour_is_known_by_its_card_however_that_is_written(
    mac: str, address: IPv4Address | None
) -> None:
    assert neighbours._find(ARP, mac) == address


def test_fields_with_colons_are_read_as_they_were() -> None:
    fields = fields_of(ZONES)
    assert [line[1:4] for line in fields] == [
        ["global", "running", "/"],
        ["web", "running", "/zones/web"],
        ["odd", "installed", "/zones/a:b"],
    ]
    assert fields_of("net0:2\\:8\\:20\\:a\\:b\\:c\n") == [["net0", "2:8:20:a:b:c"]]


def test_a_full_network_is_an_error_and_nobody_frees_what_is_anothers(homes: Path) -> None:
    network = IPv4Network("10.9.9.0/29")
    taken = [slots.claim(f"vm{number}", network) for number in range(5)]
    assert [slot.listens for slot in taken][:2] == ["10.9.9.2:12400", "10.9.9.3:12401"]
    with pytest.raises(BackendError, match="every address"):
        slots.claim("late", network)
    slots.release("late", "3")
    slots.release("vm3", "3")
    assert slots.claim("late", network).number == 3
