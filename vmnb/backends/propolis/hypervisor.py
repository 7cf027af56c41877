"""VMs behind ``propolis-server``: the nine operations, and following what happens to a VM."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import uuid4
from weakref import WeakValueDictionary

from vmnb.backends.propolis.api import API_VERSION, PropolisApi
from vmnb.backends.propolis.boot import boot, halt, take_back
from vmnb.backends.propolis.files import Run, WorkFiles
from vmnb.backends.propolis.follow import follow
from vmnb.backends.propolis.illumos.settings import Zones
from vmnb.backends.propolis.illumos.zone_place import ZonePlace
from vmnb.backends.propolis.place import Place
from vmnb.backends.propolis.power import power_off
from vmnb.backends.propolis.prepare import prepare, request_of
from vmnb.backends.propolis.server_place import ServerPlace
from vmnb.backends.propolis.standing import standing
from vmnb.backends.propolis.translate import DiskInterface
from vmnb.core.errors import BackendUnavailableError, SpecError, StateError, VmnbError
from vmnb.core.finish import finish
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import (
    STOP_TIMEOUT_S,
    BackendTag,
    Capability,
    IpAddress,
    VmEvent,
    WebSocketConsole,
    check_spec,
    require_capability,
)
from vmnb.core.remarks import remark
from vmnb.core.spec import VmSpec
from vmnb.core.state import LIVE, Action, VmState, require
from vmnb.seed import check_cloud_init

__all__ = ["PropolisHypervisor"]


class PropolisHypervisor:
    """bhyve guests on illumos; lives on one event loop.

    Each VM gets a zone of its own with a ``propolis-server`` in it, a clone of an image and, with
    ``NetworkConfig.vnic("net0")``, a VNIC over that link. With `url` none of that is made: the
    server runs already, on this machine or another, the image is the path of a disk there that is
    the VM's own, and ``NetworkConfig.vnic("web0")`` a VNIC that is there.

    The server boots by UEFI alone, whatever the spec says. It can neither pause a guest nor ask it
    to switch itself off; :meth:`stop` asks a shell in the guest.

    Parameters
    ----------
    url
        Where the server is, such as ``http://192.0.2.7:12400``.
    zones
        How zones are made, where `url` is None.
    disk
        What the guest sees its disk as: ``virtio`` or ``nvme``.
    answer_s
        Seconds that a server may take to answer.

    Raises
    ------
    SpecError
        The URL is none, or there is no such disk.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        zones: Zones | None = None,
        disk: str = DiskInterface.VIRTIO,
        answer_s: float = 10.0,
    ) -> None:
        if url is not None:
            _check_url(url)
        if disk not in set(DiskInterface):
            raise SpecError(f"disk is {disk!r}", hint=f"one of: {', '.join(DiskInterface)}")
        self._url = url
        self._zones = zones or Zones()
        self._interface = DiskInterface(disk)
        self._answer_s = answer_s
        self._apis: dict[str, PropolisApi] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def tag(self) -> str:
        """The tag that this hypervisor's handles carry."""
        return BackendTag.PROPOLIS

    def capabilities(self, handle: VmHandle | None = None) -> frozenset[Capability]:
        """Return what it can do: for `handle`, or for a VM that it would prepare."""
        return self._place(handle).capabilities(handle.spec if handle else None)

    async def prepare(self, spec: VmSpec) -> VmHandle:
        """Make the work directory, and in zones' way disk, VNICs and zone.

        Afterwards the VM is ``prepared``, and no guest was made of it yet.

        Raises
        ------
        SpecError, CapabilityError, ImageError
            The spec cannot be had here; nothing was made.
        BackendError
            The server does not answer, or something could not be made; nothing was left.
        """
        check_spec(self, spec)
        if spec.cloud_init is not None:
            check_cloud_init(spec.cloud_init)
        place = self._place()
        await place.check(spec)
        return await prepare(spec, place, self._interface)

    async def start(self, handle: VmHandle) -> VmHandle:
        """Boot it; afterwards it is ``running``.

        Raises
        ------
        StateError
            It runs already, or is gone.
        BackendError
            The server has another VM, does not take this one, or could not run it; the VM is as
            it was before, or, where the server fell silent, in a state to be asked for.
        DeadlineError
            It did not run in time.
        """
        async with self._turn(handle):
            require(Action.START, await self.state(handle), handle.name)
            place, api, files = self._place(handle), self._api(handle), WorkFiles.of_handle(handle)
            before, run = await asyncio.to_thread(files.last_run), Run(id=uuid4().hex)
            request = await asyncio.to_thread(request_of, handle)
            await asyncio.to_thread(files.write_run, run)
            try:
                await place.up(handle)
                await boot(api, handle, request, patient=place.starts_servers)
            except BaseException:
                await finish(take_back(api, handle, place, before))
                raise
            return handle.with_extra({"run": run.id})

    async def stop(self, handle: VmHandle, timeout_s: float = STOP_TIMEOUT_S) -> VmHandle:
        """Switch it off: by a shell in the guest, by force after `timeout_s` seconds.

        Afterwards it is ``stopped``. That it was by force, and why, is remarked.

        Raises
        ------
        StateError
            There is nothing to stop.
        BackendError, DeadlineError
            The server cannot be asked, and is not ours to end.
        """
        async with self._turn(handle):
            place, files = self._place(handle), WorkFiles.of_handle(handle)
            try:
                state = await self.state(handle)
                require(Action.STOP, state, handle.name)
                if state in LIVE:
                    await self._end(handle, timeout_s)
            except StateError:
                raise
            except VmnbError as error:
                if not place.starts_servers:
                    raise
                remark(f"its zone was halted: {error.message}")
            await place.down(handle)
            run = await asyncio.to_thread(files.last_run)
            if run is not None:
                await asyncio.to_thread(files.write_run, replace(run, end=VmState.STOPPED))
            return handle

    async def suspend(self, handle: VmHandle) -> VmHandle:
        """Refuse: the server cannot pause a guest."""
        return await self._refuse(Action.SUSPEND, handle)

    async def resume(self, handle: VmHandle) -> VmHandle:
        """Refuse: the server cannot pause a guest."""
        return await self._refuse(Action.RESUME, handle)

    async def destroy(self, handle: VmHandle) -> None:
        """End it at once if it runs and remove all that was made; a second call changes nothing.

        Raises
        ------
        BackendError, DeadlineError
            The server does not answer, or something could not be removed: what is gone is gone,
            and a further call goes on with the rest.
        """
        async with self._turn(handle):
            place, files = self._place(handle), WorkFiles.of_handle(handle)
            if not await asyncio.to_thread(files.directory.exists):
                return
            try:
                if await self.state(handle) in LIVE:
                    await halt(self._api(handle))
            except BackendUnavailableError as error:
                remark(f"a guest that still runs there was not ended: {error.message}")
            except VmnbError:
                if not place.starts_servers:
                    raise
            await finish(place.unmake(files))
            await asyncio.to_thread(files.remove)

    async def state(self, handle: VmHandle) -> VmState:
        """Ask where it is: the server, while nobody knows of its end.

        Raises
        ------
        BackendError, DeadlineError
            The server cannot be asked, or the VM has gone to another; nothing is guessed.
        """
        return await standing(handle, self._api(handle), self._place(handle))

    async def guest_ip(self, handle: VmHandle) -> IpAddress:
        """Return the address of the VM's network card, as this machine's neighbour.

        Raises
        ------
        CapabilityError
            It has no network, or its server is not this machine's.
        StateError
            It does not run.
        DeadlineError
            This machine has not heard of it in time.
        """
        require_capability(self, Capability.GUEST_ADDRESS, handle)
        state = await self.state(handle)
        if state is not VmState.RUNNING:
            raise StateError(
                f"{handle.name!r} has no address: it is {state}", hint="start it first"
            )
        return await self._place(handle).guest_ip(handle)

    def console_endpoint(self, handle: VmHandle) -> WebSocketConsole:
        """Return where the server has the serial port."""
        server = handle.extra["server"].replace("http", "ws", 1)
        return WebSocketConsole(
            url=f"{server}/instance/serial",
            headers=(("api-version", API_VERSION),),
            run=handle.extra.get("run", ""),
        )

    async def watch(self, handle: VmHandle) -> AsyncGenerator[VmEvent, None]:
        """Yield what happens to it from now on; ends when it no longer runs, after saying why."""
        files = WorkFiles.of_handle(handle)
        run = await asyncio.to_thread(files.last_run)
        if run is None or run.end is not None:
            return
        async with aclosing(follow(self._api(handle), run.id)) as events:
            async for event in events:
                if event.state not in LIVE and event.action != "migrate":
                    await asyncio.to_thread(files.settle, run, event.state)
                yield event

    async def aclose(self) -> None:
        """Let go of every server; those that run go on running."""
        while self._apis:
            _, api = self._apis.popitem()
            await api.aclose()

    async def _end(self, handle: VmHandle, timeout_s: float) -> None:
        api, endpoint = self._api(handle), self.console_endpoint(handle)
        reason = "no time was given to the guest"
        if timeout_s > 0:
            reason = await power_off(handle, self._place(handle), api, endpoint, timeout_s)
        if reason:
            remark(f"ended by force: {reason}")
            await halt(api)

    async def _refuse(self, action: Action, handle: VmHandle) -> VmHandle:
        require(action, await self.state(handle), handle.name)
        require_capability(self, Capability.SUSPEND, handle)
        return handle

    def _place(self, handle: VmHandle | None = None) -> Place:
        """Return where `handle` is, or where a new VM would be."""
        if handle is not None and "zone" not in handle.extra:
            return ServerPlace(handle.extra["server"], self._api(handle))
        if handle is None and self._url is not None:
            return ServerPlace(self._url, self._api_at(self._url))
        return ZonePlace(self._zones)

    def _api(self, handle: VmHandle) -> PropolisApi:
        return self._api_at(handle.extra["server"])

    def _api_at(self, url: str) -> PropolisApi:
        if url not in self._apis:
            self._apis[url] = PropolisApi(url, answer_s=self._answer_s)
        return self._apis[url]

    def _turn(self, handle: VmHandle) -> asyncio.Lock:
        """Return the lock that lets one action at a time change the VM from here."""
        return self._turns.setdefault(handle.id, asyncio.Lock())


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.path.strip("/") or parts.query:
        raise SpecError(f"{url!r} is no server's URL", hint="such as http://192.0.2.7:12400")
