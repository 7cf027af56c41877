"""The embedded SQLite file: handles and state history, shared by every process of a user.

It keeps SQLite's rollback journal: a write-ahead log needs shared memory, which network file
systems do not give (https://sqlite.org/wal.html). Each call opens its own connection, so that a
:class:`Store` may be used from any thread and after a fork.
"""

import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from vmnb.core.errors import StoreError, VmExistsError
from vmnb.core.handle import IMAGE_DISK_MIB, VmHandle
from vmnb.core.history import HistoryRow, utc_now
from vmnb.core.limits import Demand, Limits
from vmnb.core.paths import data_home, private_dir
from vmnb.core.rows import (
    Record,
    handle_text,
    history_row,
    history_values,
    parse_rows,
    record,
    spec_text,
    time_text,
)
from vmnb.core.spec import VmSpec
from vmnb.core.state import VmState

__all__ = ["Beginning", "Store"]

_BUSY_S = 15.0
_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS machines (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, backend TEXT NOT NULL, spec TEXT NOT NULL,
    handle TEXT, state TEXT NOT NULL, created TEXT NOT NULL, destroyed TEXT
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS live_name ON machines (name) WHERE destroyed IS NULL;
CREATE TABLE IF NOT EXISTS history (
    seq INTEGER PRIMARY KEY, machine TEXT NOT NULL REFERENCES machines (id) ON UPDATE CASCADE,
    time TEXT NOT NULL, from_state TEXT, to_state TEXT NOT NULL, action TEXT NOT NULL,
    duration_s REAL, cause TEXT NOT NULL, detail TEXT NOT NULL, key TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS history_time ON history (machine, time);
CREATE UNIQUE INDEX IF NOT EXISTS history_key ON history (machine, key) WHERE key IS NOT NULL;
"""


class Beginning(NamedTuple):
    """How a VM came to run: when, and whether by a boot."""

    time: datetime
    is_boot: bool


class Store:
    """The VMs and the history of one user.

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

    @property
    def locks(self) -> Path:
        """The directory of the locks on its VMs."""
        return self.path.with_suffix(".locks")

    @property
    def uses(self) -> Path:
        """The directory that tells when its VMs were used."""
        return self.path.with_suffix(".uses")

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
        with self._transaction() as db:
            cursor = db.execute(
                "INSERT INTO machines (id, name, backend, spec, created, state)"
                " VALUES (?, ?, ?, ?, ?, 'preparing') ON CONFLICT DO NOTHING",
                values,
            )
            if limits and cursor.rowcount == 1:
                limits.require(_demand(db), spec.name)
        if cursor.rowcount != 1:
            raise VmExistsError(
                f"there is a VM named {spec.name!r} already",
                hint=f"VM.attach({spec.name!r}) gives it; .destroy() makes the name free",
            )
        return claim

    def settle(
        self, claim: str, handle: VmHandle, row: HistoryRow, limits: Limits | None = None
    ) -> None:
        """Turn a claim into the VM that was prepared.

        Raises
        ------
        LimitError
            Now that its size is known, all VMs together take more than `limits` allow.
        """
        with self._transaction() as db:
            db.execute(
                "UPDATE machines SET id = ?, backend = ?, handle = ?, state = ? WHERE id = ?",
                (handle.id, handle.backend, handle_text(handle), row.to_state, claim),
            )
            _insert(db, handle.id, row)
            if limits:
                limits.require(_demand(db), handle.name)

    def release(self, claim: str) -> None:
        """Forget a claim whose VM was never made."""
        with self._transaction() as db:
            db.execute("DELETE FROM machines WHERE id = ? AND handle IS NULL", (claim,))

    def record(self, vm_id: str, row: HistoryRow, handle: VmHandle | None = None) -> bool:
        """Add `row`, and write `handle` down where it is given; a destroyed VM stays so.

        Returns
        -------
        bool
            False where the row was there already, and nothing was changed.
        """
        destroyed = time_text(utc_now()) if row.to_state is VmState.DESTROYED else None
        with self._transaction() as db:
            added = _insert(db, vm_id, row)
            if added:
                db.execute(
                    "UPDATE machines SET handle = coalesce(?, handle), state = ?, destroyed = ?"
                    " WHERE id = ? AND destroyed IS NULL",
                    (handle_text(handle) if handle else None, row.to_state, destroyed, vm_id),
                )
        return added

    def find(self, name: str) -> Record | None:
        """Return the VM of that name that is not destroyed."""
        return self._one("WHERE name = ? AND destroyed IS NULL", name)

    def get(self, vm_id: str) -> Record | None:
        """Return the VM of that id, destroyed or not."""
        return self._one("WHERE id = ?", vm_id)

    def machines(self) -> list[Record]:
        """Return every VM that is not destroyed, oldest first."""
        return self._records("WHERE destroyed IS NULL ORDER BY created, id")

    def remembered(self, name: str | None = None) -> list[Record]:
        """Return every VM that was ever prepared, oldest first: all of them, or those of a name."""
        order = "ORDER BY created, id"
        if name is None:
            return self._records(f"WHERE handle IS NOT NULL {order}")
        return self._records(f"WHERE handle IS NOT NULL AND name = ? {order}", name)

    def history(self, vm_id: str) -> list[HistoryRow]:
        """Return the history of one VM, oldest first; it stays after the VM is destroyed."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT time, from_state, to_state, action, duration_s, cause, detail, key"
                " FROM history WHERE machine = ? ORDER BY time, seq",
                (vm_id,),
            ).fetchall()
        return parse_rows(history_row, rows)

    def last_beginning(self, vm_id: str, until: datetime) -> Beginning | None:
        """Return how the VM last came to run until then, None where it never did."""
        with self._transaction() as db:
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

    def boot_times_s(self, image: str, accelerator: str | None) -> list[float]:
        """Return how long the last twenty boots of `image` took, in seconds, newest first."""
        with self._transaction() as db:
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

    def _records(self, where: str, *values: str) -> list[Record]:
        columns = "id, name, backend, spec, handle, state, created, destroyed"
        with self._transaction() as db:
            rows = db.execute(f"SELECT {columns} FROM machines {where}", values).fetchall()  # noqa: S608
        return parse_rows(record, rows)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with _no_fork, closing(self._connect()) as db, db:
                yield db
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"cannot use the store {self.path}: {error}", hint=_hint(error)
            ) from error

    def _connect(self) -> sqlite3.Connection:
        # Only SQLite may open the file: closing any other descriptor of it would drop this
        # process's POSIX locks on it (https://sqlite.org/howtocorrupt.html#posix_close_bug).
        if not self.path.exists():
            private_dir(self.path.parent)
        db = sqlite3.connect(self.path, timeout=_BUSY_S)
        try:
            db.execute("PRAGMA foreign_keys = ON")
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version > _VERSION:
                raise sqlite3.NotSupportedError("it was written by a newer version of vmnb")
            if version < _VERSION:
                self.path.chmod(0o600)
                db.executescript(
                    f"BEGIN IMMEDIATE;{_SCHEMA}PRAGMA user_version = {_VERSION};COMMIT"
                )
        except BaseException:
            db.close()
            raise
        return db


def _demand(db: sqlite3.Connection) -> Demand:
    """Return what all VMs take; a disk as large as its image counts when the image is known."""
    of_image = f"CAST(json_extract(handle, '$.extra.{IMAGE_DISK_MIB}') AS INTEGER)"
    vms, memory_mib, disk_mib = db.execute(
        "SELECT count(*), sum(json_extract(spec, '$.memory_mib')),"  # noqa: S608
        f" sum(coalesce(json_extract(spec, '$.disk_mib'), {of_image}, 0))"
        " FROM machines WHERE destroyed IS NULL"
    ).fetchone()
    return Demand(vms=vms, memory_mib=memory_mib, disk_mib=disk_mib)


def _hint(error: Exception) -> str:
    if isinstance(error, sqlite3.NotSupportedError):
        return "install the newest vmnb, or choose another place with VMNB_HOME"
    if getattr(error, "sqlite_errorname", "") in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
        return "move the file away, and a new one is made; its VMs are then no longer known"
    if getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY":
        return "another process is writing; try again"
    return (
        "check that its directory is writable and its disk is not full, "
        "or choose another place with VMNB_HOME"
    )


def _insert(db: sqlite3.Connection, vm_id: str, row: HistoryRow) -> bool:
    cursor = db.execute(
        "INSERT INTO history"
        " (machine, time, from_state, to_state, action, duration_s, cause, detail, key)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (vm_id, *history_values(row)),
    )
    return cursor.rowcount == 1


# SQLite has locks of the whole process; a child forked while a thread holds one would wait for
# ever at its first use (https://sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_).
_no_fork = threading.Lock()
os.register_at_fork(
    before=_no_fork.acquire, after_in_parent=_no_fork.release, after_in_child=_no_fork.release
)
