"""What the stories of this folder share: steps in order, the refusals they expect, one line of JSON at the end.

A story is a file that names its steps with `@step` and ends with `tell(__doc__)`. It runs alone:

    python tracking.py http://127.0.0.1:4600

Every step asserts what came back. Anything wrong ends it with a traceback and exit code 1.
"""

import argparse
import json
import os
import sys
import time
import uuid
import warnings

# A mistake of ours must fail at once, not after minutes of retries.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("MPLBACKEND", "Agg")
warnings.filterwarnings("ignore")

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

steps = []
is_mlflow_3 = int(mlflow.__version__.split(".")[0]) >= 3


def step(function):
    steps.append(function)
    return function


def since_3(function):
    """A step that the older client has no words for."""
    return step(function) if is_mlflow_3 else function


def refused(code, call, *args, **kwargs):
    """The call must fail with this error code; what the server said is returned."""
    try:
        call(*args, **kwargs)
    except MlflowException as error:
        assert error.error_code == code, f"{error.error_code} instead of {code}: {error}"
        return str(error)
    raise AssertionError(f"{call} was not refused with {code}")


def unique(name):
    return f"{name} {uuid.uuid4().hex[:8]}"


def tell(doc, arguments=()):
    """Runs the steps. `arguments` are further options, each with a default: (name, default)."""
    parser = argparse.ArgumentParser(description=doc.strip().splitlines()[0])
    parser.add_argument("uri", help="address of the server, as in http://127.0.0.1:4600")
    for name, default in arguments:
        parser.add_argument(f"--{name}", default=default, type=type(default))
    options = parser.parse_args()
    mlflow.set_tracking_uri(options.uri)
    client, story, seconds = MlflowClient(), vars(options), {}
    for run_step in steps:
        started = time.perf_counter()
        run_step(client, story)
        seconds[run_step.__name__] = round(time.perf_counter() - started, 2)
        print(f"ok {run_step.__name__} {seconds[run_step.__name__]} s", file=sys.stderr)
    print(json.dumps({"version": mlflow.__version__, "steps": seconds, "figures": story.get("figures", {})}))
