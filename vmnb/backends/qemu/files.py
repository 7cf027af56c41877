"""A VM's files: the work directory with all that is kept, the socket directory while it runs."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from vmnb.console.seat import meeting_place
from vmnb.core.errors import BackendError, SpecError
from vmnb.core.handle import VmHandle
from vmnb.core.paths import data_home, private_dir, socket_dir
from vmnb.guest.ssh_place import key_path

__all__ = [
    "Sockets",
    "WorkFiles",
    "listening",
    "located",
    "new_work_directory",
    "remove_at_once",
    "remove_tree",
    "remove_work_directory",
    "require_room",
]

_BACKLOG = 16
_MARGIN_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class WorkFiles:
    """Paths in a VM's work directory."""

    directory: Path

    @classmethod
    def of(cls, vm_id: str) -> "WorkFiles":
        """Return those of the VM `vm_id`."""
        return cls(data_home().absolute() / "vms" / vm_id)

    @classmethod
    def of_handle(cls, handle: VmHandle) -> "WorkFiles":
        """Return those that `handle` was prepared with."""
        return cls(handle.work_dir) if handle.work_dir else cls.of(handle.id)

    @property
    def unfinished(self) -> "WorkFiles":
        """Where they are made; it becomes the work directory by rename when all is there."""
        return WorkFiles(self.directory.with_name(f".new-{self.directory.name}"))

    @property
    def overlay(self) -> Path:
        """The VM's disk: a link to its newest layer."""
        return self.directory / "disk.qcow2"

    @property
    def seed_iso(self) -> Path:
        """What cloud-init reads."""
        return self.directory / "seed.iso"

    @property
    def uefi_variables(self) -> Path:
        """What UEFI firmware remembers of this VM."""
        return self.directory / "uefi-variables.qcow2"

    @property
    def ssh_key(self) -> Path:
        """The private key with which the guest can be entered."""
        return key_path(self.directory)

    @property
    def console_log(self) -> Path:
        """All that the serial console ever said."""
        return self.directory / "console.log"

    @property
    def second_console_log(self) -> Path:
        """All that the second serial port ever said."""
        return self.directory / "console2.log"

    @property
    def journal(self) -> Path:
        """QMP's events of all runs."""
        return self.directory / "events.jsonl"

    @property
    def untouched(self) -> Path:
        """Is there while nobody has been in a guest that may become a template."""
        return self.directory / "untouched"

    @property
    def stderr(self) -> Path:
        """What QEMU itself said in the latest run."""
        return self.directory / "qemu.log"


@dataclass(frozen=True, slots=True)
class Sockets:
    """Paths in a VM's socket directory, short however deep the user's home is."""

    directory: Path

    @classmethod
    def of(cls, vm_id: str) -> "Sockets":
        """Return those of the VM `vm_id`, in the runtime home or, were it too deep, in ``/tmp``.

        Raises
        ------
        SpecError
            There is no place that is short enough.
        """
        longest = max((path.name for path in cls(Path()).all), key=len)
        return cls(socket_dir(vm_id, longest))

    @classmethod
    def of_handle(cls, handle: VmHandle) -> "Sockets":
        """Return those that `handle` was last started with, or would be."""
        return cls(handle.qmp_socket.parent) if handle.qmp_socket else cls.of(handle.id)

    @property
    def monitors(self) -> tuple[Path, Path]:
        """Two of QMP, each for one client."""
        return self.directory / "qmp0.sock", self.directory / "qmp1.sock"

    @property
    def console(self) -> Path:
        """The serial console."""
        return self.directory / "console.sock"

    @property
    def second_console(self) -> Path:
        """The second serial port."""
        return self.directory / "console2.sock"

    @property
    def agent(self) -> Path:
        """The guest agent's port."""
        return self.directory / "agent.sock"

    @property
    def vnc(self) -> Path:
        """The screen; QEMU makes this one itself."""
        return self.directory / "vnc.sock"

    @property
    def lan(self) -> Path:
        """Where the card on a private network hears; QEMU makes this one itself too."""
        return self.directory / "lan.sock"

    @property
    def migration(self) -> Path:
        """Where the state of a guest that is being saved comes out."""
        return self.directory / "state.sock"

    @property
    def all(self) -> tuple[Path, ...]:
        """Every one of them."""
        serial = (self.console, self.second_console, meeting_place(self.second_console))
        return (*self.monitors, *serial, self.agent, self.vnc, self.lan, self.migration)

    @property
    def pidfile(self) -> Path:
        """The file whose lock says that QEMU lives; here, since a home may be far away."""
        return self.directory / "qemu.pid"

    def written_into(self, handle: VmHandle) -> VmHandle:
        """Return `handle` with these as its VM's."""
        return replace(
            handle,
            qmp_socket=self.monitors[0],
            console_socket=self.console,
            second_console_socket=self.second_console,
            agent_socket=self.agent,
            vnc_socket=self.vnc,
        )

    def make_directory(self) -> None:
        """Make the directory anew, with nothing in it of an earlier run."""
        self.require_place()
        self.remove()
        private_dir(self.directory)

    def require_place(self) -> None:
        """Raise SpecError where the directory cannot be made, or not as this user's alone."""
        private_dir(self.directory.parent)

    def remove(self) -> None:
        """Remove the directory; one that another user keeps from us was never ours."""
        with suppress(PermissionError):
            remove_tree(self.directory)


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """Listen on a Unix socket at `path`, for a child that inherits it.

    A client can connect at once: it waits in the queue until QEMU is up, and nobody has to ask
    whether it is.
    """
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(path))
        path.chmod(0o600)
        listener.listen(_BACKLOG)
        yield listener


