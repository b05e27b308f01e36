"""Optuna's side of `npm run bench -- training-search`: optuna_search.py quality SAMPLER FIRST_SEED SEEDS FUNCTION... | cost.

The functions and spaces are those of functions.ts.
"""

import json
import math
import sys
import time
import warnings

import optuna
from optuna.samplers import CmaEsSampler, TPESampler

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)

CENTERS = [
    [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
    [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
    [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
    [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
]
SCALES = [
    [10, 3, 17, 3.5, 1.7, 8],
    [0.05, 10, 17, 0.1, 8, 14],
    [3, 3.5, 1.7, 10, 17, 8],
    [17, 8, 0.05, 10, 0.1, 14],
]


def cube(n, low, high):
    return lambda t: [t.suggest_float(f"x{i}", low, high) for i in range(n)]


def branin_space(t):
    return [t.suggest_float("x0", -5, 10), t.suggest_float("x1", 0, 15)]


def rosenbrock(x):
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in zip(x, x[1:]))


def ackley(x):
    n = len(x)
    bowl = -20 * math.exp(-0.2 * math.sqrt(sum(a * a for a in x) / n))
    return bowl - math.exp(sum(math.cos(2 * math.pi * a) for a in x) / n) + 20 + math.e


def rastrigin(x):
    return 10 * len(x) + sum(a * a - 10 * math.cos(2 * math.pi * a) for a in x)


def branin(x):
    a, b = x
    bend = (b - 5.1 / (4 * math.pi**2) * a**2 + 5 / math.pi * a - 6) ** 2
    return bend + 10 * (1 - 1 / (8 * math.pi)) * math.cos(a) + 10


def hartmann(x):
    distances = [sum(s * (a - c) ** 2 for s, c, a in zip(S, C, x)) for S, C in zip(SCALES, CENTERS)]
    return -sum(w * math.exp(-d) for w, d in zip([1, 1.2, 3, 3.2], distances))


def mixed_space(t):
    return [
        t.suggest_categorical("act", ["relu", "tanh", "elu"]),
        t.suggest_float("dropout", 0, 0.5, step=0.05),
        t.suggest_int("layers", 1, 8),
        t.suggest_float("lr", 1e-5, 0.1, log=True),
        t.suggest_int("units", 8, 512, log=True),
    ]


def mixed(x):
    act, dropout, layers, lr, units = x
    numbers = 10 * (dropout - 0.2) ** 2 + (layers - 4) ** 2 / 16 + (math.log10(lr) + 2.5) ** 2 / 4
    return {"relu": 0.3, "tanh": 0, "elu": 0.6}[act] + numbers + (math.log2(units) - 6) ** 2 / 9


FUNCTIONS = {
    "sphere": (cube(5, -5, 5), lambda x: sum(a * a for a in x)),
    "rosenbrock": (cube(5, -2, 2), rosenbrock),
    "ackley": (cube(5, -5, 5), ackley),
    "rastrigin": (cube(5, -5, 5), rastrigin),
    "branin": (branin_space, branin),
    "hartmann6": (cube(6, 0, 1), hartmann),
    "mixed": (mixed_space, mixed),
}
SAMPLERS = {"tpe": TPESampler, "cma-es": CmaEsSampler}


def search(name, sampler, seed):
    """The least value after 50 and after 100 trials."""
    space, function = FUNCTIONS[name]
    study = optuna.create_study(sampler=SAMPLERS[sampler](seed=seed))
    study.optimize(lambda trial: function(space(trial)), n_trials=100)
    values = [trial.value for trial in study.trials]
    return [min(values[:50]), min(values)]


def cost(name):
    """Milliseconds of processor time of ask, suggest and tell where 1,000 trials have ended, in memory."""
    space, function = FUNCTIONS[name]
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: function(space(trial)), n_trials=1000)
    study.sampler = TPESampler(seed=0)
    started = time.process_time()
    for _ in range(100):
        trial = study.ask()
        study.tell(trial, function(space(trial)))
    return (time.process_time() - started) * 1000 / 100


if sys.argv[1] == "cost":
    print(json.dumps({name: cost(name) for name in ("sphere", "mixed")}))
else:
    sampler, first, count = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    print(json.dumps({name: [search(name, sampler, first + i) for i in range(count)] for name in sys.argv[5:]}))
