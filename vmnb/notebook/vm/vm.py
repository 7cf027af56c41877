"""The VM as a notebook has it: blocking by default, awaitable by ``.aio``, a card when shown."""

import os
from typing import TYPE_CHECKING, Any, Self

from vmnb.arguments import describe
from vmnb.core import runtime
from vmnb.core.cloud_init import CloudInitConfig
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import STOP_TIMEOUT_S, ConsoleEndpoint, Hypervisor, IpAddress
from vmnb.core.network import NetworkConfig
from vmnb.core.progress import reporting_to
from vmnb.core.ssh import SshConfig
from vmnb.core.state import VmState
from vmnb.notebook.card.shown import plain_text
from vmnb.notebook.network.lan import Lan
from vmnb.notebook.network.network import Network
from vmnb.notebook.progress import progress_bar
from vmnb.notebook.vm.aio import AsyncVM
from vmnb.notebook.vm.checkpointing import Checkpointing
from vmnb.notebook.vm.console import VmConsole
from vmnb.notebook.vm.copying import Copying
from vmnb.notebook.vm.forking import Forking
from vmnb.notebook.vm.measuring import Measured
from vmnb.notebook.vm.ports import Ports
from vmnb.notebook.vm.screen import Screen
from vmnb.notebook.vm.scripting import Scripting
from vmnb.notebook.vm.templating import Templating
from vmnb.notebook.vm.timelines import Timelines
from vmnb.notebook.vm.waiting import Waiting
from vmnb.seed.user_data import Document

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["VM"]


