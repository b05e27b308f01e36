# /// script
# requires-python = ">=3.11"
# dependencies = ["mlflow", "optuna>=5", "scikit-learn"]
# ///
"""A script tuned twice, unchanged: by Optuna, and by Tidemill's search. Space, trials and seeds are the same, and every
trial of both is a run of one experiment, so they stand side by side in the browser.

    npx tidemill jobs run --experiment side-by-side --follow -- python side_by_side.py

Your own: side_by_side.py train.py --space space.json --goal val_rmse:min"""

import argparse
import contextlib
import io
import json
import logging
import math
import os
import runpy
import sys
import time
import urllib.request
from statistics import median

import mlflow
from mlflow.tracking import MlflowClient

URL = os.environ.get("TIDEMILL_URL", "http://127.0.0.1:4600")
TOKEN = os.environ.get("TIDEMILL_TOKEN") or os.environ.get("MLFLOW_TRACKING_TOKEN")


def call(path, body):
    request = urllib.request.Request(f"{URL}/api/v1{path}", json.dumps(body).encode())
    request.add_header("content-type", "application/json")
    if TOKEN:
        request.add_header("authorization", f"Bearer {TOKEN}")
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


class OptunaSearch:
    """Optuna as it comes: TPE, in memory unless `--storage` names a database. Its trials become runs, off the clock."""

    def __init__(self, options, client, experiment, seed):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        sampler = optuna.samplers.TPESampler(seed=seed)
        direction = f"{options.direction}imize"
        self.study = optuna.create_study(sampler=sampler, direction=direction, storage=options.storage)
        self.failed = optuna.trial.TrialState.FAIL
        self.space, self.client, self.experiment = options.space, client, experiment
        self.run = client.create_run(experiment, run_name=f"optuna, seed {seed}").info.run_id

    def ask(self):
        self.trial = self.study.ask()
        return suggest(self.trial, self.space)

    def open_run(self, number):
        tags = {"mlflow.parentRunId": self.run}
        return self.client.create_run(self.experiment, tags=tags, run_name=f"trial {number}").info.run_id

    def tell(self, value):
        self.study.tell(self.trial, value, state=self.failed if value is None else None)

    def close(self):
        self.client.update_run(self.run, status="FINISHED")


class TidemillSearch:
    """The server chooses the points and keeps them; it has a run for every trial anyway."""

    def __init__(self, options, client, experiment, seed):
        name = client.get_experiment(experiment).name
        goals = [{"metric": options.metric, "direction": f"{options.direction}imize"}]
        search = {"experiment": name, "name": f"tidemill, seed {seed}", "space": options.space, "goals": goals}
        self.sweep = call("/sweeps/space", search | {"seed": seed, "budget": {"trials": options.trials}})
        self.path = f"/sweeps/{self.sweep['id']}"

    def ask(self):
        self.trial = call(f"{self.path}/ask", {})["trial"]
        return self.trial["parameters"]

    def open_run(self, number):
        return self.trial["runId"]

    def tell(self, value):
        end = {"value": value} if value is not None else {"error": "the script failed, or did not log the goal"}
        call(f"{self.path}/trials/{self.trial['number']}/tell", end | {"lease": self.trial["lease"]})

    def close(self):
        pass


def suggest(trial, space):
    """A space of ours in Optuna's words; a parameter comes after those that its `if` names."""
    point = {}
    for name, one in space.items():
        wanted = one.get("if", {}).items()
        if any(point.get(parent) not in (v if isinstance(v, list) else [v]) for parent, v in wanted):
            continue
        how = {"log": one.get("log", False), "step": one.get("step", 1 if one["type"] == "int" else None)}
        if one["type"] == "categorical":
            point[name] = trial.suggest_categorical(name, one["choices"])
        elif one["type"] == "int":
            point[name] = trial.suggest_int(name, one["low"], one["high"], **how)
        else:
            point[name] = trial.suggest_float(name, one["low"], one["high"], **how)
    return point


def train(script, point, client, run, metric):
    """Runs the script as its command line would, logging into `run`; None where it fails or the goal is not logged."""
    os.environ["MLFLOW_RUN_ID"] = run
    sys.argv = [script, *(f"--{name}={value}" for name, value in point.items())]
    failure = None
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        failure = end if end.code else None
    except Exception as error:
        failure = error
    mlflow.end_run()
    os.environ.pop("MLFLOW_RUN_ID", None)
    value = client.get_run(run).data.metrics.get(metric, math.nan)
    if failure or math.isnan(value):
        client.update_run(run, status="FAILED")
        print(f"{script} {' '.join(sys.argv[1:])}: {failure or f'no {metric}'}", file=sys.stderr)
        return None
    return value


