"""What the trainers share: options, rows split by time, augmentation, weights, metrics by step, the model with ONNX
beside it.

A trainer meets Tidemill through files, environment variables and HTTP only. In a job, params.json
(TIDEMILL_PARAMS) names the inputs, the parameters, the seed and the folder for checkpoints; without one, all of
it comes from the command line, and MLflow logs where it always does. A word on the command line wins over
params.json.
"""

import argparse
import contextlib
import dataclasses
import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import urllib.error
import urllib.request
from importlib.metadata import version
from pathlib import Path

import mlflow
import numpy as np
import onnxruntime
import pandas as pd
from pandas.api.types import is_numeric_dtype

job = json.loads(Path(os.environ["TIDEMILL_PARAMS"]).read_text()) if "TIDEMILL_PARAMS" in os.environ else {}
token = os.environ.get("TIDEMILL_TOKEN")
if token:
    os.environ.setdefault("MLFLOW_TRACKING_TOKEN", token)

# --- options ----------------------------------------------------------------------------------------------------------


def parser(doc):
    """The options of every trainer; each adds its own."""
    options = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument(
        "--data",
        help="Parquet or CSV file, or one of the job's inputs by its reference; by default the only one",
    )
    options.add_argument("--target", required=True, help="column to predict")
    options.add_argument("--features", default="", help="columns to predict from, with commas between")
    options.add_argument("--time", help="column that orders the rows; by default they are taken to be in order")
    options.add_argument("--holdout", type=float, default=0.2, help="share of the rows, the newest, that validate")
    options.add_argument(
        "--augment",
        choices=["none", *augmentations],
        default="none",
        help="adds changed copies of training rows",
    )
    options.add_argument(
        "--augment-strength", type=float, help="how far the copies are changed; see each kind in common.py"
    )
    options.add_argument(
        "--recency-weight",
        type=float,
        default=0.0,
        help="r: the oldest training row counts exp(-r) of the newest",
    )
    options.add_argument("--seed", type=int, default=job.get("seed") or 0)
    options.add_argument(
        "--checkpoints", default=job.get("checkpoints"), help="folder to keep them in and to go on from"
    )
    options.add_argument("--checkpoint-every", type=int, default=10, help="steps between two checkpoints")
    options.add_argument("--goal", default="val_rmse", help="the metric that a sweep is told")
    options.add_argument("--experiment", help="of MLflow, when there is no run yet")
    return options


def parse(options):
    given = {name: value for name, value in job.get("params", {}).items() if value is not None}
    return options.parse_args(
        [*(f"--{name.replace('_', '-')}={value}" for name, value in given.items()), *sys.argv[1:]]
    )


# --- rows -------------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Rows:
    X: np.ndarray  # (rows, features) float32
    y: np.ndarray  # (rows,) or (rows, steps) float32
    weight: np.ndarray  # (rows,) float32, 1 on average

    def __len__(self):
        return len(self.X)

    def __getitem__(self, which):
        return Rows(self.X[which], self.y[which], self.weight[which])


def read_table(options, extra=()):
    """The columns asked for, in order of time, without the rows that lack one of them."""
    inputs = {name: path for name, path in job.get("inputs", {}).items() if path.endswith((".parquet", ".csv"))}
    if options.data is None and len(inputs) != 1:
        raise SystemExit(f"--data says which table to learn from; the job's inputs have: {', '.join(inputs) or 'none'}")
    named = [path for reference, path in inputs.items() if options.data in (None, reference, reference.split("@")[0])]
    path = named[0] if named else options.data
    table = pd.read_parquet(path) if str(path).endswith(".parquet") else pd.read_csv(path)
    columns = [*feature_names(options), options.target, *([options.time] if options.time else []), *extra]
    if unknown := [name for name in columns if name not in table]:
        raise SystemExit(f"{path} has no column {', '.join(unknown)}; it has {', '.join(table)}")
    if texts := [name for name in [*feature_names(options), options.target] if not is_numeric_dtype(table[name])]:
        raise SystemExit(f"{', '.join(texts)} of {path} are no numbers: encode them, or leave them out of --features")
    if options.target in feature_names(options):
        raise SystemExit(f"the target {options.target} is among the features: the model would be told the answer")
    whole = table[list(dict.fromkeys(columns))].dropna()
    if len(whole) < len(table):
        print(f"{len(table) - len(whole)} of {len(table)} rows lack a value and are left out")
    return whole.sort_values(options.time, kind="stable") if options.time else whole


