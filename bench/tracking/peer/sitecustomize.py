"""Gives the peer the same durability as ours: MLflow itself has no setting for it.

Python loads this file because the bench puts its folder on PYTHONPATH. WAL with NORMAL is faster than what MLflow takes
by itself (a rollback journal with FULL), so the comparison is in its favour.
"""

import os

level = os.environ.get("BENCH_SYNCHRONOUS")
if level:
    import sqlite3

    connect = sqlite3.dbapi2.connect

    def connect_alike(*args, **kwargs):
        connection = connect(*args, **kwargs)
        connection.execute("pragma journal_mode = wal")
        connection.execute(f"pragma synchronous = {level}")
        return connection

    sqlite3.connect = sqlite3.dbapi2.connect = connect_alike
