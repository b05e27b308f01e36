"""Feast's point-in-time join of the bench's rows: join.py FOLDER STORE (duckdb or file), result in FOLDER/STORE.parquet."""

import json
import os
import resource
import sys
import time
from datetime import timedelta

os.environ["FEAST_USAGE"] = "False"
import pandas as pd  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig  # noqa: E402
from feast.types import Float64, Int64  # noqa: E402

folder, store = sys.argv[1], sys.argv[2]
repo = os.path.join(folder, f"repo-{store}")
os.makedirs(repo, exist_ok=True)
config = RepoConfig(
    project="bench",
    provider="local",
    registry=os.path.join(repo, "registry.db"),
    online_store={"type": "sqlite", "path": os.path.join(repo, "online.db")},
    offline_store={"type": store},
    entity_key_serialization_version=3,
)
fs = FeatureStore(config=config)
customer = Entity(name="customer", join_keys=["customer"])
view = FeatureView(
    name="payments",
    entities=[customer],
    ttl=timedelta(days=7),
    schema=[
        Field(name="amount", dtype=Float64),
        Field(name="score", dtype=Float64),
        Field(name="visits", dtype=Int64),
        Field(name="risk", dtype=Float64),
    ],
    source=FileSource(
        path=os.path.join(folder, "payments.parquet"),
        timestamp_field="event_time",
        created_timestamp_column="created_time",
    ),
    online=False,
)
fs.apply([customer, view])
entities = pd.read_parquet(os.path.join(folder, "requests.parquet")).rename(
    columns={"event_time": "event_timestamp"}
)
entities["event_timestamp"] = pd.to_datetime(entities["event_timestamp"], utc=True)
features = [f"payments:{name}" for name in ("amount", "score", "visits", "risk")]
started = time.perf_counter()
options = {"filter_by_created_timestamp": True} if "created" in sys.argv else {}
table = fs.get_historical_features(entity_df=entities, features=features, **options).to_arrow()
pq.write_table(table, os.path.join(folder, f"{store}.parquet"))
seconds = time.perf_counter() - started
usage = resource.getrusage(resource.RUSAGE_SELF)
print(
    json.dumps(
        {
            "seconds": seconds,
            "cpuSeconds": usage.ru_utime + usage.ru_stime,
            "peakBytes": usage.ru_maxrss * 1024,
            "rows": table.num_rows,
        }
    )
)