def search(kind, options, client, experiment, seed):
    """The best value, seconds of the clock, and the milliseconds a trial that were spent on choosing it and telling its end."""
    started = time.perf_counter()
    one = kind(options, client, experiment, seed)
    values, spent = [], 0.0
    for number in range(options.trials):
        before = time.perf_counter()
        point = one.ask()
        spent += time.perf_counter() - before
        value = train(options.script, point, client, one.open_run(number), options.metric)
        before = time.perf_counter()
        one.tell(value)
        spent += time.perf_counter() - before
        values.append(value)
    one.close()
    found = [value for value in values if value is not None]
    if not found:
        sys.exit(f"no trial of {options.script} logged {options.metric}")
    best = (max if options.direction == "max" else min)(found)
    return {"best": best, "seconds": time.perf_counter() - started, "overhead": 1000 * spent / options.trials}


def verdict(optuna, tidemill, direction):
    """Whether the two lists of best values differ by more than chance."""
    from scipy.stats import mannwhitneyu

    count = len(optuna)
    if count < 4:
        return f"verdict: {count} seeds cannot tell the two apart; take at least 4"
    p = mannwhitneyu(optuna, tidemill).pvalue
    if p >= 0.05:
        return f"verdict: as good as each other, as far as {count} seeds can tell (Mann-Whitney, p {p:.2f})"
    better = "Tidemill" if (median(tidemill) > median(optuna)) == (direction == "max") else "Optuna"
    return f"verdict: {better} finds better points (Mann-Whitney, p {p:.3f})"


def report(optuna, tidemill, direction):
    """One line a seed, then medians, overhead and verdict."""
    lines = [f"{'seed':<18}{'Optuna':>10}{'Tidemill':>10}"]
    line = lambda name, a, b, digits: lines.append(f"{name:<18}{a:>10.{digits}f}{b:>10.{digits}f}")
    bests, others = ([one["best"] for one in side] for side in (optuna, tidemill))
    for seed, pair in enumerate(zip(bests, others), 1):
        line(seed, *pair, 5)
    line("median best", median(bests), median(others), 5)
    for name, key, digits in (("seconds a search", "seconds", 1), ("ms to ask + tell", "overhead", 1)):
        line(name, *(median(one[key] for one in side) for side in (optuna, tidemill)), digits)
    return "\n".join([*lines, verdict(bests, others, direction)])


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("script", nargs="?", default="forest.py", help="takes --NAME=VALUE and logs the goal to MLflow")
    parser.add_argument("--space", default="forest-space.json", help="a file, as `tidemill sweeps search` takes it")
    parser.add_argument("--goal", default="RandomForestRegressor_score_X_valid:max", help="METRIC:min or METRIC:max")
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--storage", help="Optuna's own database, e.g. sqlite:///optuna.db; default: in memory")
    options = parser.parse_args()
    options.metric, _, options.direction = options.goal.rpartition(":")
    if not options.metric or options.direction not in ("min", "max"):
        parser.error(f"--goal: '{options.goal}' is not METRIC:min or METRIC:max")
    if options.trials < 1 or options.seeds < 1:
        parser.error("--trials and --seeds begin at 1")
    with open(options.space, encoding="utf-8") as file:
        options.space = json.load(file)
    return options


def main():
    options = read_options()
    own_run = os.environ.pop("MLFLOW_RUN_ID", None)
    mlflow.set_tracking_uri(os.environ.get("MLFLOW_TRACKING_URI", URL))
    client = MlflowClient()
    experiment = os.environ.get("MLFLOW_EXPERIMENT_ID") or mlflow.set_experiment("side-by-side").experiment_id
    mlflow.set_experiment(experiment_id=experiment)
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    found = {OptunaSearch: [], TidemillSearch: []}
    for seed in range(1, options.seeds + 1):
        # In turns, so that a slow minute of the machine is not always the same one's.
        for kind in list(found)[:: 1 if seed % 2 else -1]:
            print(f"{kind.__name__}, seed {seed} of {options.seeds} …", file=sys.stderr)
            found[kind].append(search(kind, options, client, experiment, seed))
    text = report(*found.values(), options.direction)
    print(text)
    if own_run:
        client.log_text(own_run, text, "side-by-side.txt")


if __name__ == "__main__":
    main()