def feature_names(options):
    return [name.strip() for name in options.features.split(",") if name.strip()]


def time_of(table, options):
    """(rows,) float64: an instant in some unit, or the row's number where no column says."""
    if not options.time:
        return np.arange(len(table), dtype=float)
    column = table[options.time]
    return (column if is_numeric_dtype(column) else pd.to_datetime(column).astype("int64")).to_numpy(float)


def load(options):
    """Training and validation rows of a table."""
    if not feature_names(options):
        raise SystemExit("--features says which columns to predict from, as in --features close,volume")
    table = read_table(options)
    X = table[feature_names(options)].to_numpy(np.float32)
    return split(X, table[options.target].to_numpy(np.float32), time_of(table, options), options)


def split(X, y, time, options):
    """The newest rows validate, rows of one time together; nothing can write into them from here on.

    In a confirmation's window it is the block after the one that is learned from: rolling windows, as Tidemill's own
    learners have them.
    """
    first, cut, last = window_bounds(np.sort(time)) if window_asked else newest(np.sort(time), options.holdout)
    old, new = (first <= time) & (time < cut), (cut <= time) & (time < last)
    if not old.any() or not new.any():
        raise SystemExit(f"{len(time)} rows cannot be split: {old.sum()} to learn from, {new.sum()} to validate")
    validation = Rows(X[new], y[new], np.ones(new.sum(), np.float32))
    for array in (validation.X, validation.y, validation.weight):
        array.setflags(write=False)
    return Rows(X[old], y[old], recency(time[old], options.recency_weight)), validation


def newest(times, holdout):
    return -np.inf, times[min(int(len(times) * (1 - holdout)), len(times) - 1)] if len(times) else 0, np.inf


# {"index": 0, "count": 3} where a sweep's best trials are run again on windows of time.
window_asked = job.get("window")


