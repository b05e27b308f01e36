"""A Feast repository over Parquet files: one view per file `v0.parquet`, `v1.parquet`, ...

usage: feast_repo.py FOLDER VIEWS FEATURES ONLINE

ONLINE is `sqlite`, or a connection string of Redis (`localhost:6379,db=9`). Applies the views, materializes them all, and
prints the seconds that took as JSON; `feast serve` can then be run in FOLDER.
"""

import json
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.types import Float64, Int64
from feast.value_type import ValueType


def main() -> None:
    folder, views, features, online = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    store_of = "type: sqlite\n  path: online.db" if online == "sqlite" else f"type: redis\n  connection_string: {online}"
    (folder / "feature_store.yaml").write_text(
        "project: bench\nregistry: registry.db\nprovider: local\noffline_store:\n  type: file\n"
        f"online_store:\n  {store_of}\nentity_key_serialization_version: 3\n"
    )
    entity = Entity(name="id", join_keys=["id"], value_type=ValueType.INT64)
    names = [f"f{k}" for k in range(features)]
    made = [
        FeatureView(
            name=f"v{n}",
            entities=[entity],
            ttl=timedelta(days=3650),
            schema=[Field(name="id", dtype=Int64)] + [Field(name=f"v{n}_{name}", dtype=Float64) for name in names],
            source=FileSource(path=str(folder / f"v{n}.parquet"), timestamp_field="event_time", name=f"s{n}"),
        )
        for n in range(views)
    ]
    store = FeatureStore(str(folder))
    store.apply([entity, *made])
    # A second apply and a first look at the registry are not what is measured.
    store.list_feature_views()
    started = time.perf_counter()
    store.materialize(datetime(2020, 1, 1, tzinfo=timezone.utc), datetime.now(timezone.utc), disable_event_timestamp=False)
    print(json.dumps({"seconds": time.perf_counter() - started}))


main()