class VM(
    Scripting,
    Copying,
    Ports,
    Waiting,
    Screen,
    Measured,
    Timelines,
    Forking,
    Checkpointing,
    Templating,
):
    """A virtual machine; shown in a cell, it is a card with buttons and a console.

    Making one prepares it: afterwards it is ``prepared`` and nothing runs. Where a VM of that name
    exists and the spec agrees, it is that VM, in the state it is in.

    An action that is done already changes nothing. Each may raise `StateError` where the state does
    not allow it, `BusyError` while another process acts on the VM, and `BackendError`; all are in
    :mod:`vmnb.errors`. After Ctrl-C the action has cleaned up, and the message has the VM's state.

    Parameters
    ----------
    name
        1 to 200 printable characters, no ``/``, and neither ``-`` nor ``.`` first.
    image
        ``"tiny"``, a small Linux built on first use; a name that ``vmnb.images.available()`` or
        ``vmnb.images.list()`` has, such as ``"debian-12"``, or an address by https, http or oci,
        which are pulled on first use; or the path of a disk image, perhaps packed.
    vcpus
        Number of virtual CPUs.
    memory
        In MiB, or text such as ``"512M"``, ``"2G"``. 256 MiB for the tiny guest, else 1 GiB.
    disk
        Size of the disk, likewise; the image's own size by default.
    network
        ``"user"`` (behind NAT, no privileges needed), ``"none"``, a :class:`vmnb.Network` that VMs
        share, or a `NetworkConfig`, such as ``vmnb.user(forward={8080: 80})``;
        ``NetworkConfig.tap("br0")`` joins a bridge of the host, which takes ``CAP_NET_ADMIN`` or
        QEMU's bridge helper.
    cloud_init
        What cloud-init does at the first boot: text that begins with ``#cloud-config`` or ``#!``, a
        dict, the ``Path`` of a file, or more than user data by :func:`vmnb.cloud_init`. For an
        image that has cloud-init.
    ssh
        Whether the guest can be entered by SSH, with a key that is made for this VM alone; True
        stands for the login name ``"vm"``. For an image that has cloud-init and an SSH server.
    uefi
        Whether to boot by UEFI, from firmware of this machine (package ``ovmf``).
    boot
        How the first start goes: by default from the template that the first VM with this image,
        these sizes and this cloud-init became, if there is one; ``"cold"`` for a real boot, as
        every later start is one; or the name of a template, see :meth:`template`. Where the
        environment variable ``VMNB_BOOT`` is ``cold``, templates are neither made nor used by
        themselves.
    backend
        A backend's tag or a ready-made hypervisor; by default what suits the machine.

    Raises
    ------
    SpecError
        A value is not usable. Nothing was made.
    VmExistsError
        A VM of that name exists and is another; the message shows the differences.
    BackendError, ImageError
        It could not be prepared. Nothing was made.
    """

    def __init__(
        self,
        name: str,
        *,
        image: str | os.PathLike[str] = "tiny",
        vcpus: int = 1,
        memory: int | str | None = None,
        disk: int | str | None = None,
        network: str | NetworkConfig | Network = "user",
        cloud_init: Document | CloudInitConfig | None = None,
        ssh: bool | str | SshConfig | None = None,
        uefi: bool = False,
        boot: str | None = None,
        backend: str | Hypervisor | None = None,
    ) -> None:
        spec = describe(
            name,
            image=image,
            vcpus=vcpus,
            memory=memory,
            disk=disk,
            network=network.config if isinstance(network, Network) else network,
            cloud_init=cloud_init,
            ssh=ssh,
            uefi=uefi,
            boot=boot,
        )
        try:
            with progress_bar() as show, reporting_to(show):
                machine = runtime.run(runtime.session().open(spec, backend))
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_when_interrupted(spec.name)) from None
        self._take(machine)
        if spec.network.network is not None:
            runtime.run(Lan.look_again(spec.network.network))

    @classmethod
    def attach(cls, name: str) -> Self:
        """Return the VM of that name, whatever its spec.

        Raises
        ------
        VmNotFoundError
            There is none.
        """
        return cls._of(runtime.run(runtime.session().attach(name)))

    @property
    def aio(self) -> AsyncVM:
        """The same actions, to be awaited."""
        return AsyncVM(self._live)

    def start(self) -> Self:
        """Boot it; afterwards it is ``running``, while its guest may still be booting.

        The first time it may begin from a template instead, and has booted then; see `boot`.

        Nothing happens where it runs already.

        Raises
        ------
        StateError
            It is suspended; :meth:`resume` it.
        BackendError
            It could not be started.
        """
        return self._act("start", self._machine.start)

    def stop(self, timeout: float = STOP_TIMEOUT_S) -> Self:
        """Shut it down; afterwards it is ``stopped`` and its disk is kept.

        Parameters
        ----------
        timeout
            Seconds that the guest is given to end by itself; past them it is ended by force.
        """
        return self._act("stop", lambda: self._machine.stop(timeout))

    def suspend(self) -> Self:
        """Pause its vCPUs; afterwards it is ``suspended`` and its memory is kept."""
        return self._act("suspend", self._machine.suspend)

    def resume(self) -> Self:
        """Let it run on; afterwards it is ``running``."""
        return self._act("resume", self._machine.resume)

    def destroy(self) -> None:
        """Stop it if it runs and remove all of it but its history; its name is free again."""
        self._act("destroy", self._machine.destroy)

    @property
    def state(self) -> VmState:
        """Where it is in its life, asked now."""
        return self._wait("state", self._machine.state())

    @property
    def guest_ip(self) -> IpAddress:
        """The guest's address; waits up to a minute for a guest that still boots.

        Behind NAT, as by default, the host cannot reach it there: it reaches the guest's ports
        that are forwarded, see :meth:`forward`.

        Raises
        ------
        CapabilityError
            It has no network.
        StateError
            It does not run.
        DeadlineError
            The guest had no address in time, or nothing knew of it; the message has what was asked.
        """
        return self._wait("guest_ip", self._machine.guest_ip())

    @property
    def handle(self) -> VmHandle:
        """The plain facts of the VM."""
        return self._machine.handle

    @property
    def console_endpoint(self) -> ConsoleEndpoint:
        """Where the serial console is."""
        return self._machine.console_endpoint

    @property
    def console(self) -> VmConsole:
        """The serial console; alone in a cell, it is a terminal."""
        return VmConsole(self._live)

    @property
    def consoles(self) -> tuple[VmConsole, ...]:
        """Its serial consoles, :attr:`console` first; empty where the backend has none."""
        return tuple(VmConsole(self._live, number) for number in range(self._live.consoles.count))

    @property
    def history(self) -> "pd.DataFrame":
        """All it went through, oldest first, a row each.

        See :data:`vmnb.notebook.tables.history.HISTORY_SCHEMA`.
        """
        # pandas is imported where it is needed
        from vmnb.notebook.tables.history import history_table

        return history_table(self._wait("history", self._machine.history()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.destroy()

    def __repr__(self) -> str:
        return plain_text(self._taken.machine)

    def _ipython_display_(self) -> None:
        self._card.display(repr(self))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return self._card.bundle()


def _when_interrupted(name: str) -> str:
    record = runtime.session().store.find(name)
    left = "nothing was made" if record is None else f"it is {record.state}"
    return f"making {name!r} was interrupted; {left}"