def window_bounds(times):
    """Times are cut into count + 1 blocks; window k learns from block k and is judged on the next."""
    index, count = window_asked["index"], window_asked["count"]
    if not len(times):
        return 0, 0, 0
    starts = [*(times[len(times) * block // (count + 1)] for block in range(count + 1)), np.inf]
    return starts[index], starts[index + 1], starts[index + 2]


def recency(time, strength):
    """exp(-strength * age), age from 0 (newest) to 1 (oldest); 1 on average, so learning rates keep their meaning."""
    age = (time.max() - time) / max(np.ptp(time), 1e-12)
    weight = np.exp(-strength * age)
    return (weight / weight.mean()).astype(np.float32)


# --- augmentation: of training rows, always --------------------------------------------------------------------------


def jitter(rows, rng, strength=0.05):
    """Noise on every feature: `strength` of its standard deviation."""
    noise = rng.normal(0, 1, rows.X.shape) * rows.X.std(axis=0) * strength
    return Rows(rows.X + noise, rows.y, rows.weight)


def scale(rows, rng, strength=0.05):
    """Each row times a factor of its own near 1, target included: where size does not matter, as with prices."""
    factor = np.exp(rng.normal(0, strength, len(rows)))
    return Rows((rows.X.T * factor).T, (rows.y.T * factor).T, rows.weight)


def window(rows, rng, strength=0.1):
    """Stretches of `strength` of the rows, drawn again and again: a block bootstrap, neighbours stay together."""
    length = max(1, int(len(rows) * strength))
    starts = rng.integers(0, len(rows) - length + 1, -(-len(rows) // length))
    return rows[np.concatenate([np.arange(start, start + length) for start in starts])[: len(rows)]]


def mixup(rows, rng, strength=0.2):
    """Each row mixed with another, target and weight too; the share is drawn from Beta(strength, strength)."""
    share, other = rng.beta(strength, strength, len(rows)), rows[rng.permutation(len(rows))]
    pairs = zip(dataclasses.astuple(rows), dataclasses.astuple(other), strict=True)
    return Rows(*((one.T * share + two.T * (1 - share)).T for one, two in pairs))


augmentations = {"jitter": jitter, "scale": scale, "window": window, "mixup": mixup}


def augment(rows, options, draw=0):
    """The rows and as many changed copies; another draw gives other copies, the same draw the same ones."""
    if options.augment == "none":
        return rows
    strength = {} if options.augment_strength is None else {"strength": options.augment_strength}
    copies = augmentations[options.augment](rows, np.random.default_rng([options.seed, draw]), **strength)
    both = zip(dataclasses.astuple(rows), dataclasses.astuple(copies), strict=True)
    return Rows(*(np.concatenate(pair).astype(np.float32) for pair in both))


# --- the run ----------------------------------------------------------------------------------------------------------


class Stopped(SystemExit):
    """Told to stop, by a signal or by a sweep: everything unwinds, what was logged stays, the exit code is 143."""

    def __init__(self, reason):
        super().__init__(128 + signal.SIGTERM)
        self.reason = reason


@contextlib.contextmanager
def run(options):
    """MLflow's run: the one of MLFLOW_RUN_ID, or a new one."""
    random.seed(options.seed)
    np.random.seed(options.seed)
    signal.signal(signal.SIGTERM, stop_on_signal)
    if options.experiment and "MLFLOW_RUN_ID" not in os.environ:
        mlflow.set_experiment(options.experiment)
    active = mlflow.start_run()
    # An earlier attempt, or the job itself, may have logged them already, perhaps as 0.00001 instead of 1e-05.
    known = mlflow.get_run(active.info.run_id).data.params
    apart = {"data", "checkpoints", "checkpoint_every", "experiment", *known}
    mlflow.log_params({name: value for name, value in vars(options).items() if name not in apart and value is not None})
    try:
        yield
        leave_if_told()
        mlflow.end_run()
    except Stopped as stopped:
        print(f"stopped: {stopped.reason}", flush=True)
        mlflow.set_tag("stopped", stopped.reason)
        mlflow.end_run("KILLED")
        raise
    except BaseException:
        mlflow.end_run("FAILED")
        raise


told_to_stop = None


def stop_on_signal(number, frame):
    global told_to_stop
    # Once is enough: a second one must not interrupt the farewell.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    told_to_stop = Stopped("SIGTERM")
    leave_if_told()


def leave_if_told():
    """At once when the signal comes; asked again later, as frameworks may swallow an exception where they stand."""
    if told_to_stop:
        raise told_to_stop


def errors(name, rows, answers):
    """Root mean squared and mean absolute error, in the target's unit."""
    off = np.asarray(answers, np.float64).reshape(rows.y.shape) - rows.y
    return {f"{name}_rmse": float(np.sqrt(np.mean(off**2))), f"{name}_mae": float(np.mean(np.abs(off)))}


def report(options, step, metrics):
    """Logs the step. In a sweep it tells the goal's value too, and does not come back when the answer is to stop."""
    mlflow.log_metrics(metrics, step=step)
    print(f"step {step}", *(f"{name} {value:.6g}" for name, value in metrics.items()), flush=True)
    leave_if_told()
    if not np.isfinite(list(metrics.values())).all():
        raise SystemExit(f"training has diverged at step {step}: a smaller --lr may help")
    if options.goal not in metrics:
        raise SystemExit(f"--goal {options.goal} is none of what this trainer reports: {', '.join(metrics)}")
    sweep, trial = os.environ.get("TIDEMILL_SWEEP_ID"), os.environ.get("TIDEMILL_TRIAL")
    if (
        sweep
        and trial
        and tell(f"/api/v1/sweeps/{sweep}/trials/{trial}/report", {"step": step, "value": metrics[options.goal]}).get(
            "stop"
        )
    ):
        raise Stopped(f"the sweep said so after step {step}")


def tell(path, message):
    """The server's answer; a server that is away costs this one report, not the training."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(os.environ["TIDEMILL_URL"] + path, json.dumps(message).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.load(reply)
    except urllib.error.HTTPError as refused:
        raise SystemExit(f"{path} was refused: {refused.read().decode()}") from refused
    except OSError as away:
        print(f"{path} was not told: {away}", file=sys.stderr)
        return {}


# --- checkpoints ------------------------------------------------------------------------------------------------------

# Where none are asked for, they go to a folder that ends with the process.
nowhere = tempfile.TemporaryDirectory()
longer = {"data", "rounds", "epochs", "checkpoints", "checkpoint_every", "goal", "experiment"}


def checkpoint(options, name):
    """Where this trainer's checkpoint is, or will be. What other settings left is refused: it would mix two models."""
    folder = Path(options.checkpoints or nowhere.name)
    folder.mkdir(parents=True, exist_ok=True)
    settings = {key: value for key, value in vars(options).items() if key not in longer}
    record = folder / "settings.json"
    if record.exists() and (before := json.loads(record.read_text())) != settings:
        changed = [key for key in settings if before.get(key) != settings[key]]
        raise SystemExit(
            f"{folder} holds checkpoints of other settings ({', '.join(changed)}): name another folder, or remove it"
        )
    with replacing(record) as new:
        new.write_text(json.dumps(settings))
    return folder / name


@contextlib.contextmanager
def replacing(path):
    """The old file until the new one is whole, whatever happens in between."""
    new = path.with_name(f"new-{path.name}")
    yield new
    os.replace(new, path)


# --- the model --------------------------------------------------------------------------------------------------------


class BesideOnnx:
    """The framework's flavor with `model.onnx` in the same folder: pyfunc opens the one, endpoints the other."""

    def __init__(self, framework, onnx):
        self.framework, self.onnx, self.__name__ = framework, onnx, framework.__name__

    def save_model(self, path, mlflow_model, table, answers, **kwargs):
        self.framework.save_model(path=path, mlflow_model=mlflow_model, **kwargs)
        (Path(path) / "model.onnx").write_bytes(self.onnx)
        (Path(path) / "input_example.json").write_text(table.to_json(orient="split", index=False))
        mlflow_model.saved_input_example_info = {
            "artifact_path": "input_example.json",
            "pandas_orient": "split",
            "type": "dataframe",
        }
        mlflow_model.signature = mlflow.models.infer_signature(table, answers)
        session = {"onnx_session_options": None, "providers": ["CPUExecutionProvider"]}
        mlflow_model.add_flavor("onnx", code=None, data="model.onnx", onnx_version=version("onnx"), **session)
        mlflow_model.save(str(Path(path) / "MLmodel"))


def save(framework, onnx, answers, validation, names, tolerance=1e-4, **kwargs):
    """Logs the model as `model`, once ONNX gives the framework's `answers` on the validation rows. `onnx()` exports it.

    What was learned in one window of a confirmation is a measurement and no model for use, so none is kept.
    `tolerance` is the largest difference allowed, in standard deviations of the target.
    """
    if window_asked:
        return
    onnx = onnx()
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    given = session.run(None, {session.get_inputs()[0].name: validation.X})[-1]
    answers = np.asarray(answers, np.float64).reshape(len(validation), -1)
    difference = float(np.max(np.abs(given.reshape(answers.shape) - answers)))
    allowed = tolerance * max(float(np.std(validation.y)), 1e-9)
    mlflow.log_metrics({"onnx_difference": difference, "onnx_allowed": allowed})
    mlflow.set_tag("validation_digest", digest(validation))
    if not difference <= allowed:
        raise SystemExit(f"model.onnx differs from the model by {difference}, more than {allowed}")
    table = pd.DataFrame(validation.X[:5].astype(np.float64), columns=names)
    beside = BesideOnnx(framework, onnx)
    mlflow.models.Model.log(artifact_path=None, name="model", flavor=beside, table=table, answers=answers[:5], **kwargs)


def digest(rows):
    """What the validation rows were, to the bit."""
    return hashlib.sha256(np.ascontiguousarray(rows.X).tobytes() + np.ascontiguousarray(rows.y).tobytes()).hexdigest()
