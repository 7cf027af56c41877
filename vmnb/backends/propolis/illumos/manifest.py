"""The service that runs ``propolis-server`` in its zone, from boot to halt (smf(7))."""

import shlex
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree as ET

__all__ = ["manifest", "manifest_path"]

_HEAD = (
    '<?xml version="1.0"?>\n'
    '<!DOCTYPE service_bundle SYSTEM "/usr/share/lib/xml/dtd/service_bundle.dtd.1">\n'
)
_NAME = "site/vmnb-propolis"


def manifest_path(zone_path: PurePosixPath) -> Path:
    """Return where the zone whose files are in `zone_path` finds it at its boot."""
    return Path(zone_path) / "root/var/svc/manifest/site/vmnb-propolis.xml"


def manifest(programs: PurePosixPath, address: str) -> str:
    """Return the service's description.

    Parameters
    ----------
    programs
        The directory with ``propolis-server`` and ``bootrom``.
    address
        Where the server shall listen: an IP address and a port.
    """
    command = [str(programs / "propolis-server"), "run", str(programs / "bootrom"), address]
    bundle = ET.Element("service_bundle", type="manifest", name="vmnb-propolis")
    service = ET.SubElement(bundle, "service", name=_NAME, type="service", version="1")
    ET.SubElement(service, "create_default_instance", enabled="true")
    ET.SubElement(service, "single_instance")
    needed = ET.SubElement(
        service,
        "dependency",
        name="network",
        grouping="require_all",
        restart_on="none",
        type="service",
    )
    ET.SubElement(needed, "service_fmri", value="svc:/milestone/network:default")
    for name, run in (("start", shlex.join(command)), ("stop", ":kill")):
        ET.SubElement(
            service, "exec_method", type="method", name=name, exec=run, timeout_seconds="60"
        )
    group = ET.SubElement(service, "property_group", name="startd", type="framework")
    # Its process is the service, and a new one begins without a guest.
    ET.SubElement(group, "propval", name="duration", type="astring", value="child")
    return _HEAD + ET.tostring(bundle, encoding="unicode") + "\n"