@contextmanager
def new_work_directory(files: WorkFiles, name: str) -> Iterator[WorkFiles]:
    """Make the work directory of the VM `name`, of what the body puts into it, or nothing.

    Raises
    ------
    SpecError
        It cannot be made there.
    BackendError
        The disk is full.
    """
    new = files.unfinished
    _make_directory(new)
    try:
        yield new
        new.directory.rename(files.directory)
    except BaseException as error:
        remove_tree(new.directory)
        if isinstance(error, OSError):
            raise BackendError(
                f"cannot make the files of {name!r} in {files.directory}: {error.strerror}",
                hint="free some space, or choose another place with VMNB_HOME",
            ) from error
        raise


def located(handle: VmHandle) -> VmHandle:
    """Return `handle` with the paths of its VM's files and sockets."""
    files = WorkFiles.of(handle.id)
    return replace(
        Sockets.of(handle.id).written_into(handle),
        work_dir=files.directory,
        overlay=files.overlay,
        console_log=files.console_log,
        second_console_log=files.second_console_log,
    )


def _make_directory(files: WorkFiles) -> None:
    home = private_dir(files.directory.parent.parent)
    private_dir(files.directory.parent)
    require_room(home)
    try:
        files.directory.mkdir(mode=0o700)
    except OSError as error:
        raise SpecError(
            f"cannot make the directory {files.directory}: {error.strerror}",
            hint="make its parent writable, or choose another place with VMNB_HOME",
        ) from error


def require_room(directory: Path) -> None:
    """Raise BackendError where the disk is as good as full."""
    free = shutil.disk_usage(directory).free
    if free < _MARGIN_BYTES:
        raise BackendError(
            f"the disk of {directory} is full: {free // 1024**2} MiB are free, "
            f"and a VM needs {_MARGIN_BYTES // 1024**2} MiB to begin with",
            hint="free some space, or choose another place with VMNB_HOME",
        )


def remove_work_directory(files: WorkFiles) -> None:
    """Remove a work directory, whole or half made.

    Raises
    ------
    BackendError
        Something in it cannot be removed.
    """
    try:
        remove_at_once(files.directory)
        remove_tree(files.unfinished.directory)
    except OSError as error:
        raise BackendError(
            f"cannot remove {error.filename}: {error.strerror}",
            hint="make it removable, then destroy the VM again",
        ) from error


def remove_at_once(directory: Path) -> None:
    """Remove `directory`, first from sight: it is whole until it is gone."""
    going = directory.with_name(f".gone-{directory.name}")
    remove_tree(going)
    with suppress(FileNotFoundError):
        directory.rename(going)
    remove_tree(going)


def remove_tree(directory: Path) -> None:
    """Remove `directory` and all in it; nothing happens where it is gone."""
    with suppress(FileNotFoundError):
        shutil.rmtree(directory)
