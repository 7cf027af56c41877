"""Zones: configured, installed, booted, halted, and removed again."""

from collections.abc import Iterable
from ipaddress import IPv4Interface
from pathlib import Path, PurePosixPath

from vmnb.backends.propolis.illumos.parseable import fields_of
from vmnb.backends.propolis.illumos.tool import tool

__all__ = [
    "UP",
    "boot",
    "configure",
    "delete",
    "halt",
    "install",
    "state_of",
    "uninstall",
    "zone_config",
]

UP = frozenset({"ready", "running", "shutting_down", "down"})
"""The states of a zone that can be halted."""

_DEVICES = ("/dev/vmmctl", "/dev/vmm/*", "/dev/viona")


def zone_config(
    *,
    brand: str,
    path: PurePosixPath,
    programs: PurePosixPath,
    control: tuple[str, IPv4Interface],
    vnics: Iterable[str],
    disk: str,
) -> str:
    """Return the commands for zonecfg(8) that configure a zone for one server.

    Parameters
    ----------
    path
        Where its files shall be.
    programs
        The directory of ``propolis-server`` and its boot ROM; the zone sees it read-only.
    control
        The link by which the server is reached, and its address there.
    vnics
        More links that the zone gets.
    disk
        The path of the device that is the guest's disk.
    """
    (link, address), home = control, str(programs)
    resources: list[tuple[str, dict[str, str]]] = [
        ("fs", {"dir": home, "special": home, "type": "lofs", "options": "[ro]"}),
        ("net", {"physical": link, "allowed-address": str(address)}),
        *(("net", {"physical": vnic}) for vnic in vnics),
        *(("device", {"match": device}) for device in (*_DEVICES, disk)),
    ]
    head: dict[str, str] = {
        "brand": brand,
        "zonepath": str(path),
        "autoboot": "false",
        "ip-type": "exclusive",
    }
    lines = ["create -b", *_settings(head)]
    for kind, settings in resources:
        lines += [f"add {kind}", *_settings(settings), "end"]
    return "\n".join((*lines, "verify", "commit", ""))


async def configure(zone: str, config: Path) -> None:
    """Configure a zone by the commands in the file `config`."""
    await tool("zonecfg", "-z", zone, "-f", str(config))


async def install(zone: str) -> None:
    """Install a zone that is configured."""
    await tool("zoneadm", "-z", zone, "install")


async def boot(zone: str) -> None:
    """Boot a zone that is installed."""
    await tool("zoneadm", "-z", zone, "boot")


async def halt(zone: str) -> None:
    """Halt a zone that is booted."""
    await tool("zoneadm", "-z", zone, "halt")


async def uninstall(zone: str) -> None:
    """Remove a zone's files."""
    await tool("zoneadm", "-z", zone, "uninstall", "-F")


async def delete(zone: str) -> None:
    """Remove a zone's configuration."""
    await tool("zonecfg", "-z", zone, "delete", "-F")


async def state_of(zone: str) -> str | None:
    """Return the zone's state as zoneadm(8) names it; None where there is no such zone."""
    zones = fields_of(await tool("zoneadm", "list", "-cp"))
    return next((fields[2] for fields in zones if fields[1] == zone), None)


def _settings(settings: dict[str, str]) -> list[str]:
    return [f"set {name}={_quoted(value)}" for name, value in settings.items()]


def _quoted(value: str) -> str:
    return value if value.startswith("[") else f'"{value}"'
