"""Setting a guest up, step by step: scripts that run in it, and files that are copied in."""

import asyncio
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from vmnb.core.errors import GuestError, SpecError, VmnbError
from vmnb.core.progress import report
from vmnb.guest.command import Command
from vmnb.guest.copy_in import copy_in
from vmnb.guest.copying import guest_path
from vmnb.guest.live_text import LiveText
from vmnb.guest.pack import pack
from vmnb.guest.run import run
from vmnb.guest.script import script_command, script_text
from vmnb.guest.way import Way

__all__ = ["STEP_TIMEOUT_S", "ProvisionError", "ProvisionResult", "ProvisionStep", "provision"]

STEP_TIMEOUT_S = 600.0
"""Seconds that a step may take unless it says otherwise."""

_FORMS = (
    'give text for sh, a Path of a script, or a file as (source, target) or {"file": source, '
    '"to": target}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionStep:
    """One step, and how it went.

    Parameters
    ----------
    kind
        ``"shell"``, ``"script"`` or ``"file"``.
    what
        The text's first line, the script's path, or the file's two paths.
    outcome
        ``"done"``, ``"failed"``, or ``"not run"`` because one before it failed.
    exit_code
        None for a file, and where it has none.
    """

    number: int
    kind: str
    what: str
    outcome: str = "not run"
    exit_code: int | None = None
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionResult:
    """How a guest was set up; ``pandas.DataFrame(result.steps)`` is a table of it.

    Parameters
    ----------
    log
        The file with all that the steps wrote, this time and before.
    """

    steps: tuple[ProvisionStep, ...]
    log: Path

    @property
    def ok(self) -> bool:
        """Whether all steps are done."""
        return all(step.outcome == "done" for step in self.steps)

    def __repr__(self) -> str:
        return "\n".join(
            f"{step.number}. {step.outcome:7}  {step.kind:6}  {step.what}" for step in self.steps
        )


class ProvisionError(GuestError):
    """A step failed, and those after it were not run; :attr:`result` lists all."""

    def __init__(self, result: ProvisionResult, reason: str) -> None:
        failed = next(step for step in result.steps if step.outcome == "failed")
        super().__init__(
            f"step {failed.number} of {len(result.steps)} ({failed.what}) failed: {reason}",
            hint=f"what all steps wrote is in {result.log}; the error's .result lists them",
        )
        self.result = result
        self._reason = reason

    def __reduce__(self) -> tuple[type[Self], tuple[ProvisionResult, str]]:
        return (type(self), (self.result, self._reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    step: ProvisionStep
    command: Command | None = None
    copy: tuple[Path, str] | None = None


def plan(items: Iterable[Any]) -> list[_Planned]:
    """Return what `items` ask for, each checked.

    Raises
    ------
    SpecError
        One is of no form that is known, or its file cannot be read.
    """
    if isinstance(items, str | os.PathLike | Mapping) or not isinstance(items, Iterable):
        raise SpecError(f"the steps are of type {type(items).__name__}", hint="give a list of them")
    return [_planned(number, item) for number, item in enumerate(items, 1)]


async def provision(
    way: Way, copying: Way, planned: Sequence[_Planned], log: Path, *, timeout_s: float
) -> ProvisionResult:
    """Carry out the steps in order; stop at the first that fails.

    Parameters
    ----------
    way, copying
        For commands, and for files.
    log
        Gets all that the steps write, for this user alone.
    timeout_s
        Seconds for each step.

    Raises
    ------
    ProvisionError
        A step failed.
    """
    steps = [one.step for one in planned]
    for at, one in enumerate(planned):
        report(f"step {at + 1} of {len(steps)}: {one.step.what}", at / len(steps))
        began = time.monotonic()
        log_of_step = _Log(log, f"step {at + 1} of {len(steps)}: {one.step.kind} {one.step.what}")
        cause: VmnbError | None = None
        try:
            exit_code, reason = await _carried_out(one, way, copying, log_of_step, timeout_s)
        except VmnbError as error:
            exit_code, reason, cause = None, error.message, error
        duration_s = time.monotonic() - began
        steps[at] = replace(
            one.step,
            outcome="failed" if reason else "done",
            exit_code=exit_code,
            duration_s=duration_s,
        )
        await log_of_step.end(f"{reason or 'done'} after {duration_s:.1f} s")
        if reason:
            raise ProvisionError(ProvisionResult(steps=tuple(steps), log=log), reason) from cause
    return ProvisionResult(steps=tuple(steps), log=log)


async def _carried_out(
    one: _Planned, way: Way, copying: Way, log: "_Log", timeout_s: float
) -> tuple[int | None, str]:
    """Return the exit code, and what failed if something did."""
    if one.copy is not None:
        await copy_in(copying, *one.copy, timeout_s=timeout_s)
        return None, ""
    assert one.command is not None  # noqa: S101 - it is one or the other
    result = await run(way, one.command, timeout_s=timeout_s, write=log.write)
    return result.exit_code, "" if result.ok else result.outcome


class _Log:
    """What one step writes, made harmless for terminals, at the end of a file."""

    def __init__(self, path: Path, title: str) -> None:
        self._path = path
        self._head = f"=== {datetime.now().astimezone().isoformat(timespec='seconds')} {title}\n"
        self._texts = {1: LiveText(), 2: LiveText()}

    async def write(self, stream: int, data: bytes) -> None:
        """Add a piece of output."""
        await self._add(self._texts[stream].feed(data))

    async def end(self, how: str) -> None:
        """Add the rest, and how it ended."""
        rest = "".join(text.feed(b"", last=True) for text in self._texts.values())
        await self._add(f"{rest}--- {how}\n")

    async def _add(self, text: str) -> None:
        head, self._head = self._head, ""
        await asyncio.to_thread(self._append, head + text)

    def _append(self, text: str) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8", errors="replace") as file:
            file.write(text)


def _planned(number: int, item: Any) -> _Planned:
    if isinstance(item, Mapping):
        item = _pair(item)
    if isinstance(item, tuple) and len(item) == 2:
        source, target = Path(item[0]).expanduser(), guest_path(item[1])
        pack(source)
        step = ProvisionStep(number=number, kind="file", what=f"{source} -> {target}")
        return _Planned(step=step, copy=(source, target))
    if not isinstance(item, str | os.PathLike):
        raise SpecError(f"step {number} is {item!r:.200}", hint=_FORMS)
    text = script_text(item)
    kind = "shell" if isinstance(item, str) else "script"
    what = _first_line(item) if isinstance(item, str) else os.fspath(item)
    step = ProvisionStep(number=number, kind=kind, what=what)
    return _Planned(step=step, command=script_command(text))


def _pair(item: Mapping[str, Any]) -> tuple[Any, ...]:
    if item.keys() != {"file", "to"}:
        raise SpecError(f"a step has {', '.join(map(str, item)) or 'nothing'}", hint=_FORMS)
    return (item["file"], item["to"])


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = next((line for line in lines if not line.startswith("#")), lines[0])
    return first if len(first) <= 80 else f"{first[:80]}…"
