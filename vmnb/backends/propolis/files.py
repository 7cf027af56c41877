"""A VM's work directory, and what is written down there of its runs."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from vmnb.core.errors import BackendError
from vmnb.core.handle import VmHandle
from vmnb.core.paths import data_home, private_dir
from vmnb.core.private_file import write_private
from vmnb.core.state import VmState
from vmnb.guest.ssh_place import key_path

__all__ = ["Run", "WorkFiles"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A VM's last run.

    Parameters
    ----------
    id
        Names this run for good.
    end
        How it ended, as far as that is known: ``stopped``, ``failed``, or None.
    """

    id: str
    end: VmState | None = None


@dataclass(frozen=True, slots=True)
class WorkFiles:
    """Paths in a VM's work directory, and what is in the smallest of them."""

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
    def seed_iso(self) -> Path:
        """What cloud-init reads."""
        return self.directory / "seed.iso"

    @property
    def ssh_key(self) -> Path:
        """The private key with which the guest can be entered."""
        return key_path(self.directory)

    @property
    def zone_config(self) -> Path:
        """The commands that configure its zone."""
        return self.directory / "zone.cfg"

    @property
    def made(self) -> Path:
        """What was made for it outside this directory."""
        return self.directory / "made.json"

    def last_run(self) -> Run | None:
        """Return its last run; None where it never ran."""
        try:
            run = json.loads(self._run.read_text())
        except FileNotFoundError:
            return None
        return Run(id=run["id"], end=run["end"] and VmState(run["end"]))

    def write_run(self, run: Run | None) -> None:
        """Write down its last run; None where it has never run after all."""
        if run is None:
            self._run.unlink(missing_ok=True)
        else:
            write_private(self._run, json.dumps(asdict(run)))

    def settle(self, run: Run, end: VmState) -> None:
        """Write down how `run` was seen to end, if it is the last, and nobody has before."""
        with suppress(FileNotFoundError):  # the VM is gone
            if self.last_run() == Run(id=run.id):
                self.write_run(replace(run, end=end))

    def make(self) -> None:
        """Make the directory, empty."""
        with _told(self.directory, "make"):
            private_dir(self.directory.parent)
            self.directory.mkdir(mode=0o700)

    def remove(self) -> None:
        """Remove it with all that is in it; nothing happens where it is gone."""
        with _told(self.directory, "remove"), suppress(FileNotFoundError):
            shutil.rmtree(self.directory)

    @property
    def _run(self) -> Path:
        return self.directory / "run.json"


@contextmanager
def _told(directory: Path, verb: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BackendError(
            f"cannot {verb} {error.filename or directory}: {error.strerror}",
            hint="mind its rights and the space there, or choose another place with VMNB_HOME",
        ) from error
