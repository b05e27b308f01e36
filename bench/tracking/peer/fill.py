"""Puts runs into the peer's database without its server: a hundred thousand by its API would take an hour.

    python fill.py sqlite:///… 100000

Run i has the parameter p = i % 10 and the metrics a = (i * 7919 % COUNT) / COUNT and b = i; run ids are i in 32 digits.
"""

import sys

import sqlalchemy as sa

uri, count = sys.argv[1], int(sys.argv[2])
engine = sa.create_engine(uri)
tables = sa.MetaData()
tables.reflect(engine, only=["runs", "params", "metrics", "latest_metrics", "tags"])
runs, params, metrics, latest, tags = (
    tables.tables[name] for name in ["runs", "params", "metrics", "latest_metrics", "tags"]
)
start = 1_700_000_000_000


def rows_of(i):
    run = f"{i:032x}"
    info = dict(
        run_uuid=run, name=f"run-{i}", source_type="LOCAL", source_name="", entry_point_name="", user_id="bench",
        status="FINISHED", start_time=start + i, end_time=start + i + 1, lifecycle_stage="active", experiment_id=0,
        artifact_uri=f"mlflow-artifacts:/0/{run}/artifacts", source_version="",
    )
    values = {"a": (i * 7919 % count) / count, "b": float(i)}
    points = [
        dict(run_uuid=run, key=key, value=value, timestamp=start + i, step=0, is_nan=False)
        for key, value in values.items()
    ]
    return info, dict(run_uuid=run, key="p", value=str(i % 10)), points, dict(
        run_uuid=run, key="mlflow.runName", value=f"run-{i}"
    )


with engine.begin() as connection:
    for first in range(0, count, 10_000):
        made = [rows_of(i) for i in range(first, min(first + 10_000, count))]
        connection.execute(sa.insert(runs), [m[0] for m in made])
        connection.execute(sa.insert(params), [m[1] for m in made])
        connection.execute(sa.insert(metrics), [p for m in made for p in m[2]])
        connection.execute(sa.insert(latest), [p for m in made for p in m[2]])
        connection.execute(sa.insert(tags), [m[3] for m in made])
with engine.connect() as connection:
    if engine.dialect.name == "postgresql":
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("analyze"))
    else:
        connection.execute(sa.text("analyze"))
