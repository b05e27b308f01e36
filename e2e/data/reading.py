"""Reads one dataset version by plain HTTP in every way a notebook would.

usage: reading.py URL      (URL of the version: …/api/v1/datasets/NAME/versions/N)
"""

import io
import json
import sys
import urllib.request

import pandas as pd
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet

version = sys.argv[1]


def fetch(path):
    with urllib.request.urlopen(f"{version}/{path}") as reply:
        return io.BytesIO(reply.read())


def same(frame):
    pd.testing.assert_frame_equal(frame, expected)


expected = pd.read_parquet(f"{version}/data.parquet")
assert list(expected.columns) == ["n", "symbol", "close", "day", "at", "ok"], expected.columns
assert len(expected) == 1000 and expected["close"].isna().sum() == 1
assert expected["n"].dtype == "int64" and expected["symbol"].iloc[1] == "né, \"1\""

same(pd.read_parquet(f"{version}.parquet"))
same(pd.read_parquet(f"{version}/data?format=parquet"))
same(pd.read_feather(f"{version}.feather"))
same(pd.read_feather(f"{version}/data.feather"))
same(pyarrow.feather.read_feather(fetch("data.arrow")))
same(pyarrow.ipc.open_file(fetch("data.arrow")).read_all().to_pandas())
same(pyarrow.ipc.open_stream(fetch("data.arrows")).read_all().to_pandas())
same(pyarrow.parquet.read_table(fetch("data.parquet")).to_pandas())

csv = pd.read_csv(f"{version}/data.csv", parse_dates=["at"])
assert csv["n"].equals(expected["n"]) and csv["symbol"].equals(expected["symbol"])
assert csv["close"].equals(expected["close"])
lines = pd.read_json(f"{version}/data.jsonl", lines=True)
assert lines["close"].equals(expected["close"])

few = pd.read_parquet(f"{version}/data.parquet?columns=symbol,n&where=n%20%3E%20900&limit=5&offset=2")
assert list(few.columns) == ["symbol", "n"] and list(few["n"]) == [903, 904, 905, 906, 907], few

print(json.dumps({"pandas": pd.__version__, "pyarrow": pyarrow.__version__}))
