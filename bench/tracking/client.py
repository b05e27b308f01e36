"""What the real client takes for each call, against either side: python client.py URL SECONDS metric|both.

Prints one line of JSON: calls per second and the median of a call's time, for log_metric and for log_batch(100).
"""

import json
import os
import statistics
import sys
import time

os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"

from mlflow.entities import Metric
from mlflow.tracking import MlflowClient

uri, seconds, asked = sys.argv[1], float(sys.argv[2]), sys.argv[3]
client = MlflowClient(uri)
# The bare control knows no runs; it takes any.
run = client.create_run("0").info.run_id if asked == "both" else "0" * 32


def measure(call):
    call(0)
    took, number, until = [], 1, time.perf_counter() + seconds
    while time.perf_counter() < until:
        started = time.perf_counter()
        call(number)
        took.append(time.perf_counter() - started)
        number += 1
    return {"perSecond": len(took) / sum(took), "p50": statistics.median(took) * 1000}


def log_metric(number):
    client.log_metric(run, "loss", number / 3, timestamp=1_700_000_000_000 + number, step=number)


def log_batch(number):
    steps = range(number * 100, number * 100 + 100)
    client.log_batch(run, [Metric(f"m{i % 10}", i / 3, 1_700_000_000_000 + i, i) for i in steps])


told = {"metric": measure(log_metric)}
if asked == "both":
    told["batch"] = measure(log_batch)
print(json.dumps(told))
