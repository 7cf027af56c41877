"""Between the rows of the store and the objects that they stand for."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from vmnb.core.errors import StoreError
from vmnb.core.handle import VmHandle
from vmnb.core.history import HistoryRow
from vmnb.core.spec import VmSpec
from vmnb.core.state import Cause, VmState

__all__ = [
    "Record",
    "handle_text",
    "history_row",
    "history_values",
    "parse_rows",
    "record",
    "spec_text",
    "time_of",
    "time_text",
]

_T = TypeVar("_T")
Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the store knows of one VM.

    Parameters
    ----------
    handle
        None while it is being prepared.
    state
        The last recorded state; the present one is asked of the hypervisor.
    change
        Names its last recorded change of state.
    """

    id: str
    name: str
    backend: str
    spec: VmSpec
    handle: VmHandle | None
    state: VmState
    created: datetime
    destroyed: datetime | None
    change: int


def time_text(time: datetime) -> str:
    """Return `time` in UTC to the microsecond, so that the texts sort as the times do."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def time_of(text: str | None) -> datetime | None:
    """Return the time that :func:`time_text` wrote, None where there is none."""
    return datetime.fromisoformat(text) if text else None


def spec_text(spec: VmSpec) -> str:
    """Return `spec` as JSON."""
    return json.dumps(spec.to_json())


def handle_text(handle: VmHandle) -> str:
    """Return `handle` as JSON."""
    return json.dumps(handle.to_json())


def history_values(row: HistoryRow) -> Values:
    """Return what :func:`history_row` reads back."""
    return (
        time_text(row.time),
        row.from_state,
        row.to_state,
        row.action,
        row.duration_s,
        row.cause,
        row.detail,
        row.key,
    )


def parse_rows(parse: Callable[[Values], _T], rows: list[Values]) -> list[_T]:
    """Return each of `rows` as `parse` reads it.

    Raises
    ------
    StoreError
        One makes no sense: a newer version wrote it, or it is damaged.
    """
    try:
        return [parse(row) for row in rows]
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise StoreError(
            f"the store has a row that makes no sense: {error!r}",
            hint="install the newest vmnb, or choose another place with VMNB_HOME",
        ) from error


def history_row(values: Values) -> HistoryRow:
    """Return a row of the history from its columns, from ``time`` to ``key``."""
    time, before, after, action, duration, cause, detail, key = values
    return HistoryRow(
        time=datetime.fromisoformat(time),
        from_state=VmState(before) if before else None,
        to_state=VmState(after),
        action=action,
        duration_s=duration,
        cause=Cause(cause),
        detail=detail,
        key=key,
    )


def record(values: Values) -> Record:
    """Return a VM's record from its columns, from ``id`` to ``destroyed``, and its last change."""
    vm_id, name, backend, spec, handle, state, created, destroyed, change = values
    return Record(
        id=vm_id,
        name=name,
        backend=backend,
        spec=VmSpec.from_json(json.loads(spec)),
        handle=VmHandle.from_json(json.loads(handle)) if handle else None,
        state=VmState(state),
        created=datetime.fromisoformat(created),
        destroyed=time_of(destroyed),
        change=change,
    )
