"""An objective written for Optuna, run by the server: `suggest_*`, `report` and `should_prune` mean what they mean there.
The space is said beforehand, as the server chooses the points. With `--optuna` the same objective runs under Optuna itself."""

import json
import math
import os
import sys
import urllib.request


def objective(trial):
    kind = trial.suggest_categorical("kind", ["sgd", "adam"])
    lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    momentum = trial.suggest_float("momentum", 0, 1) if kind == "sgd" else 0.9
    layers = trial.suggest_int("layers", 1, 6)
    loss = 0.0
    for step in range(20):
        gap = (math.log10(lr) + 3) ** 2 + (momentum - 0.8) ** 2 + (layers - 3) ** 2 / 10
        loss = gap + (kind == "adam") * 0.1 + math.exp(-step / 4)
        trial.report(loss, step)
        if trial.should_prune():
            raise TrialPruned
    return loss


SPACE = {
    "kind": {"type": "categorical", "choices": ["sgd", "adam"]},
    "lr": {"type": "float", "low": 1e-5, "high": 1e-1, "log": True},
    "momentum": {"type": "float", "low": 0, "high": 1, "if": {"kind": "sgd"}},
    "layers": {"type": "int", "low": 1, "high": 6},
}


class TrialPruned(Exception):
    pass


def call(path, body=None):
    url = os.environ.get("TIDEMILL_URL", "http://127.0.0.1:4600")
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/api/v1{path}", data)
    request.add_header("content-type", "application/json")
    if token := os.environ.get("TIDEMILL_TOKEN"):
        request.add_header("authorization", f"Bearer {token}")
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


class Trial:
    """As far as an objective sees it, Optuna's."""

    def __init__(self, sweep, asked):
        self.number, self.params, self.lease = asked["number"], asked["parameters"], asked["lease"]
        self.path, self.stop = f"/sweeps/{sweep}/trials/{self.number}", False

    def suggest_float(self, name, low, high, **how):
        return self.params[name]

    suggest_int = suggest_float

    def suggest_categorical(self, name, choices):
        return self.params[name]

    def report(self, value, step):
        self.stop = call(f"{self.path}/report", {"step": step, "value": value, "lease": self.lease})["stop"]

    def should_prune(self):
        return self.stop

    def tell(self, **end):
        call(f"{self.path}/tell", {**end, "lease": self.lease})


def optimize(objective, space, trials):
    goals = [{"metric": "loss", "direction": "minimize"}]
    search = {"experiment": "tuning", "name": "optuna style", "space": space, "goals": goals, "seed": 1}
    search |= {"sampler": "tpe", "pruner": {"type": "median"}, "budget": {"trials": trials}}
    sweep = call("/sweeps/space", search)["id"]
    while asked := call(f"/sweeps/{sweep}/ask", {})["trial"]:
        trial = Trial(sweep, asked)
        try:
            trial.tell(value=objective(trial))
        except TrialPruned:
            trial.tell(state="pruned")
        except Exception as error:
            trial.tell(state="failed", error=repr(error))
    return call(f"/sweeps/{sweep}")["best"]


if "--optuna" in sys.argv:
    import optuna

    TrialPruned = optuna.TrialPruned
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1))
    study.optimize(objective, n_trials=40)
    print(f"trial {study.best_trial.number}: {study.best_value:.3f} at {study.best_params}")
else:
    best = optimize(objective, SPACE, 40)
    print(f"trial {best['number']}: {best['value']:.3f} at {best['parameters']}")
