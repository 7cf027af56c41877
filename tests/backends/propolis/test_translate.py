"""Whatever the spec, what is sent is what the vendor's document allows."""

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vmnb.backends.propolis import PropolisHypervisor
from vmnb.backends.propolis.translate import REQUEST_MAX, DiskInterface, Parts, ensure_request
from vmnb.core.cloud_init import CloudInitConfig
from vmnb.core.errors import SpecError, VmnbError
from vmnb.core.names import checked_name
from vmnb.core.spec import VmSpec
from vmnb.testing.propolis import PropolisStandIn, Schemas

from .conftest import disk_spec

SCHEMAS = Schemas()
VM_ID = "0123456789abcdef0123456789abcdef"


def _is_name(text: str) -> bool:
    try:
        checked_name(text)
    except VmnbError:
        return False
    return True


specs = st.builds(
    VmSpec,
    name=st.text(min_size=1, max_size=200).filter(_is_name),
    vcpus=st.integers(1, 255),
    memory_mib=st.integers(1, 1 << 40),
)
parts = st.builds(
    Parts,
    disk=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).map(
        "/".__add__
    ),
    interface=st.sampled_from(DiskInterface),
    vnic=st.none() | st.from_regex(r"[a-z][a-z0-9_]{0,20}0", fullmatch=True),
    seed=st.none() | st.binary(max_size=100_000),
)
ids = st.uuids().map(lambda value: value.hex)


@given(vm_id=ids, spec=specs, parts=parts)
@settings(deadline=None, max_examples=40)
def test_every_request_is_as_the_document_says(vm_id: str, spec: VmSpec, parts: Parts) -> None:
    request = ensure_request(vm_id, spec, parts)
    body = json.loads(request)
    assert SCHEMAS.problems("InstanceEnsureRequest", body) == []
    components = body["init"]["value"]["spec"]["components"]
    devices = {
        name: entry["component"]["backend_id"]
        for name, entry in components.items()
        if "backend_id" in entry["component"]
    }
    assert all(device != backend for device, backend in devices.items())
    assert set(devices.values()) <= set(components)
    assert len(request) <= REQUEST_MAX


def test_the_schemas_can_find_fault() -> None:
    body = json.loads(ensure_request(VM_ID, disk_spec(), Parts(disk="/disk")))
    board = body["init"]["value"]["spec"]["board"]
    for name, value in (("cpus", 256), ("cpus", -1), ("memory_mb", 1 << 64), ("x", 1)):
        broken = json.loads(json.dumps(body))
        broken["init"]["value"]["spec"]["board"] = {**board, name: value}
        assert SCHEMAS.problems("InstanceEnsureRequest", broken)
    body["properties"]["id"] = VM_ID
    assert SCHEMAS.problems("InstanceEnsureRequest", body), "an id without hyphens is no UUID there"


def test_what_a_whole_vm_is_sent_as() -> None:
    seed = Parts(disk="/dev/zvol/rdsk/rpool/web", vnic="web0", seed=b"seed")
    body = json.loads(ensure_request(VM_ID, disk_spec(vcpus=2, memory_mib=512), seed))
    assert body["properties"]["id"] == "01234567-89ab-cdef-0123-456789abcdef"
    spec = body["init"]["value"]["spec"]
    assert (spec["board"]["cpus"], spec["board"]["memory_mb"]) == (2, 512)
    components = spec["components"]
    assert components["com1"] == {"type": "serial_port", "component": {"num": "com1"}}
    assert components["boot"]["component"] == {"order": [{"id": "disk"}]}
    assert components["disk-backend"]["component"]["path"] == "/dev/zvol/rdsk/rpool/web"
    assert components["nic-backend"]["component"] == {"vnic_name": "web0"}
    assert components["seed-backend"]["component"] == {"base64": "c2VlZA==", "readonly": True}
    path = {"bus": 0, "device": 24, "function": 0}
    assert components["seed"]["component"]["pci_path"] == path


def test_more_vcpus_than_fit_into_a_byte_are_refused() -> None:
    with pytest.raises(SpecError, match="255 at most"):
        ensure_request(VM_ID, disk_spec(vcpus=256), Parts(disk="/disk"))


def test_a_seed_that_is_too_large_is_refused_before_anything_is_made_or_sent(
    server: PropolisStandIn,
    hypervisor: PropolisHypervisor,
    runner: asyncio.Runner,
    homes: Path,
) -> None:
    large = CloudInitConfig(user_data="#cloud-config\n# " + "x" * REQUEST_MAX)
    with pytest.raises(SpecError, match="cloud-init makes a request of"):
        runner.run(hypervisor.prepare(disk_spec(cloud_init=large)))
    assert list((homes / "data" / "vms").iterdir()) == []
    assert ("PUT", "/instance") not in server.requests
