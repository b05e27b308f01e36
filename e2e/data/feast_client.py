"""Feast's own client with a remote online store: reads, writes, reads again; prints what it got as JSON.

usage: feast_client.py FOLDER URL
"""

import json
import sys
from datetime import timedelta
from pathlib import Path

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.types import Float64, Int64, String
from feast.value_type import ValueType

folder, url = Path(sys.argv[1]), sys.argv[2]
(folder / "feature_store.yaml").write_text(
    f"project: shop\nregistry: {folder}/registry.db\nprovider: local\noffline_store:\n  type: file\n"
    f"online_store:\n  type: remote\n  path: {url}\nentity_key_serialization_version: 3\n"
)
pd.DataFrame({"driver_id": [1], "event_time": [pd.Timestamp.now(tz="UTC")]}).to_parquet(folder / "empty.parquet")
driver = Entity(name="driver_id", join_keys=["driver_id"], value_type=ValueType.INT64)
view = FeatureView(
    name="driver_stats",
    entities=[driver],
    ttl=timedelta(days=30),
    schema=[Field(name="driver_id", dtype=Int64), Field(name="rate", dtype=Float64), Field(name="town", dtype=String)],
    source=FileSource(path=str(folder / "empty.parquet"), timestamp_field="event_time", name="drivers"),
)
store = FeatureStore(str(folder))
store.apply([driver, view])


def ask(*ids: int) -> dict:
    wanted = ["driver_stats:rate", "driver_stats:town"]
    return store.get_online_features(features=wanted, entity_rows=[{"driver_id": one} for one in ids]).to_dict()


before = ask(1001, 9999)
frame = pd.DataFrame(
    {"driver_id": [9999], "event_time": [pd.Timestamp.now(tz="UTC")], "rate": [2.0], "town": ["Ulm"]}
)
store.write_to_online_store("driver_stats", frame)
print(json.dumps({"before": before, "after": ask(1001, 9999)}))
