"""What MLflow's client finds of the runs that trainers left: models that open, ONNX that agrees, validation rows
untouched.

    python trainers.py http://127.0.0.1:4600 weather.csv '{"svr": "<run id>", …}'

The last line of standard output is one record and the answer to it, by trainer.
"""

import hashlib
import json
import os
import sys
import tempfile
from types import SimpleNamespace

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../python/trainers"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import mlflow
import numpy as np
import onnxruntime
import pandas as pd

import common

uri, weather, runs = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
mlflow.set_tracking_uri(uri)
features = ["temp_min", "wind", "precipitation"]

# --- augmentation, kind by kind, against a split done here by hand ------------------------------------------------

table = pd.read_csv(weather).sort_values("date", kind="stable")
cut = table["date"].iloc[int(len(table) * 0.8)]
newest, older = table[table["date"] >= cut], table[table["date"] < cut]
truth = newest[features].to_numpy(np.float32), newest["temp_max"].to_numpy(np.float32)
by_hand = hashlib.sha256(truth[0].tobytes() + truth[1].tobytes()).hexdigest()

options = dict(data=weather, target="temp_max", features=",".join(features), time="date", holdout=0.2)
options |= dict(augment_strength=None, recency_weight=2.0, seed=3)
for kind in ["none", *common.augmentations]:
    train, validation = common.load(SimpleNamespace(**options, augment=kind))
    before = train.X.copy(), train.y.copy()
    grown = common.augment(train, SimpleNamespace(**options, augment=kind))
    assert common.digest(validation) == by_hand and (validation.weight == 1).all(), kind
    assert (train.X == before[0]).all() and (train.y == before[1]).all(), f"{kind} changed the rows it was given"
    assert (train.X == older[features].to_numpy(np.float32)).all() and abs(train.weight.mean() - 1) < 1e-4
    assert np.isclose(train.weight[-1] / train.weight[0], np.exp(2.0), rtol=1e-3)
    assert len(grown) == len(train) * (1 if kind == "none" else 2) and (grown.X[: len(train)] == train.X).all()
    if kind != "none":
        copies = grown.X[len(train) :]
        assert not (copies == train.X).all(), f"{kind} changed nothing"
        again = common.augment(train, SimpleNamespace(**options, augment=kind))
        other = common.augment(train, SimpleNamespace(**options, augment=kind), draw=1)
        assert (again.X == grown.X).all() and not (other.X == grown.X).all(), f"{kind} is not drawn from its seed"
    for array in (validation.X, validation.y, validation.weight):
        try:
            array += 1
            raise AssertionError("validation rows can be written into")
        except ValueError:
            pass

# --- what is refused, and how ------------------------------------------------------------------------------------


def refused(word, **changed):
    try:
        common.load(SimpleNamespace(**{**options, "augment": "none", **changed}))
    except SystemExit as refusal:
        assert word in str(refusal), refusal
    else:
        raise AssertionError(f"{changed} was not refused")


# --- windows of a confirmation are those of Tidemill's own learners --------------------------------------------------

days = np.array([1, 1, 2, 3, 3, 3, 4, 5, 6, 7], float)
for index, learned, judged in [(0, [1, 1], [2]), (1, [2], [3, 3, 3, 4]), (2, [3, 3, 3, 4], [5, 6, 7])]:
    common.window_asked = {"index": index, "count": 3}
    seen = SimpleNamespace(holdout=0.2, recency_weight=0.0)
    old, new = common.split(days[:, None], days, days, seen)
    assert (list(old.y), list(new.y)) == (learned, judged), (index, old.y, new.y)
    assert common.save(None, lambda: 1 / 0, None, new, []) is None, "a window's model is kept"
common.window_asked = None

refused("it has location, date", features="temp_min,wnd")
refused("weather of", features="wind,weather")
refused("told the answer", features="wind,temp_max")
refused("--features", features="")
refused("cannot be split", holdout=1.0)
refused("--data", data=None)

with tempfile.TemporaryDirectory() as folder:
    first = SimpleNamespace(checkpoints=folder, lr=0.1, rounds=10)
    assert common.checkpoint(first, "model") == common.checkpoint(
        SimpleNamespace(**{**vars(first), "rounds": 20}), "model"
    )
    try:
        common.checkpoint(SimpleNamespace(checkpoints=folder, lr=0.2, rounds=10), "model")
        raise AssertionError("a checkpoint of other settings was taken")
    except SystemExit as refusal:
        assert "(lr)" in str(refusal), refusal

diverged = {"val_rmse": float("nan")}
with mlflow.start_run():
    try:
        common.report(SimpleNamespace(goal="val_rmse"), 0, diverged)
        raise AssertionError("training went on with NaN")
    except SystemExit as refusal:
        assert "diverged" in str(refusal), refusal

# --- the sequences that the autoregressive network is judged on ---------------------------------------------------


def sequences_by_hand(lags=16, horizon=5):
    examples = []
    for _, part in table.groupby("location"):
        values, known = part["temp_max"].to_numpy(np.float32), part[features].to_numpy(np.float32)
        for now in range(lags - 1, len(part) - horizon):
            past, future = values[now - lags + 1 : now + 1], values[now + 1 : now + 1 + horizon]
            examples.append((part["date"].iloc[now + 1], np.concatenate([past, known[now]]), future))
    cut = sorted(day for day, _, _ in examples)[int(len(examples) * 0.8)]
    X, y = (np.array([example[which] for example in examples if example[0] >= cut]) for which in (1, 2))
    return hashlib.sha256(X.tobytes() + y.tobytes()).hexdigest()


# --- models ---------------------------------------------------------------------------------------------------------

answers = {}
for name, run_id in runs.items():
    run = mlflow.get_run(run_id)
    expected = sequences_by_hand() if name == "torch_autoregressive" else by_hand
    assert run.data.tags["validation_digest"] == expected, f"{name} validated on other rows"
    model = mlflow.pyfunc.load_model(f"runs:/{run_id}/model")
    columns = model.metadata.signature.inputs.input_names()
    assert model.metadata.signature.inputs.input_types()[0].name == "double" and model.input_example is not None
    if name == "torch_autoregressive":
        lags = [f"temp_max_lag_{lag}" for lag in reversed(range(16))]
        assert columns == [*lags, *features]
        past = newest[newest["location"] == "Seattle"]["temp_max"].to_numpy()
        known = newest[newest["location"] == "Seattle"][features].to_numpy()
        rows = np.vstack([np.concatenate([past[i : i + 16], known[i + 15]]) for i in range(200)])
    else:
        assert columns == features
        rows = newest[features].to_numpy()
    rows = pd.DataFrame(rows.astype(np.float32).astype(np.float64), columns=columns)
    said = np.asarray(model.predict(rows)).reshape(len(rows), -1)
    session = onnxruntime.InferenceSession(mlflow.onnx.load_model(f"runs:/{run_id}/model").SerializeToString())
    given = session.run(None, {session.get_inputs()[0].name: rows.to_numpy(np.float32)})[-1].reshape(said.shape)
    difference = float(np.abs(said - given).max())
    assert difference <= run.data.metrics["onnx_allowed"], f"{name}: ONNX differs by {difference}"
    if said.shape[1] == 1:
        off = said[:, 0] - truth[1]
        assert np.isclose(np.sqrt(np.mean(off**2)), run.data.metrics["val_rmse"], rtol=1e-4), name
    mlflow.register_model(f"runs:/{run_id}/model", f"weather-{name.replace('_', '-')}")
    answers[name] = {"record": rows.iloc[0].to_dict(), "answer": float(said[0, 0]), "difference": difference}
print(json.dumps(answers))
