"""What the journal of a run means: the events of the VM, and how the run ended."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from vmnb.backends.qemu.argv import AGENT_PORT_ID
from vmnb.backends.qemu.running.journal import Line, Note
from vmnb.backends.qemu.running.process import ending
from vmnb.core.hypervisor import VmEvent
from vmnb.core.process import ProcessId, boot_id, time_of_boot
from vmnb.core.state import Cause, VmState

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RunStory"]


@dataclass(frozen=True, slots=True)
class _Meaning:
    action: str
    state: VmState
    cause: Cause
    detail: str = ""


_SHUTDOWN = {
    "guest-shutdown": _Meaning("power-off", VmState.STOPPED, Cause.GUEST),
    "guest-panic": _Meaning("panic", VmState.FAILED, Cause.GUEST, "the guest's kernel panicked"),
    "host-qmp-quit": _Meaning("power-off", VmState.STOPPED, Cause.USER),
    "host-ui": _Meaning("power-off", VmState.STOPPED, Cause.USER),
    "host-signal": _Meaning(
        "exit", VmState.STOPPED, Cause.HOST, "QEMU was told to end by a signal from this machine"
    ),
    "host-error": _Meaning(
        "exit", VmState.FAILED, Cause.FAILURE, "QEMU ended because of an error on this machine"
    ),
}
"""By the reason of QMP's ``SHUTDOWN`` (``ShutdownCause`` in QEMU's ``run-state.json``)."""

_UNDONE = "its start was undone: the process that did it died before it was finished"

_ENDS = frozenset({"power-off", "panic", "exit"})


class RunStory:
    """Takes a run's journal line by line and knows what it says so far."""

    def __init__(self) -> None:
        self.ending: VmEvent | None = None
        self._seen = datetime.min.replace(tzinfo=UTC)
        self._asked_to_power_off = False
        self._ran = False
        self._paused = False
        self._ready = False
        self._exit: Line | None = None
        self._meanings: dict[str, Callable[[dict[str, Any]], _Meaning | None]] = {
            "SHUTDOWN": self._shutdown,
            "GUEST_PANICKED": lambda _: _SHUTDOWN["guest-panic"],
            "RESET": self._reset,
            "STOP": self._stop,
            "RESUME": self._resume,
            "POWERDOWN": self._powerdown,
            "VSERPORT_CHANGE": self._port,
            "BLOCK_IO_ERROR": self._disk_error,
            "WATCHDOG": lambda data: _Meaning(
                "watchdog", VmState.RUNNING, Cause.GUEST, f"action: {data.get('action')}"
            ),
            Note.SETTLED: lambda _: _Meaning("power-off", VmState.STOPPED, Cause.USER),
            Note.UNDONE: lambda _: _Meaning("power-off", VmState.STOPPED, Cause.HOST, _UNDONE),
            Note.FORCED_OFF: lambda data: _Meaning(
                "power-off", VmState.STOPPED, Cause.USER, f"by force ({data.get('signal')})"
            ),
        }

    @property
    def state(self) -> VmState:
        """Where the VM is by what was told so far."""
        if self.ending is not None:
            return self.ending.state
        if self._paused:
            return VmState.SUSPENDED
        return VmState.RUNNING if self._ran else VmState.PREPARING

    def take(self, line: Line) -> VmEvent | None:
        """Return what `line` tells of the VM; None where it tells nothing worth keeping."""
        self._seen = _time(line)
        if line["event"] == Note.EXIT:
            self._exit = line
        if self.ending is not None and line["event"] != Note.SETTLED:
            return None
        interpret = self._meanings.get(line["event"])
        meaning = interpret(line.get("data", {})) if interpret else None
        if meaning is None:
            return None
        event = _event(meaning, _time(line))
        if meaning.action in _ENDS:
            self.ending = event
        return event

    def end(self, process: ProcessId | None, stderr: str) -> VmEvent:
        """Return how the run ended, now that it is over: as the journal says, else as a failure.

        Parameters
        ----------
        process
            Which process it was, as far as it is known.
        stderr
            The last that QEMU said.
        """
        if self.ending is not None:
            return self.ending
        name = f"exit:{process.pid}:{process.start}" if process else "exit"
        time = _time(self._exit) if self._exit else datetime.now(UTC)
        if process is not None and process.boot != boot_id():
            time = max(time_of_boot(), self._seen)  # it was over by then
            meaning = _Meaning("exit", VmState.STOPPED, Cause.HOST, "the machine was restarted")
        else:
            meaning = _Meaning("exit", VmState.FAILED, Cause.FAILURE, self._why(stderr))
        return replace(_event(meaning, time), key=name)

    def _why(self, stderr: str) -> str:
        code = self._exit["data"]["code"] if self._exit else None
        if code is None:
            how = "QEMU ended without a word (its exit code is known to its parent alone)"
        else:
            how = f"QEMU ended with {ending(code)}"
        return f"{how}; its last words:\n{stderr}" if stderr else how

    def _shutdown(self, data: dict[str, Any]) -> _Meaning:
        reason = str(data.get("reason"))
        unknown = _Meaning("exit", VmState.FAILED, Cause.FAILURE, f"QEMU ended: {reason}")
        meaning = _SHUTDOWN.get(reason, unknown)
        if reason == "guest-shutdown" and self._asked_to_power_off:
            return replace(meaning, cause=Cause.USER)
        return meaning

    def _powerdown(self, _: dict[str, Any]) -> None:
        self._asked_to_power_off = True

    def _stop(self, _: dict[str, Any]) -> _Meaning | None:
        was_paused, self._paused = self._paused, True
        return None if was_paused else _Meaning("pause", VmState.SUSPENDED, Cause.USER)

    def _resume(self, _: dict[str, Any]) -> _Meaning | None:
        self._ran = True
        was_paused, self._paused = self._paused, False  # QEMU also says so when it first runs
        return _Meaning("resume", VmState.RUNNING, Cause.USER) if was_paused else None

    def _reset(self, data: dict[str, Any]) -> _Meaning:
        self._ready = False
        cause = Cause.GUEST if data.get("guest") else Cause.USER
        return _Meaning("reboot", VmState.RUNNING, cause)

    def _port(self, data: dict[str, Any]) -> _Meaning | None:
        if self._ready or data.get("id") != AGENT_PORT_ID or not data.get("open"):
            return None  # an agent may be started anew; the guest has booted once
        self._ready = True
        return _Meaning("ready", VmState.RUNNING, Cause.GUEST)

    def _disk_error(self, data: dict[str, Any]) -> _Meaning:
        self._paused = data.get("action") == "stop"  # QEMU says STOP as well, right after this
        state = VmState.SUSPENDED if self._paused else VmState.RUNNING
        said = f"{data.get('operation')} failed: {data.get('reason')}"
        if data.get("nospace"):
            said = "this machine's disk is full: free some space, then resume"
        return _Meaning("disk-error", state, Cause.FAILURE, said)


def _event(meaning: _Meaning, time: datetime) -> VmEvent:
    microseconds = round(time.timestamp() * 1_000_000)
    return VmEvent(
        key=f"{meaning.action}:{microseconds}",
        time=time,
        action=meaning.action,
        state=meaning.state,
        cause=meaning.cause,
        detail=meaning.detail,
    )


def _time(line: Line) -> datetime:
    stamp = line["timestamp"]
    return datetime.fromtimestamp(stamp["seconds"], UTC).replace(microsecond=stamp["microseconds"])
