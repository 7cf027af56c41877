"""QEMU's command line, made from facts alone: no file is read and nothing is asked here.

Paths go in as JSON wherever QEMU 7.2 takes JSON (``-blockdev``, ``-device``, ``-netdev``,
``-object``), as whole arguments where an option is nothing but a path, and elsewhere in the older
syntax, in which a comma is written twice.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from vmnb.backends.qemu.program.accelerator import CPU_MODEL
from vmnb.core.network import Forward

__all__ = [
    "AGENT_CHARDEV",
    "AGENT_PORT_ID",
    "DISK",
    "USER_NETDEV",
    "BootFiles",
    "FirmwareFiles",
    "LanCard",
    "Launch",
    "Memory",
    "bound_port",
    "build_argv",
    "hostfwd",
    "layer_node",
    "shape",
]

AGENT_CHARDEV = AGENT_PORT_ID = "agent"
DISK = "disk0"
USER_NETDEV = "net0"
SCREEN_SIZE = (1024, 768)
"""What a guest is told to prefer: its text is still readable in the width of a cell."""

_MEMORY = "memory"
_AGENT_PORT_NAME = "org.qemu.guest_agent.0"
_CODE = "uefi-code"
_VARIABLES = "uefi-variables"
_DENIALS = "obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class BootFiles:
    """A kernel that QEMU boots itself, without the disk's own boot loader."""

    kernel: Path
    initrd: Path | None
    append: str
    hostname: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareFiles:
    """UEFI: code that all VMs share, of a format that QEMU names, and the VM's own variables."""

    code: Path
    code_format: str
    variables: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class LanCard:
    """A card on a private network, whose frames are datagrams between two Unix sockets.

    Parameters
    ----------
    port, switch
        Where it hears, and where it sends what its guest says.
    """

    mac: str
    port: Path
    switch: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The guest's memory, which is a file.

    Parameters
    ----------
    shared
        Whether the guest writes into the file; else it has pages of its own where it has written.
    """

    path: Path
    size_mib: int
    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Everything that one run of QEMU depends on.

    Parameters
    ----------
    id
        The VM's UUID as 32 hexadecimal digits.
    mac
        The network card's address, or None for no network card at all.
    disk
        A file whose name without its suffix QEMU can take for a name of its own.
    forwards, restrict
        Ports of the host that lead into the guest, and whether it is kept from reaching out.
    tap
        Descriptor of a tap interface that carries the card's frames; behind NAT where it is None.
    lan
        The card on a private network, if any.
    monitors
        Descriptors of two listening sockets for QMP, so that two processes can attach.
    journal_descriptor
        Descriptor of a connected socket on which QMP is told to log its events.
    console, second_console, agent
        Descriptors of listening sockets: the serial ports and the guest agent's port.
    waits
        Whether it does not boot, but waits for the state of a saved guest.
    """

    qemu: Path
    machine: str
    accelerator: str
    id: str
    name: str
    vcpus: int
    memory: Memory
    disk: Path
    seed_iso: Path | None
    boot: BootFiles | None
    firmware: FirmwareFiles | None
    mac: str | None
    forwards: tuple[Forward, ...]
    restrict: bool
    tap: int | None
    lan: LanCard | None
    pidfile: Path
    vnc_socket: Path
    console_log: Path
    second_console_log: Path
    journal_log: Path
    monitors: tuple[int, int]
    journal_descriptor: int
    console: int
    second_console: int
    agent: int
    waits: bool = False

    @property
    def descriptors(self) -> tuple[int, ...]:
        """Descriptors that QEMU must inherit."""
        tap = () if self.tap is None else (self.tap,)
        serial = (self.console, self.second_console, self.agent)
        return (*self.monitors, self.journal_descriptor, *serial, *tap)


def build_argv(launch: Launch) -> list[str]:
    """Return the command line for `launch`; its VM runs at once, or when its state has come."""
    return [
        os.fspath(launch.qemu),
        *_machine(launch),
        *_firmware(launch),
        *_disks(launch),
        *_network(launch),
        *_screen_and_helpers(launch),
        *_serial_ports(launch),
        *_monitors(launch),
        *(("-incoming", "defer") if launch.waits else ()),
    ]


