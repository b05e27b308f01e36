"""Metrics of binary predictions by scikit-learn: python evaluation.py TABLE.parquet ROUNDS

Prints one JSON object: every metric of all rows, seconds of one pass over them, of each bootstrap round (rows drawn, the same metrics
again) and of the metrics of all slices, once, without intervals. Imports and the Parquet read are not counted.
"""

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
from sklearn import metrics as m

warnings.filterwarnings("ignore")
table, rounds = sys.argv[1], int(sys.argv[2])
rows = pd.read_parquet(table)
truth, score = rows["bought"].to_numpy(), rows["score"].to_numpy()


def called(truth, score):
    """What a threshold and a confusion matrix give."""
    call = (score >= 0.5).astype(np.int64)
    plus, minus = m.class_likelihood_ratios(truth, call)
    return {
        "accuracy": m.accuracy_score(truth, call),
        "balanced_accuracy": m.balanced_accuracy_score(truth, call),
        "matthews_corrcoef": m.matthews_corrcoef(truth, call),
        "cohen_kappa": m.cohen_kappa_score(truth, call),
        "precision": m.precision_score(truth, call),
        "recall": m.recall_score(truth, call),
        "f1": m.f1_score(truth, call),
        "f2": m.fbeta_score(truth, call, beta=2),
        "f_half": m.fbeta_score(truth, call, beta=0.5),
        "jaccard": m.jaccard_score(truth, call),
        "precision_macro": m.precision_score(truth, call, average="macro"),
        "recall_macro": m.recall_score(truth, call, average="macro"),
        "f1_macro": m.f1_score(truth, call, average="macro"),
        "precision_weighted": m.precision_score(truth, call, average="weighted"),
        "recall_weighted": m.recall_score(truth, call, average="weighted"),
        "f1_weighted": m.f1_score(truth, call, average="weighted"),
        "specificity": m.recall_score(truth, call, pos_label=0),
        "negative_predictive_value": m.precision_score(truth, call, pos_label=0),
        "false_positive_rate": 1 - m.recall_score(truth, call, pos_label=0),
        "false_negative_rate": 1 - m.recall_score(truth, call),
        "positive_likelihood_ratio": plus,
        "negative_likelihood_ratio": minus,
        "prevalence": float(truth.mean()),
        "predicted_positive_rate": float(call.mean()),
    }


def scored(truth, score):
    """What the scores themselves give."""
    low, high, _ = m.roc_curve(truth, score)
    return {
        "roc_auc": m.roc_auc_score(truth, score),
        "average_precision": m.average_precision_score(truth, score),
        "ks": float(np.max(high - low)),
        "log_loss": m.log_loss(truth, score),
        "d2_log_loss": m.d2_log_loss_score(truth, score),
        "brier": m.brier_score_loss(truth, score),
    }


def every(truth, score):
    return {**called(truth, score), **scored(truth, score)}


def timed(work):
    started = time.perf_counter()
    found = work()
    return found, time.perf_counter() - started


found, once = timed(lambda: every(truth, score))
random = np.random.default_rng(1)
seconds = []
for _ in range(rounds):
    def draw():
        places = random.integers(0, len(truth), len(truth))
        return every(truth[places], score[places])

    seconds.append(timed(draw)[1])


def sliced():
    names = [name for name in rows.columns if name.startswith("s") and name != "score"]
    return sum(
        1
        for name in names
        for _, part in rows.groupby(name)
        if every(part["bought"].to_numpy(), part["score"].to_numpy())
    )


slices, slice_seconds = timed(sliced)
print(json.dumps({"metrics": found, "once": once, "rounds": seconds, "slices": slices, "sliceSeconds": slice_seconds}))
