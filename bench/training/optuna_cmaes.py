"""How cmaes, behind Optuna's CMA-ES, moves its distribution on given solutions.

Prints JSON, which server/src/training/sweeps/search/cma-es/cma-es.test.ts holds against ours.
"""

import json

import cmaes
import numpy as np


def evolve(n, generations):
    rng = np.random.RandomState(n)
    optimizer = cmaes.CMA(mean=np.full(n, 0.5), sigma=1 / 6)
    told = []
    for _ in range(generations):
        solutions = []
        for _ in range(optimizer.population_size):
            x = np.round(rng.uniform(0, 1, n), 4)
            solutions.append((x, float(np.round(np.sum(np.arange(1, n + 1) * (x - 0.3) ** 2), 6))))
        optimizer.tell(list(solutions))
        told.append([{"x": list(x), "loss": loss} for x, loss in solutions])
    covariance = [list(row) for row in optimizer._C]
    return {"generations": told, "mean": list(optimizer.mean), "sigma": optimizer._sigma, "covariance": covariance}


print(json.dumps([evolve(1, 3), evolve(3, 6)], default=float))
