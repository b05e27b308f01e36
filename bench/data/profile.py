"""The peer's profile of a Parquet file: seconds, peak memory and what it found, as JSON.

usage: profile.py FILE full|minimal
"""

import json
import logging
import resource
import sys
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import pandas as pd
from ydata_profiling import ProfileReport

path, mode = sys.argv[1], sys.argv[2]
started, used = time.perf_counter(), time.process_time()
frame = pd.read_parquet(path)
report = ProfileReport(frame, minimal=mode == "minimal", progress_bar=False)
description = report.get_description()
seconds = time.perf_counter() - started
processor = time.process_time() - used


def number(value):
    return None if value is None else float(value)


columns = {
    name: {
        "missing": int(found["n_missing"]),
        "distinct": int(found["n_distinct"]),
        "mean": number(found.get("mean")) if str(found["type"]) == "Numeric" else None,
        "deviation": number(found.get("std")) if str(found["type"]) == "Numeric" else None,
    }
    for name, found in description.variables.items()
}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds, "processor": processor, "peakBytes": peak, "columns": columns}))
