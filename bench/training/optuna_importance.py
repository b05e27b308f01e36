"""Optuna's importances of parameters: prints JSON, which importance.test.ts in server/src/training/sweeps/search holds against ours."""

import json
import warnings

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import get_param_importances
from optuna.trial import create_trial

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)

DISTRIBUTIONS = {
    "batch": IntDistribution(16, 512, log=True),
    "drop": FloatDistribution(0, 0.5, step=0.1),
    "fixed": FloatDistribution(2, 2),
    "layers": IntDistribution(1, 6),
    "lr": FloatDistribution(1e-4, 1, log=True),
    "momentum": FloatDistribution(0, 1),
    "opt": CategoricalDistribution(["sgd", "adam", "rms"]),
}


def build(directions, count, seed):
    rng = np.random.RandomState(seed)
    study = optuna.create_study(directions=directions)
    trials = []
    for _ in range(count):
        params = {
            "batch": int(round(np.exp(rng.uniform(np.log(16), np.log(512))))),
            "drop": round(rng.randint(6) * 0.1, 1),
            "fixed": 2.0,
            "layers": int(rng.randint(1, 7)),
            "lr": float(f"{np.exp(rng.uniform(np.log(1e-4), 0)):.4g}"),
            "opt": ["sgd", "adam", "rms"][rng.randint(3)],
        }
        if params["opt"] == "sgd":
            params["momentum"] = float(f"{rng.uniform():.4g}")
        loss = (np.log10(params["lr"]) + 2) ** 2 + 0.2 * abs(params["layers"] - 3) + (params["opt"] == "rms") + params.get("momentum", 0.5)
        values = [float(f"{v:.4g}") for v in [loss, params["drop"] + 0.1 * rng.uniform()][: len(directions)]]
        names = {name: d for name, d in DISTRIBUTIONS.items() if name in params}
        study.add_trial(create_trial(params=params, distributions=names, values=values))
        trials.append({"parameters": params, "values": values})
    return {"directions": directions, "trials": trials, "importance": get_param_importances(study)}


print(json.dumps([build(["minimize"], 60, 1), build(["minimize", "maximize"], 40, 2), build(["minimize"], 8, 3)]))
