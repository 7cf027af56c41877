"""Making a store anew that was damaged or lost, from the handles in the VMs' work directories."""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from vmnb.core.directory_lock import alone_in
from vmnb.core.handle import VmHandle
from vmnb.core.handle_file import written_handles
from vmnb.core.history import HistoryRow, utc_now
from vmnb.core.rows import handle_text, spec_text, time_text
from vmnb.core.schema import VERSION, create_tables, insert_history
from vmnb.core.state import Cause, VmState

__all__ = ["is_forgetful", "rebuild"]

_BUSY_S = 15.0


def is_forgetful(path: Path) -> bool:
    """Return whether a store in which there is nothing should know of VMs."""
    return bool(written_handles(_work_dirs(path)))


def rebuild(path: Path) -> None:
    """Put a new store in the place of the one at `path`, unless another process just did.

    The old file is kept beside it, named ``.damaged-`` and the time. The history that is lost
    with it is told of in that of each VM.

    Raises
    ------
    OSError, sqlite3.Error
        It cannot be written; nothing was changed.
    """
    with alone_in(path.parent):
        if _is_whole(path):
            return
        kept = _set_aside(path)
        new = path.with_name(f"{path.name}.new")
        new.unlink(missing_ok=True)
        _fill(new, _work_dirs(path), kept)
        # Of the old store: SQLite would write it into the new one.
        journal = path.with_name(f"{path.name}-journal")
        with suppress(FileNotFoundError):
            journal.rename(kept.with_name(f"{kept.name}-journal") if kept else journal)
        new.replace(path)


def _work_dirs(path: Path) -> Path:
    return path.parent / "vms"


def _is_whole(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_S)) as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            sound = db.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise  # it is locked, or cannot be read: that says nothing of it
        return False
    return sound and version >= VERSION


def _set_aside(path: Path) -> Path | None:
    """Give the damaged file a second name; None where there is nothing in it."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    time = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
    kept = path.with_name(f"{path.name}.damaged-{time}")
    try:
        os.link(path, kept)
    except OSError:  # not every file system has links
        shutil.copyfile(path, kept)
        kept.chmod(0o600)
    return kept


def _fill(new: Path, work_dirs: Path, kept: Path | None) -> None:
    """Write a store with every VM whose handle is in its work directory."""
    was = f"the store was damaged, and is kept as {kept.name}" if kept else "the store was gone"
    row = HistoryRow(
        time=utc_now(),
        from_state=None,
        to_state=VmState.PREPARED,
        action="rebuilt",
        duration_s=None,
        cause=Cause.FAILURE,
        detail=f"{was}; the history until then is lost",
    )
    with closing(sqlite3.connect(new)) as db:
        new.chmod(0o600)
        create_tables(db)
        with db:
            for handle in written_handles(work_dirs):
                if _insert_machine(db, handle):
                    insert_history(db, handle.id, row)


def _insert_machine(db: sqlite3.Connection, handle: VmHandle) -> bool:
    """Add a VM; return False where its name is taken."""
    cursor = db.execute(
        "INSERT INTO machines (id, name, backend, spec, handle, state, created)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            handle.id,
            handle.name,
            handle.backend,
            spec_text(handle.spec),
            handle_text(handle),
            VmState.PREPARED,
            time_text(utc_now()),
        ),
    )
    return cursor.rowcount == 1
