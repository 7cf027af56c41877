"""The store: handles and state history, shared by every process of a user."""

import sqlite3
import uuid
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

from vmnb.core.database import Database, tells_damage
from vmnb.core.demand import demand
from vmnb.core.errors import StoreError, VmExistsError
from vmnb.core.handle import VmHandle
from vmnb.core.handle_file import write_handle
from vmnb.core.history import HistoryRow, utc_now
from vmnb.core.limits import Limits
from vmnb.core.lock import is_locked
from vmnb.core.paths import data_home
from vmnb.core.rows import (
    Record,
    handle_text,
    history_row,
    parse_rows,
    record,
    spec_text,
    time_text,
)
from vmnb.core.schema import insert_history
from vmnb.core.spec import VmSpec
from vmnb.core.state import VmState

__all__ = ["Beginning", "Store"]

_CHANGE = (
    "(SELECT coalesce(max(seq), 0) FROM history"
    " WHERE machine = machines.id AND from_state IS NOT to_state)"
)

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Beginning(NamedTuple):
    """How a VM came to run: when, and whether by a boot."""

    time: datetime
    is_boot: bool


def _mended(
    method: Callable[Concatenate["Store", _P], _T],
) -> Callable[Concatenate["Store", _P], _T]:
    """Let `method` be called once more, with the store made anew, where that is damaged."""

    @wraps(method)
    def call(self: "Store", /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return method(self, *args, **kwargs)
        except StoreError as error:
            if not tells_damage(error):
                raise
        self._database.rebuild()
        return method(self, *args, **kwargs)

    return call


class Store:
    """The VMs and the history of one user.

    A file that is damaged or lost is made anew with the VMs that still are there; see
    :func:`~vmnb.core.rebuilding.rebuild`.

    Parameters
    ----------
    path
        The file; ``vmnb.sqlite3`` in the data home where it is None. Made on first use, 0600.

    Raises
    ------
    StoreError
        By every method: the file cannot be read or written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or data_home() / "vmnb.sqlite3"
        self._database = Database(self.path)

    @property
    def locks(self) -> Path:
        """The directory of the locks on its VMs."""
        return self.path.with_suffix(".locks")

    @property
    def uses(self) -> Path:
        """The directory that tells when its VMs were used."""
        return self.path.with_suffix(".uses")

    @_mended
    def claim(self, spec: VmSpec, backend: str, limits: Limits | None = None) -> str:
        """Take the name of `spec` for a VM about to be prepared, and return the claim.

        Raises
        ------
        VmExistsError
            The name is taken.
        LimitError
            All VMs together would take more than `limits` allow.
        """
        claim = uuid.uuid4().hex
        values = (claim, spec.name, backend, spec_text(spec), time_text(utc_now()))
        with self._database.transaction() as db:
            cursor = db.execute(
                "INSERT INTO machines (id, name, backend, spec, created, state)"
                " VALUES (?, ?, ?, ?, ?, 'preparing') ON CONFLICT DO NOTHING",
                values,
            )
            if limits and cursor.rowcount == 1:
                limits.require(demand(db), spec.name)
        if cursor.rowcount != 1:
            raise VmExistsError(
                f"there is a VM named {spec.name!r} already",
                hint=f"VM.attach({spec.name!r}) gives it; .destroy() makes the name free",
            )
        return claim

    @_mended
    def settle(
        self, claim: str, handle: VmHandle, row: HistoryRow, limits: Limits | None = None
    ) -> None:
        """Turn a claim into the VM that was prepared.

        Raises
        ------
        LimitError
            Now that its size is known, all VMs together take more than `limits` allow.
        """
        with self._database.transaction() as db:
            write_handle(handle)
            db.execute(
                "UPDATE machines SET id = ?, backend = ?, handle = ?, state = ? WHERE id = ?",
                (handle.id, handle.backend, handle_text(handle), row.to_state, claim),
            )
            insert_history(db, handle.id, row)
            if limits:
                limits.require(demand(db), handle.name)

    @_mended
    def release(self, claim: str) -> None:
        """Forget a claim whose VM was never made."""
        with self._database.transaction() as db:
            db.execute("DELETE FROM machines WHERE id = ? AND handle IS NULL", (claim,))

    @_mended
    def record(self, vm_id: str, row: HistoryRow, handle: VmHandle | None = None) -> bool:
        """Add `row`, and write `handle` down where it is given; a destroyed VM stays so.

        For who acts on the VM; and for what changes no state.

        Returns
        -------
        bool
            False where the row was there already, and nothing was changed.
        """
        with self._database.transaction() as db:
            return _add(db, vm_id, row, handle)

    @_mended
    def witness(self, vm_id: str, row: HistoryRow, since: int) -> bool:
        """Add `row` of a change that happened by itself; for who has not the right to act.

        Parameters
        ----------
        since
            The last change that was known when it was seen; see :class:`Record`.

        Returns
        -------
        bool
            False, and nothing was changed, where somebody acts on the VM or has, who has seen it
            then and records it.
        """
        with self._database.transaction(alone=True) as db:
            name, change = db.execute(
                f"SELECT name, {_CHANGE} FROM machines WHERE id = ?",  # noqa: S608
                (vm_id,),
            ).fetchone()
            if change != since or is_locked(self.locks, name):
                return False
            return _add(db, vm_id, row, None)

    def find(self, name: str) -> Record | None:
        """Return the VM of that name that is not destroyed."""
        return self._one("WHERE name = ? AND destroyed IS NULL", name)

    def get(self, vm_id: str) -> Record | None:
        """Return the VM of that id, destroyed or not."""
        return self._one("WHERE id = ?", vm_id)

    @_mended
    def await_witnesses(self) -> None:
        """Return when what others saw before now is recorded; for who has begun to act."""
        with self._database.transaction(alone=True):
            pass

    def machines(self) -> list[Record]:
        """Return every VM that is not destroyed, oldest first."""
        return self._records("WHERE destroyed IS NULL ORDER BY created, id")

    def remembered(self, name: str | None = None) -> list[Record]:
        """Return every VM that was ever prepared, oldest first: all of them, or those of a name."""
        order = "ORDER BY created, id"
        if name is None:
            return self._records(f"WHERE handle IS NOT NULL {order}")
        return self._records(f"WHERE handle IS NOT NULL AND name = ? {order}", name)

    @_mended
    def history(self, vm_id: str) -> list[HistoryRow]:
        """Return the history of one VM, oldest first; it stays after the VM is destroyed."""
        with self._database.transaction() as db:
            rows = db.execute(
                "SELECT time, from_state, to_state, action, duration_s, cause, detail, key"
                " FROM history WHERE machine = ? ORDER BY time, seq",
                (vm_id,),
            ).fetchall()
        return parse_rows(history_row, rows)

    @_mended
    def last_beginning(self, vm_id: str, until: datetime) -> Beginning | None:
        """Return how the VM last came to run until then, None where it never did."""
        with self._database.transaction() as db:
            row = db.execute(
                "SELECT time, action FROM history WHERE machine = ? AND time <= ?"
                " AND action IN ('start', 'reboot', 'restore', 'awaken', 'rewind')"
                " AND to_state = 'running'"
                " ORDER BY time DESC, seq DESC LIMIT 1",
                (vm_id, time_text(until)),
            ).fetchone()
        if row is None:
            return None
        return Beginning(datetime.fromisoformat(row[0]), row[1] in ("start", "reboot"))

    @_mended
    def boot_times_s(self, image: str, accelerator: str | None) -> list[float]:
        """Return how long the last twenty boots of `image` took, in seconds, newest first."""
        with self._database.transaction() as db:
            rows = db.execute(
                "SELECT duration_s FROM history JOIN machines ON machines.id = machine"
                " WHERE action = 'ready' AND duration_s IS NOT NULL"
                " AND json_extract(spec, '$.image') = ?"
                " AND json_extract(handle, '$.accelerator') IS ?"
                " ORDER BY time DESC LIMIT 20",
                (image, accelerator),
            ).fetchall()
        return [duration for (duration,) in rows]

    def _one(self, where: str, *values: str) -> Record | None:
        return next(iter(self._records(where, *values)), None)

    @_mended
    def _records(self, where: str, *values: str) -> list[Record]:
        columns = f"id, name, backend, spec, handle, state, created, destroyed, {_CHANGE}"
        with self._database.transaction() as db:
            rows = db.execute(f"SELECT {columns} FROM machines {where}", values).fetchall()  # noqa: S608
        return parse_rows(record, rows)


def _add(db: sqlite3.Connection, vm_id: str, row: HistoryRow, handle: VmHandle | None) -> bool:
    if handle is not None:
        write_handle(handle)
    added = insert_history(db, vm_id, row)
    if added:
        destroyed = time_text(utc_now()) if row.to_state is VmState.DESTROYED else None
        db.execute(
            "UPDATE machines SET handle = coalesce(?, handle), state = ?, destroyed = ?"
            " WHERE id = ? AND destroyed IS NULL",
            (handle_text(handle) if handle else None, row.to_state, destroyed, vm_id),
        )
    return added
