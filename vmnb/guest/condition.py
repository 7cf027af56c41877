"""What a guest can be waited for: a command that is run until what it says is what is wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from vmnb.core.checks import fits_utf_8
from vmnb.core.errors import GuestError, SpecError
from vmnb.guest.result import CommandError, RunResult

__all__ = ["CloudInitDone", "Condition", "FileExists", "Succeeds"]


class Condition(Protocol):
    """Something in a guest that may become so; it is asked for, since no guest tells of it."""

    @property
    def what(self) -> str:
        """What is waited for, as it reads after "wait for"."""
        ...

    @property
    def command(self) -> str | Sequence[str]:
        """What is run in the guest, once and again; it changes nothing there."""
        ...

    def is_met(self, result: RunResult) -> bool:
        """Return whether it is so by what the command left.

        Raises
        ------
        GuestError
            It will never be so.
        """
        ...

    def seen(self, result: RunResult) -> str:
        """Return what there was instead, in words."""
        ...


@dataclass(frozen=True, slots=True)
class Succeeds:
    """A command ends with exit code 0."""

    command: str | Sequence[str]
    what: str = "a command to succeed"

    def is_met(self, result: RunResult) -> bool:
        """Return whether the exit code is 0."""
        return result.ok

    def seen(self, result: RunResult) -> str:
        """Return the exit code and the last lines of the output."""
        return CommandError(result).message


@dataclass(frozen=True, slots=True)
class FileExists:
    """A file, or anything else of that name, is there; a link counts when its target is there.

    Raises
    ------
    SpecError
        The path is not one from the root on.
    """

    path: str | PurePosixPath

    def __post_init__(self) -> None:
        path = str(self.path)
        if not path.startswith("/") or "\0" in path or not fits_utf_8(path):
            raise SpecError(
                f"{self.path!r} is not a path in the guest", hint='begin at its root: "/run/ready"'
            )

    @property
    def what(self) -> str:
        """The path."""
        return f"{str(self.path)!r} to exist"

    @property
    def command(self) -> Sequence[str]:
        """The shell's own test, which needs no program in the guest."""
        return ("/bin/sh", "-c", '[ -e "$1" ]', "sh", str(self.path))

    def is_met(self, result: RunResult) -> bool:
        """Return whether it is there."""
        return result.ok

    def seen(self, result: RunResult) -> str:  # noqa: ARG002
        """Return that there was nothing."""
        return "nothing of that name was there"


@dataclass(frozen=True, slots=True)
class CloudInitDone:
    """cloud-init has done all that it was told, or there is none in the guest."""

    @property
    def what(self) -> str:
        """The end of cloud-init."""
        return "cloud-init to be done"

    @property
    def command(self) -> str:
        """It ends when cloud-init does."""
        return "command -v cloud-init >/dev/null || exit 0; exec cloud-init status --wait --long"

    def is_met(self, result: RunResult) -> bool:
        """Return True; exit code 2 tells of problems from which cloud-init has recovered."""
        if result.exit_code not in (0, 2):
            raise GuestError(
                CommandError(result).message,
                hint="/var/log/cloud-init-output.log in the guest tells more",
            )
        return True

    def seen(self, result: RunResult) -> str:
        """Return what cloud-init said of itself."""
        return CommandError(result).message
