"""What is inside Optuna's TPE for given histories: who is good, which kernels come of it, how likely they find some points.

Prints JSON, which server/src/training/sweeps/search/tpe/tpe.test.ts holds against ours.
"""

import functools
import json
import warnings

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import TPESampler
from optuna.samplers._tpe.sampler import _split_trials, default_gamma, default_gamma_multiobjective
from optuna.trial import TrialState, create_trial

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
# Which of equal observations counts as the left one is left open by numpy's default; here it is the older one.
np.argsort = functools.partial(np.argsort, kind="stable")

MIXED = {
    "act": CategoricalDistribution(["relu", "tanh", "elu"]),
    "dropout": FloatDistribution(0.0, 0.5, step=0.125),
    "layers": IntDistribution(1, 8),
    "lr": FloatDistribution(1e-5, 0.1, log=True),
    "momentum": FloatDistribution(-1.0, 3.0),
    "units": IntDistribution(8, 512, log=True),
}
PLAIN = {"x": FloatDistribution(-5.0, 5.0), "y": FloatDistribution(0.5, 2.0, log=True)}
# `momentum` is there with "sgd" alone.
CONDITIONAL = {
    "lr": FloatDistribution(1e-4, 1.0, log=True),
    "momentum": FloatDistribution(0.0, 1.0),
    "opt": CategoricalDistribution(["sgd", "adam"]),
}


def to_json(name, distribution):
    if isinstance(distribution, CategoricalDistribution):
        return {"type": "categorical", "choices": list(distribution.choices)}
    kind = "int" if isinstance(distribution, IntDistribution) else "float"
    space = {"type": kind, "low": distribution.low, "high": distribution.high, "log": distribution.log}
    if distribution.step is not None:
        space["step"] = distribution.step
    return space | ({"if": {"opt": "sgd"}} if name == "momentum" and kind == "float" and distribution.high == 1 else {})


def draw(rng, distributions, conditional):
    params = {}
    for name in sorted(distributions, reverse=conditional):
        d = distributions[name]
        if conditional and name == "momentum" and params["opt"] != "sgd":
            continue
        if isinstance(d, CategoricalDistribution):
            params[name] = d.choices[rng.randint(len(d.choices))]
        elif d.log:
            value = float(np.exp(rng.uniform(np.log(d.low), np.log(d.high))))
            params[name] = round(value) if isinstance(d, IntDistribution) else float(f"{value:.6g}")
        elif d.step is not None:
            steps = rng.randint(round((d.high - d.low) / d.step) + 1)
            params[name] = type(d.low)(d.low + steps * d.step)
        else:
            params[name] = float(f"{rng.uniform(d.low, d.high):.6g}")
    return params


def build(distributions, directions, count, seed, queries, conditional=False, pruned=True):
    rng = np.random.RandomState(seed)
    study = optuna.create_study(directions=directions, sampler=TPESampler(seed=0))
    trials = []
    for number in range(count):
        params = draw(rng, distributions, conditional)
        values = [float(f"{v:.3g}") for v in rng.normal(size=len(directions))]
        kind = number % 10
        state = "running" if kind == 7 and number > count - 20 else "pruned" if kind in (3, 6) and pruned else "failed" if kind == 9 else "complete"
        reports = {int(s): float(f"{rng.normal():.3g}") for s in range(rng.randint(0, 4))} if state == "pruned" else {}
        if state == "pruned" and number % 20 == 3:
            reports[4] = float("nan")
        study.add_trial(
            create_trial(
                state=TrialState[{"failed": "FAIL"}.get(state, state.upper())],
                params=params,
                distributions={name: distributions[name] for name in params},
                values=values if state == "complete" else None,
                intermediate_values=reports,
            )
        )
        last = max(reports) if reports else None
        trials.append(
            {
                "state": state,
                "parameters": params,
                "values": values if state == "complete" else None,
                "lastReport": None if last is None else {"step": last, "value": None if reports[last] != reports[last] else reports[last]},
            }
        )
    sampler = study.sampler
    states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
    known = study.get_trials(deepcopy=False, states=states)
    gamma = default_gamma if len(directions) == 1 else default_gamma_multiobjective
    n = sum(t.state != TrialState.RUNNING for t in known)
    below, above = _split_trials(study, known, gamma(n))
    case = {
        "space": {name: to_json(name, d) for name, d in distributions.items()},
        "directions": directions,
        "trials": trials,
        "below": [t.number for t in below],
        "queries": [],
    }
    for names in queries:
        space = {name: distributions[name] for name in names}
        points = [draw(rng, space, False) for _ in range(6)]
        samples = {name: np.array([d.to_internal_repr(p[name]) for p in points]) for name, d in space.items()}
        query = {"names": names, "points": points}
        for side, members in (("below", below), ("above", above)):
            estimator = sampler._build_parzen_estimator(study, space, members, handle_below=side == "below")
            mixture = estimator._mixture_distribution
            kernels = {
                name: {"means": list(d.mu), "sigmas": list(d.sigma)}
                for name, d in zip(names, mixture.distributions)
                if hasattr(d, "mu")
            }
            query[side] = {
                "weights": list(mixture.weights[:: max(1, len(mixture.weights) // 6)]),
                "kernels": kernels if side == "below" else {},
                "logs": list(estimator.log_pdf(samples)),
            }
        case["queries"].append(query)
    return case


ALL = sorted(MIXED)
CASES = {
    "few trials": build(MIXED, ["minimize"], 14, 1, [ALL]),
    "older trials weigh less": build(PLAIN, ["maximize"], 90, 2, [["x", "y"], ["y"]]),
    "mixed, some still running": build(MIXED, ["minimize"], 27, 3, [ALL, ["layers"], ["act"], ["units"]]),
    "a parameter that only some have": build(CONDITIONAL, ["minimize"], 40, 4, [["lr", "opt"], ["momentum"]], True),
    "two goals": build(PLAIN, ["minimize", "maximize"], 60, 5, [["x"], ["y"]], pruned=False),
    "three goals": build(PLAIN, ["minimize", "maximize", "minimize"], 40, 6, [["x"]], pruned=False),
}
# Twelve digits are enough to tell, and half as long.
print(json.dumps(json.loads(json.dumps(CASES, default=float), parse_float=lambda digits: float(f"{float(digits):.12g}"))))
