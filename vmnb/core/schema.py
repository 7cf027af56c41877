"""The tables of the store, and how rows come into them."""

import sqlite3

from vmnb.core.history import HistoryRow
from vmnb.core.rows import history_values

__all__ = ["VERSION", "create_tables", "insert_history"]

VERSION = 1
"""Of the tables, in SQLite's ``user_version``; a file in which there is nothing has 0."""

_TABLES = """
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


def create_tables(db: sqlite3.Connection) -> None:
    """Make the tables that are missing, all or none."""
    db.executescript(f"BEGIN IMMEDIATE;{_TABLES}PRAGMA user_version = {VERSION};COMMIT")


def insert_history(db: sqlite3.Connection, vm_id: str, row: HistoryRow) -> bool:
    """Add `row`; return False where one with its key is there already."""
    cursor = db.execute(
        "INSERT INTO history"
        " (machine, time, from_state, to_state, action, duration_s, cause, detail, key)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (vm_id, *history_values(row)),
    )
    return cursor.rowcount == 1
