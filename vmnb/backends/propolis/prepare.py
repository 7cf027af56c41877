"""Making what a VM needs before it can run, or nothing."""

import asyncio
from pathlib import Path

from vmnb.backends.propolis.files import WorkFiles
from vmnb.backends.propolis.place import Made, Place
from vmnb.backends.propolis.translate import DiskInterface, Parts, ensure_request
from vmnb.core.claim import id_of_new_vm
from vmnb.core.errors import VmnbError
from vmnb.core.finish import finish
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import BackendTag
from vmnb.core.names import host_name
from vmnb.core.spec import VmSpec
from vmnb.core.ssh import SshConfig
from vmnb.guest.ssh_key import make_key, public_key
from vmnb.seed import Login, seed_documents, write_iso

__all__ = ["prepare", "request_of"]

_PATH_SIZE = 1024


async def prepare(spec: VmSpec, place: Place, interface: DiskInterface) -> VmHandle:
    """Make the work directory and all that `place` makes; where anything fails, nothing is left.

    Raises
    ------
    SpecError
        The server would not take so much, or so many vCPUs.
    BackendError
        Something could not be made.
    """
    vm_id = id_of_new_vm()
    files = WorkFiles.of(vm_id)
    try:
        await finish(asyncio.to_thread(_write_files, vm_id, spec, files, interface))
        made = await place.make(vm_id, spec, files)
    except BaseException as error:
        await finish(_undo(place, files, error))
        raise
    return _handle(vm_id, spec, files, made, interface)


def request_of(handle: VmHandle) -> bytes:
    """Return the request that makes the instance of a VM."""
    parts = Parts(
        disk=handle.extra["disk_path"],
        interface=DiskInterface(handle.extra["disk_interface"]),
        vnic=handle.extra.get("vnic"),
        seed=handle.seed_iso.read_bytes() if handle.seed_iso else None,
    )
    return ensure_request(handle.id, handle.spec, parts)


async def _undo(place: Place, files: WorkFiles, error: BaseException) -> None:
    """Remove what was made; what cannot be removed is told with the `error` that came first."""
    try:
        if files.directory.exists():
            await place.unmake(files)
            await asyncio.to_thread(files.remove)
    except VmnbError as left:
        error.add_note(f"what was made before is still there, listed in {files.made}: {left}")


def _write_files(vm_id: str, spec: VmSpec, files: WorkFiles, interface: DiskInterface) -> None:
    files.make()
    if spec.cloud_init is not None or spec.ssh is not None:
        documents = seed_documents(
            spec.cloud_init,
            instance_id=vm_id,
            hostname=host_name(spec.name),
            login=_login(spec.ssh, files.ssh_key) if spec.ssh else None,
        )
        write_iso(files.seed_iso, documents)
    # What the server would refuse is refused now; long names stand for those that are to come.
    seed = files.seed_iso.read_bytes() if files.seed_iso.exists() else None
    disk = spec.image.ljust(_PATH_SIZE, "x")
    ensure_request(vm_id, spec, Parts(disk=disk, interface=interface, vnic=disk, seed=seed))


def _login(ssh: SshConfig, path: Path) -> Login:
    key = public_key(ssh) if ssh.private_key else make_key(path)
    return Login(user=ssh.user, public_key=key)


def _handle(
    vm_id: str, spec: VmSpec, files: WorkFiles, made: Made, interface: DiskInterface
) -> VmHandle:
    facts = {
        "server": made.server,
        "disk_path": made.disk,
        "disk_interface": interface.value,
        "vnic": made.vnic,
        **made.facts,
    }
    return VmHandle(
        id=vm_id,
        backend=BackendTag.PROPOLIS,
        spec=spec,
        work_dir=files.directory,
        seed_iso=files.seed_iso if files.seed_iso.exists() else None,
        mac=made.mac,
        accelerator="bhyve",
        extra={name: fact for name, fact in facts.items() if fact is not None},
    )