def shape(launch: Launch) -> str:
    """Return a name for the machine that the guest sees; a saved guest fits this machine alone.

    It is the digest of the command line without what is the host's affair (paths, descriptors,
    ports) and without what a guest that runs is told by other means (its name and addresses).
    """
    nowhere = Path("/")
    lan = launch.lan and replace(launch.lan, mac="", port=nowhere, switch=nowhere)
    plain = replace(
        launch,
        qemu=nowhere,
        id="0" * 32,
        name="",
        memory=replace(launch.memory, path=nowhere, shared=False),
        disk=nowhere,
        seed_iso=launch.seed_iso and nowhere,
        boot=launch.boot and replace(launch.boot, hostname=""),
        firmware=launch.firmware and replace(launch.firmware, variables=nowhere),
        mac=launch.mac and "",
        forwards=(),
        tap=launch.tap and 0,
        lan=lan,
        pidfile=nowhere,
        vnc_socket=nowhere,
        console_log=nowhere,
        second_console_log=nowhere,
        journal_log=nowhere,
        monitors=(0, 0),
        journal_descriptor=0,
        console=0,
        second_console=0,
        agent=0,
        waits=False,
    )
    return hashlib.sha256("\n".join(build_argv(plain)).encode()).hexdigest()


def bound_port(forward: Forward) -> str:
    """Return the host's side of a forward, on the loopback address alone; port 0 is any free."""
    return f"{forward.protocol}:127.0.0.1:{forward.host_port or 0}"


def hostfwd(forward: Forward) -> str:
    """Return both sides of a forward, as QEMU's option and its monitor have it."""
    return f"{bound_port(forward)}-:{forward.guest_port}"


def _machine(launch: Launch) -> Iterator[str]:
    yield from ("-name", f"guest={_doubled(launch.name)}")
    yield from ("-uuid", str(UUID(launch.id)))
    yield from ("-machine", _machine_type(launch))
    yield from ("-accel", launch.accelerator)
    yield from ("-cpu", CPU_MODEL[launch.accelerator])
    yield from ("-smp", str(launch.vcpus))
    yield from _memory(launch.memory)
    yield from ("-nodefaults", "-no-user-config")
    yield from ("-sandbox", f"on,{_DENIALS}")
    yield from ("-pidfile", os.fspath(launch.pidfile))
    # A guest that panicked is over: QEMU ends too, and its journal says why.
    yield from ("-action", "panic=shutdown")
    if launch.boot is not None:
        yield from ("-kernel", os.fspath(launch.boot.kernel))
        yield from ("-append", f"{launch.boot.append} vmnb.hostname={launch.boot.hostname}".strip())
        if launch.boot.initrd is not None:
            yield from ("-initrd", os.fspath(launch.boot.initrd))


def _memory(memory: Memory) -> Iterator[str]:
    yield from ("-m", f"{memory.size_mib}M")
    backend = {
        "qom-type": "memory-backend-file",
        "id": _MEMORY,
        "size": memory.size_mib << 20,
        "mem-path": os.fspath(memory.path),
        "share": memory.shared,
    }
    yield from ("-object", json.dumps(backend))


def _machine_type(launch: Launch) -> str:
    """Leave out what no guest needs, and each costs time to look for at every boot."""
    # A boot loader on the screen reads its keys from i8042; a kernel booted directly does not.
    keyboard = "on" if launch.boot is None else "off"
    flash = "" if launch.firmware is None else f",pflash0={_CODE},pflash1={_VARIABLES}"
    return f"{launch.machine},memory-backend={_MEMORY},hpet=off,vmport=off,i8042={keyboard}{flash}"


def _firmware(launch: Launch) -> Iterator[str]:
    if (firmware := launch.firmware) is not None:
        code = {"driver": "file", "filename": os.fspath(firmware.code), "read-only": True}
        yield from _block(
            {"node-name": _CODE, "driver": firmware.code_format, "read-only": True, "file": code}
        )
        variables = {"driver": "file", "filename": os.fspath(firmware.variables)}
        yield from _block({"node-name": _VARIABLES, "driver": "qcow2", "file": variables})


def layer_node(layer: Path) -> dict[str, object]:
    """Return the block node of a layer of the disk that is written to, named as its file is."""
    return {
        "node-name": layer.stem,
        "driver": "qcow2",
        "discard": "unmap",
        "detect-zeroes": "unmap",
        "file": {"driver": "file", "filename": os.fspath(layer), "discard": "unmap"},
    }


