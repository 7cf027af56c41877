"""Where a VM is: what its server says, and what is written down of its end."""

import asyncio

from vmnb.backends.propolis.api import PropolisApi
from vmnb.backends.propolis.files import Run, WorkFiles
from vmnb.backends.propolis.place import Place
from vmnb.backends.propolis.states import ENDED, STATES
from vmnb.backends.propolis.translate import instance_id
from vmnb.core.errors import BackendUnavailableError
from vmnb.core.handle import VmHandle
from vmnb.core.sockets import is_refused
from vmnb.core.state import VmState

__all__ = ["standing"]


async def standing(handle: VmHandle, api: PropolisApi, place: Place) -> VmState:
    """Return its state; the server is asked while nobody knows of the end of its last run.

    Raises
    ------
    BackendError, DeadlineError
        The server cannot be asked, or the VM has gone to another; nothing is guessed.
    """
    files = WorkFiles.of_handle(handle)
    if not await asyncio.to_thread(files.directory.exists):
        return VmState.DESTROYED
    run = await asyncio.to_thread(files.last_run)
    if run is None:
        return VmState.PREPARED
    return run.end or await _ask(handle, api, place, run)


async def _ask(handle: VmHandle, api: PropolisApi, place: Place, run: Run) -> VmState:
    try:
        instance = await api.instance()
    except BackendUnavailableError as error:
        if is_refused(error) or await place.is_down(handle):
            return VmState.FAILED  # its guest has ended with the server
        raise
    if instance is None or instance.id != instance_id(handle.id):
        return await _settled(handle, run, VmState.FAILED)
    state = STATES[instance.state]
    if instance.state not in ENDED:
        return state
    if (await api.latest()).has_moved:
        raise BackendUnavailableError(
            f"{handle.name!r} has migrated to another server, and what it does there is not known",
            hint="ask that server: PropolisHypervisor(url=…)",
        )
    return await _settled(handle, run, state)


async def _settled(handle: VmHandle, run: Run, end: VmState) -> VmState:
    """Write down the end, for the server will forget it."""
    await asyncio.to_thread(WorkFiles.of_handle(handle).settle, run, end)
    return end
