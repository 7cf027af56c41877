"""Bringing an instance up, and down again by force."""

import asyncio
from contextlib import suppress

from vmnb.backends.propolis.answers import has_no_instance, is_occupied
from vmnb.backends.propolis.api import Instance, PropolisApi, Requested
from vmnb.backends.propolis.files import Run, WorkFiles
from vmnb.backends.propolis.follow import until_destroyed, until_ended, until_running
from vmnb.backends.propolis.place import Place
from vmnb.backends.propolis.states import ENDED, InstanceState
from vmnb.backends.propolis.translate import instance_id
from vmnb.core.errors import (
    BackendError,
    BackendUnavailableError,
    DeadlineError,
    LinkLostError,
    VmnbError,
)
from vmnb.core.handle import VmHandle
from vmnb.core.sockets import is_refused

__all__ = ["boot", "halt", "take_back"]

_START_S = 120.0
_HALT_S = 30.0
_LOOK_AGAIN_S = 0.25


async def boot(api: PropolisApi, handle: VmHandle, request: bytes, *, patient: bool) -> None:
    """Let the server make the VM's instance and run it; returns when it runs.

    Parameters
    ----------
    request
        The request that makes the instance.
    patient
        Whether the server itself may still be starting.

    Raises
    ------
    BackendError, SpecError
        It could not be made or run, or the server has another that is not destroyed.
    DeadlineError
        It does not run after two minutes.
    """
    try:
        async with asyncio.timeout(_START_S):
            if patient:
                await _server_answers(api)
            if not await _is_made(api, handle):
                await _make(api, handle, request)
            await api.request(Requested.RUN)
            state = await until_running(api)
    except TimeoutError as error:
        if isinstance(error, DeadlineError):
            raise
        raise DeadlineError(
            f"{handle.name!r} did not run within {_START_S:g} s", hint="see the server's log"
        ) from error
    if state in ENDED:
        raise BackendError(
            f"the server could not run {handle.name!r}: its instance is {state}",
            hint="the server's log says why: are disk and VNIC there, and free?",
        )


async def halt(api: PropolisApi) -> None:
    """End the instance by force, and wait for its end.

    Raises
    ------
    DeadlineError
        It has not ended after 30 s.
    """
    try:
        async with asyncio.timeout(_HALT_S):
            await api.request(Requested.STOP)
            await until_ended(api)
    except BackendError as error:
        if not has_no_instance(error):
            raise
    except TimeoutError as error:
        if isinstance(error, DeadlineError):
            raise
        raise DeadlineError(
            f"the instance has not ended within {_HALT_S:g} s", hint="see the server's log"
        ) from error


async def take_back(api: PropolisApi, handle: VmHandle, place: Place, before: Run | None) -> None:
    """Undo a start that failed; where the server does not tell, its state is left to be asked."""
    try:
        instance = await api.instance()
        if instance is not None and instance.id == instance_id(handle.id):
            await halt(api)
    except VmnbError as error:
        if not (place.starts_servers or is_refused(error)):
            return
    with suppress(VmnbError):
        await place.down(handle)
        await asyncio.to_thread(WorkFiles.of_handle(handle).write_run, before)


async def _server_answers(api: PropolisApi) -> Instance | None:
    """Wait until the server does: there is no event for that."""
    while True:
        try:
            return await api.instance()
        except BackendUnavailableError:
            await asyncio.sleep(_LOOK_AGAIN_S)


async def _is_made(api: PropolisApi, handle: VmHandle) -> bool:
    """Return whether the server has the instance already, and it can run."""
    instance = await api.instance()
    return (
        instance is not None
        and instance.id == instance_id(handle.id)
        and instance.state is InstanceState.CREATING
    )


async def _make(api: PropolisApi, handle: VmHandle, request: bytes) -> None:
    try:
        await api.ensure(request)
    except LinkLostError:
        if not await _is_made(api, handle):
            raise
    except BackendError as error:
        # An instance that has ended is in the way until the server has cleared it up.
        instance = await api.instance() if is_occupied(error) else None
        if instance is None or instance.state not in (*ENDED, InstanceState.STOPPING):
            raise
        await until_destroyed(api)
        await api.ensure(request)