def _disks(launch: Launch) -> Iterator[str]:
    yield from _block(layer_node(launch.disk))
    # 0 is taken where QEMU boots a kernel itself.
    yield from _device("virtio-blk-pci", id=DISK, drive=launch.disk.stem, discard=True, bootindex=1)
    if launch.seed_iso is not None:
        file = {"driver": "file", "filename": os.fspath(launch.seed_iso), "read-only": True}
        yield from _block({"node-name": "seed", "driver": "raw", "read-only": True, "file": file})
        yield from _device("virtio-blk-pci", id="seed0", drive="seed")


def _network(launch: Launch) -> Iterator[str]:
    if launch.mac is not None:
        netdev = _user_netdev(launch) if launch.tap is None else _tap_netdev(launch.tap)
        yield from _card("nic0", netdev, launch.mac)
    if launch.lan is not None:
        yield from _card("nic1", _lan_netdev(launch.lan), launch.lan.mac)


def _card(name: str, netdev: dict[str, object], mac: str) -> Iterator[str]:
    yield from ("-netdev", json.dumps(netdev))
    # No ROM: nobody boots from this network, and it would be loaded at each boot.
    yield from _device("virtio-net-pci", id=name, netdev=netdev["id"], mac=mac, romfile="")


def _user_netdev(launch: Launch) -> dict[str, object]:
    rules = [{"str": hostfwd(forward)} for forward in launch.forwards]
    return {"type": "user", "id": USER_NETDEV, "restrict": launch.restrict, "hostfwd": rules}


def _tap_netdev(descriptor: int) -> dict[str, object]:
    return {"type": "tap", "id": "tap0", "fd": str(descriptor)}


def _lan_netdev(lan: LanCard) -> dict[str, object]:
    local, remote = ({"type": "unix", "path": os.fspath(path)} for path in (lan.port, lan.switch))
    return {"type": "dgram", "id": "lan0", "local": local, "remote": remote}


def _screen_and_helpers(launch: Launch) -> Iterator[str]:
    yield from _device("VGA", id="screen0", xres=SCREEN_SIZE[0], yres=SCREEN_SIZE[1])
    # Where there is no i8042, a keyboard of its own; elsewhere a pointer that is where one points.
    yield from _device("virtio-tablet-pci" if launch.boot is None else "virtio-keyboard-pci")
    yield from ("-display", "none")  # no window beside VNC, whatever QEMU was built with
    # With its key stated, a path may have "=" in it.
    yield from ("-vnc", f"vnc=unix:{_doubled(os.fspath(launch.vnc_socket))}")
    rng = {"qom-type": "rng-random", "id": "rng0", "filename": "/dev/urandom"}
    yield from ("-object", json.dumps(rng))
    yield from _device("virtio-rng-pci", rng="rng0")
    yield from _device("vmgenid", guid="auto")
    yield from _device("pvpanic")


def _serial_ports(launch: Launch) -> Iterator[str]:
    yield from _socket("console", launch.console, log=launch.console_log)
    yield from _device("isa-serial", id="serial0", chardev="console")
    yield from _socket("console2", launch.second_console, log=launch.second_console_log)
    yield from _device("isa-serial", id="serial1", chardev="console2")
    yield from _socket(AGENT_CHARDEV, launch.agent)
    yield from _device("virtio-serial-pci", id="ports0")
    yield from _device(
        "virtserialport",
        id=AGENT_PORT_ID,
        chardev=AGENT_CHARDEV,
        name=_AGENT_PORT_NAME,
        bus="ports0.0",
    )


def _monitors(launch: Launch) -> Iterator[str]:
    for number, descriptor in enumerate(launch.monitors):
        yield from _socket(f"qmp{number}", descriptor)
        yield from ("-qmp", f"chardev:qmp{number}")  # -mon is deprecated since 11.1
    log = _doubled(os.fspath(launch.journal_log))
    descriptor = launch.journal_descriptor
    yield from ("-chardev", f"socket,id=journal,fd={descriptor},logfile={log},logappend=on")
    yield from ("-qmp", "chardev:journal")


def _socket(name: str, descriptor: int, log: Path | None = None) -> tuple[str, str]:
    logging = f",logfile={_doubled(os.fspath(log))},logappend=on" if log is not None else ""
    return ("-chardev", f"socket,id={name},fd={descriptor},server=on,wait=off{logging}")


def _block(options: dict[str, object]) -> tuple[str, str]:
    return ("-blockdev", json.dumps(options))


def _device(driver: str, **options: object) -> tuple[str, str]:
    return ("-device", json.dumps({"driver": driver, **options}))


def _doubled(value: str) -> str:
    return value.replace(",", ",,")
