"""Scores, folds and importances of the cases on standard input by scikit-learn, as JSON: what forecast-scores.slow.test.ts compares with."""

import json
import sys
import warnings

import numpy as np
from sklearn import metrics as m
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import TimeSeriesSplit

warnings.filterwarnings("ignore")


def quantiles(case):
    y = np.array(case["truth"])
    return {
        f"quantile_loss_{round(100 * level)}": m.mean_pinball_loss(y, values, alpha=level)
        for level, values in case["quantiles"]
    }


def folds(case):
    split = TimeSeriesSplit(case["folds"], test_size=case["horizon"], gap=case["gap"], max_train_size=case["trainTimes"])
    return [
        [int(train[0]), int(train[-1]) + 1, int(test[0]), int(test[-1]) + 1]
        for train, test in split.split(np.zeros((case["times"], 1)))
    ]


def importance(case):
    x, y = np.array(case["columns"]).T, np.array(case["truth"])
    model = LinearRegression().fit(x, y)
    found = permutation_importance(model, x, y, scoring="neg_mean_absolute_error", n_repeats=5, random_state=case["seed"])
    # The orders that scikit-learn draws: the same for each column; each repeat shuffles what the last one left.
    seed = np.random.RandomState(case["seed"]).randint(np.iinfo(np.int32).max + 1)
    state = np.random.RandomState(seed)
    order, now, orders = np.arange(len(y)), np.arange(len(y)), []
    for _ in range(5):
        state.shuffle(order)
        now = now[order]
        orders.append(now.tolist())
    return {
        "coefficients": model.coef_.tolist(),
        "intercept": float(model.intercept_),
        "orders": orders,
        "means": found.importances_mean.tolist(),
        "deviations": found.importances_std.tolist(),
    }


kinds = {each.__name__: each for each in (quantiles, folds, importance)}
print(json.dumps([kinds[case["kind"]](case) for case in json.load(sys.stdin)]))
