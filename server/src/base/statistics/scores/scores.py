"""Scores of the cases on standard input by scikit-learn, as JSON: what scores.slow.test.ts compares with."""

import json
import sys
import warnings

import numpy as np
from sklearn import metrics as m

warnings.filterwarnings("ignore")


def confusion(y, p, w, k):
    labels = list(range(k))
    seen = sorted(set(y) | set(p))
    out = {
        "accuracy": m.accuracy_score(y, p, sample_weight=w),
        "balanced_accuracy": m.balanced_accuracy_score(y, p, sample_weight=w),
        "matthews_corrcoef": m.matthews_corrcoef(y, p, sample_weight=w),
        "cohen_kappa": m.cohen_kappa_score(y, p, labels=labels, sample_weight=w),
    }
    for average in ("macro", "weighted"):
        precision, recall, f1, _ = m.precision_recall_fscore_support(
            y, p, labels=seen, average=average, sample_weight=w, zero_division=0
        )
        out |= {f"precision_{average}": precision, f"recall_{average}": recall, f"f1_{average}": f1}
    return out


def binary(case, w):
    y, s = np.array(case["truth"]).astype(int), np.array(case["score"])
    p = (s >= case["threshold"]).astype(int)
    two = [0, 1]
    both = {"sample_weight": w, "zero_division": 0}
    return confusion(y, p, w, 2) | {
        "precision": m.precision_score(y, p, **both),
        "recall": m.recall_score(y, p, **both),
        "f1": m.f1_score(y, p, **both),
        "f2": m.fbeta_score(y, p, beta=2, **both),
        "f_half": m.fbeta_score(y, p, beta=0.5, **both),
        "jaccard": m.jaccard_score(y, p, **both),
        "specificity": m.recall_score(y, p, pos_label=0, **both),
        "negative_predictive_value": m.precision_score(y, p, pos_label=0, **both),
        "log_loss": m.log_loss(y, s, labels=two, sample_weight=w),
        "d2_log_loss": m.d2_log_loss_score(y, s, labels=two, sample_weight=w) if len(set(y)) == 2 else float("nan"),
        "d2_brier": m.d2_brier_score(y, s, labels=two, pos_label=1, sample_weight=w) if len(set(y)) == 2 else float("nan"),
        "brier": m.brier_score_loss(y, s, labels=two, pos_label=1, sample_weight=w),
        "roc_auc": m.roc_auc_score(y, s, sample_weight=w) if len(set(y)) == 2 else float("nan"),
        "average_precision": m.average_precision_score(y, s, sample_weight=w),
    }


def regression(case, w):
    y, p = np.array(case["truth"]), np.array(case["prediction"])
    out = {
        "mae": m.mean_absolute_error(y, p, sample_weight=w),
        "mse": m.mean_squared_error(y, p, sample_weight=w),
        "rmse": m.root_mean_squared_error(y, p, sample_weight=w),
        "median_absolute_error": m.median_absolute_error(y, p, sample_weight=w),
        "mape": m.mean_absolute_percentage_error(y, p, sample_weight=w),
        "r2": m.r2_score(y, p, sample_weight=w),
        "explained_variance": m.explained_variance_score(y, p, sample_weight=w),
        "pinball_10": m.mean_pinball_loss(y, p, alpha=0.1, sample_weight=w),
        "pinball_90": m.mean_pinball_loss(y, p, alpha=0.9, sample_weight=w),
    }
    if w is None:
        out["max_error"] = m.max_error(y, p)
    if y.min() > -1 and p.min() > -1:
        out["msle"] = m.mean_squared_log_error(y, p, sample_weight=w)
    return out


def classes(case, w):
    y, p, k = np.array(case["truth"]).astype(int), np.array(case["called"]).astype(int), case["classes"]
    probabilities = np.array(case["probabilities"]).T
    out = confusion(y, p, w, k)
    out["log_loss"] = m.log_loss(y, probabilities, labels=list(range(k)), sample_weight=w)
    for top in (2, 3):
        if top < k:
            out[f"top_{top}_accuracy"] = m.top_k_accuracy_score(
                y, probabilities, k=top, labels=list(range(k)), sample_weight=w
            )
    return out


def score(case):
    w = np.array(case["weights"]) if case["weights"] else None
    found = {"binary": binary, "regression": regression, "classes": classes}[case["kind"]](case, w)
    return {name: None if np.isnan(value) else float(value) for name, value in found.items()}


print(json.dumps([score(case) for case in json.load(sys.stdin)]))
