"""What Optuna's pruners decide on streams of reports: optuna_pruners.py STREAMS TRIALS.

Prints one JSON object: for each pruner and stream the decisions as text, 1 for "stop". The streams are made by integer arithmetic
alone, so that another language makes the same ones (server/src/training/sweeps/search/pruners/streams-testing.ts).
"""

import json
import sys
import warnings

import optuna
from optuna.pruners import HyperbandPruner, MedianPruner, PatientPruner, PercentilePruner, SuccessiveHalvingPruner
from optuna.trial import TrialState

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)

PRUNERS = {
    "median": lambda: MedianPruner(),
    "median late": lambda: MedianPruner(n_startup_trials=2, n_warmup_steps=4, interval_steps=3),
    "percentile": lambda: PercentilePruner(25.0),
    "asha": lambda: SuccessiveHalvingPruner(),
    "asha early": lambda: SuccessiveHalvingPruner(min_resource=1, reduction_factor=3, min_early_stopping_rate=1),
    "hyperband": lambda: HyperbandPruner(),
    "hyperband bounded": lambda: HyperbandPruner(min_resource=2, max_resource=27, reduction_factor=2),
    "patient": lambda: PatientPruner(None, patience=2),
    "patient median": lambda: PatientPruner(MedianPruner(), patience=1, min_delta=0.01),
    "patient asha": lambda: PatientPruner(SuccessiveHalvingPruner(min_resource=1), patience=0),
}
STEPS = 27
LANES = 4


class Chance:
    """Numerical Recipes' generator modulo 2^32, high bits."""

    def __init__(self, seed):
        self.state = seed * 7919 + 1

    def below(self, n):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return (self.state >> 8) % n


def play(pruner, stream, trials):
    """Four trials at a time report in turn; odd streams are maximized, every third one has coarse values that tie."""
    chance = Chance(stream)
    direction = "maximize" if stream % 2 else "minimize"
    study = optuna.create_study(study_name=f"stream-{stream}", direction=direction, pruner=pruner())
    coarse = stream % 3 == 0
    lanes, asked, decisions = [], 0, []
    while asked < trials or lanes:
        while len(lanes) < LANES and asked < trials:
            lanes.append([study.ask(), 0, chance.below(1024) / 1024, chance.below(2048) / 1024])
            asked += 1
        lane = lanes[chance.below(len(lanes))]
        trial, step, level, drop = lane
        value = level + drop / (1 + step) + chance.below(256) / 2048
        if direction == "maximize":
            value = -value
        if coarse:
            value = int(value * 8) / 8
        kind = chance.below(100)
        if kind == 0:
            value = float("nan")
        trial.report(value, step)
        stop = trial.should_prune()
        decisions.append("1" if stop else "0")
        lane[1] = step + 1 + (chance.below(3) if kind < 10 else 0)
        if kind == 99:
            study.tell(trial, state=TrialState.FAIL)
        elif stop:
            study.tell(trial, state=TrialState.PRUNED)
        elif lane[1] >= STEPS:
            study.tell(trial, 1.0)
        else:
            continue
        lanes.remove(lane)
    return "".join(decisions)


streams, trials = int(sys.argv[1]), int(sys.argv[2])
print(json.dumps({name: [play(pruner, stream, trials) for stream in range(streams)] for name, pruner in PRUNERS.items()}))
