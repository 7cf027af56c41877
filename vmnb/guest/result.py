"""What a command in the guest left: its exit code, its output, how long it took."""

import re
from dataclasses import dataclass
from typing import Self

from vmnb.core.errors import DeadlineError, GuestError

__all__ = ["CommandError", "CommandTimeoutError", "RunResult", "describe", "inert"]

_LAST_LINES = 10
_COLOURS = re.compile(r"(\x1b\[[0-9;]*m)")
_CONTROLS = re.compile(r"[^\t\n\x20-\x7e\xa0-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """The end of one command in the guest; printed, it looks as on a terminal.

    Of the output's control characters only colours have an effect there, for a guest may write
    what makes a terminal do things; :attr:`stdout` and :attr:`stderr` have it as it came.

    Parameters
    ----------
    command
        What was run: text for the guest's ``/bin/sh``, or the arguments.
    exit_code
        None where a signal ended the command.
    signal
        The number of that signal, or None.
    stdout_bytes, stderr_bytes
        Everything it wrote.
    duration_s
        Seconds from its start to its end, as seen from the host.
    via
        The way that it took: ``"agent"``, ``"ssh"`` or ``"serial"``.
    shown
        Whether the output was shown as it came; it is not shown again then, unless printed.
    """

    command: str | tuple[str, ...]
    exit_code: int | None
    signal: int | None = None
    stdout_bytes: bytes = b""
    stderr_bytes: bytes = b""
    duration_s: float = 0.0
    via: str = ""
    shown: bool = False

    @property
    def ok(self) -> bool:
        """Whether it ended with exit code 0."""
        return self.exit_code == 0

    @property
    def stdout(self) -> str:
        """Standard output as UTF-8 text; what is none becomes U+FFFD."""
        return self.stdout_bytes.decode(errors="replace")

    @property
    def stderr(self) -> str:
        """Standard error as UTF-8 text; what is none becomes U+FFFD."""
        return self.stderr_bytes.decode(errors="replace")

    def check(self) -> Self:
        """Return this result.

        Raises
        ------
        CommandError
            The command did not end with exit code 0.
        """
        if not self.ok:
            raise CommandError(self)
        return self

    def __str__(self) -> str:
        out = self.stdout
        gap = "\n" if out and self.stderr_bytes and not out.endswith("\n") else ""
        return inert(f"{out}{gap}{self.stderr}".removesuffix("\n"))

    def __repr__(self) -> str:
        if self.shown:
            return f"[{self.outcome}]"
        return str(self) if self.ok else f"{self}\n[{self.outcome}]".lstrip("\n")

    @property
    def outcome(self) -> str:
        """How it ended, in words."""
        if self.exit_code is not None:
            return f"exit code {self.exit_code}"
        return f"killed by signal {self.signal}" if self.signal else "did not end"


class CommandError(GuestError):
    """A command that should have succeeded did not; :attr:`result` has all of it."""

    def __init__(self, result: RunResult) -> None:
        super().__init__(
            f"{describe(result.command)} in the guest: {result.outcome}{_last_lines(result)}",
            hint="the error's .result has the whole output",
        )
        self.result = result

    def __reduce__(self) -> tuple[type[Self], tuple[RunResult]]:
        return (type(self), (self.result,))


class CommandTimeoutError(DeadlineError):
    """A command did not end in time and was killed; :attr:`result` has its output so far."""

    def __init__(self, result: RunResult, timeout_s: float) -> None:
        ended = result.exit_code is not None or result.signal is not None
        fate = "was killed" if ended else "could not be killed: the guest does not answer"
        super().__init__(
            f"{describe(result.command)} did not end within {timeout_s:g} s and {fate}"
            f"{_last_lines(result)}",
            hint="allow more time, or let what shall go on in the background have no part in the "
            "output: 'server >/dev/null 2>&1 &'; the error's .result has the output so far",
        )
        self.result = result
        self._timeout_s = timeout_s

    def __reduce__(self) -> tuple[type[Self], tuple[RunResult, float]]:
        return (type(self), (self.result, self._timeout_s))


def describe(command: str | tuple[str, ...]) -> str:
    """Return the command in quotes, cut to a line's length."""
    text = command if isinstance(command, str) else " ".join(command)
    return repr(text if len(text) <= 80 else f"{text[:80]}…")


def inert(text: str) -> str:
    """Return what a guest wrote so that a terminal shows all of it and does nothing else."""
    parts = _COLOURS.split(text.replace("\r\n", "\n"))
    parts[::2] = [_CONTROLS.sub(_escaped, part) for part in parts[::2]]
    return "".join(parts) + ("\x1b[0m" if len(parts) > 1 else "")


def _escaped(control: re.Match[str]) -> str:
    return control[0].encode("unicode_escape").decode()


def _last_lines(result: RunResult) -> str:
    lines = (result.stderr_bytes[-4000:] or result.stdout_bytes[-4000:]).decode(errors="replace")
    tail = inert(lines).splitlines()[-_LAST_LINES:]
    return "".join(f"\n  {line}" for line in tail)
