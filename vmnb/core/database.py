"""The embedded SQLite file of the store: opened for each call, its errors in words.

It keeps SQLite's rollback journal: a write-ahead log needs shared memory, which network file
systems do not give (https://sqlite.org/wal.html). Each call opens its own connection, so that a
:class:`Database` may be used from any thread and after a fork.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from vmnb.core.errors import StoreError
from vmnb.core.paths import private_dir
from vmnb.core.rebuilding import is_forgetful, rebuild
from vmnb.core.schema import VERSION, create_tables

__all__ = ["Database", "tells_damage"]

_BUSY_S = 15.0


class _LostError(sqlite3.DatabaseError):
    """The file is gone, or nothing is in it, although there are VMs."""


def tells_damage(error: StoreError) -> bool:
    """Return whether the file must be rebuilt first, and then the call can be made again."""
    return _is_damage(error.__cause__)


class Database:
    """The file at `path`, made on first use, 0600."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def transaction(self, *, alone: bool = False) -> Iterator[sqlite3.Connection]:
        """Give a connection; what the body writes with it is there whole or not at all.

        Parameters
        ----------
        alone
            Whether nobody else may be about to write, from its beginning on.

        Raises
        ------
        StoreError
            The file cannot be read or written; see :func:`tells_damage`.
        """
        try:
            with _no_fork, closing(self._connect()) as db, db:
                if alone:
                    db.execute("BEGIN IMMEDIATE")
                yield db
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"cannot use the store {self._path}: {error}", hint=_hint(error)
            ) from error

    def rebuild(self) -> None:
        """Make it anew, if it is damaged or lost; see :func:`~vmnb.core.rebuilding.rebuild`.

        Raises
        ------
        StoreError
            It cannot be written.
        """
        try:
            with _no_fork:
                rebuild(self._path)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"the store {self._path} is damaged, and cannot be made anew: {error}",
                hint=_hint(error),
            ) from error

    def _connect(self) -> sqlite3.Connection:
        # Only SQLite may open the file: closing any other descriptor of it would drop this
        # process's POSIX locks on it (https://sqlite.org/howtocorrupt.html#posix_close_bug).
        if not self._path.exists():
            private_dir(self._path.parent)
        db = sqlite3.connect(self._path, timeout=_BUSY_S)
        try:
            db.execute("PRAGMA foreign_keys = ON")
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version > VERSION:
                raise sqlite3.NotSupportedError("it was written by a newer version of vmnb")
            if version < VERSION:
                if is_forgetful(self._path):
                    raise _LostError("it is empty, and there are VMs")
                self._path.chmod(0o600)
                create_tables(db)
        except BaseException:
            db.close()
            raise
        return db


def _is_damage(error: BaseException | None) -> bool:
    if isinstance(error, _LostError):
        return True
    return getattr(error, "sqlite_errorname", "") in ("SQLITE_CORRUPT", "SQLITE_NOTADB")


def _hint(error: Exception) -> str:
    if isinstance(error, sqlite3.NotSupportedError):
        return "install the newest vmnb, or choose another place with VMNB_HOME"
    if _is_damage(error):
        return "move the file away: it is made anew with the VMs that are still there"
    if getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY":
        return "another process is writing; try again"
    return (
        "check that its directory is writable and its disk is not full, "
        "or choose another place with VMNB_HOME"
    )


# SQLite has locks of the whole process; a child forked while a thread holds one would wait for
# ever at its first use (https://sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_).
_no_fork = threading.Lock()
os.register_at_fork(
    before=_no_fork.acquire, after_in_parent=_no_fork.release, after_in_child=_no_fork.release
)
