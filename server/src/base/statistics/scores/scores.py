"""Scores of the cases on standard input by scikit-learn, as JSON: what scores.slow.test.ts compares with."""

import itertools
import json
import sys
import warnings

import numpy as np
from sklearn import metrics as m
from sklearn.calibration import calibration_curve

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
    return confusion(y, p, w, 2) | (brier_parts(y, s) if w is None else {}) | {
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


def brier_parts(y, s):
    """Murphy's parts over the bins of scikit-learn's calibration_curve, of rows that weigh alike."""
    happened, said = calibration_curve(y, s, n_bins=10, strategy="uniform")
    bins = np.searchsorted(np.linspace(0.0, 1.0, 11)[1:-1], s)
    held = np.bincount(bins, minlength=10)
    held, rate = held[held > 0] / len(y), y.mean()
    return {
        "brier_reliability": (held * (said - happened) ** 2).sum(),
        "brier_resolution": (held * (happened - rate) ** 2).sum(),
        "brier_uncertainty": rate * (1 - rate),
    }


def labels(case, w):
    y, p, s = (np.array(case[name]).T for name in ("truth", "called", "scores"))
    y, p, weighted = y.astype(int), p.astype(int), {"sample_weight": w}
    out = {
        "hamming_loss": m.hamming_loss(y, p, **weighted),
        "subset_accuracy": m.accuracy_score(y, p, **weighted),
        "label_ranking_average_precision": m.label_ranking_average_precision_score(y, s, **weighted),
        "coverage_error": m.coverage_error(y, s, **weighted),
        "ranking_loss": m.label_ranking_loss(y, s, **weighted),
    }
    for average in ("micro", "macro", "weighted", "samples"):
        both = {"average": average, "zero_division": 0, **weighted}
        precision, recall, f1, _ = m.precision_recall_fscore_support(y, p, **both)
        out |= {f"precision_{average}": precision, f"recall_{average}": recall, f"f1_{average}": f1}
        out[f"jaccard_{average}"] = m.jaccard_score(y, p, **both)
    return out


def over_orders(gain, score, of):
    """Mean of a figure over all orders of the rows that have one score."""
    found = []
    for order in itertools.permutations(range(len(gain))):
        ranked = score[list(order)]
        if np.all(ranked[:-1] >= ranked[1:]):
            found.append(of(gain[list(order)] > 0))
    return np.mean(found)


def average_precision(k):
    def of(hits):
        places = np.flatnonzero(hits[:k]) + 1
        return (np.arange(1, len(places) + 1) / places).sum() / min(hits.sum(), k)

    return of


def ranking(case, w):
    query, gain, score = (np.array(case[name]) for name in ("query", "gain", "score"))
    each = []
    for one in np.unique(query):
        g, s = gain[query == one], score[query == one]
        out = {"ndcg": m.ndcg_score([g], [s]), "dcg": m.dcg_score([g], [s])}
        whole = len(g)
        of = {"map": average_precision(whole), "mrr": lambda hits: 1 / (np.flatnonzero(hits)[0] + 1)}
        for k in case["cutoffs"]:
            out |= {f"ndcg_at_{k}": m.ndcg_score([g], [s], k=k), f"dcg_at_{k}": m.dcg_score([g], [s], k=k)}
            of |= {
                f"map_at_{k}": average_precision(k),
                f"precision_at_{k}": lambda hits, k=k: hits[:k].sum() / k,
                f"recall_at_{k}": lambda hits, k=k: hits[:k].sum() / hits.sum(),
            }
        if not (g > 0).any():
            out |= {name: 0.0 for name in of}
        elif len(set(s)) == whole:
            hits = g[np.argsort(-s)] > 0
            out |= {name: figure(hits) for name, figure in of.items()}
            assert np.isclose(out["map"], m.average_precision_score(g > 0, s))
        else:
            out |= {name: over_orders(g, s, figure) for name, figure in of.items()}
        each.append(out)
    return {name: np.mean([out[name] for out in each]) for name in each[0]}


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
    if len(set(y)) == k:
        out["roc_auc_ovr"] = m.roc_auc_score(
            y, probabilities, multi_class="ovr", labels=list(range(k)), sample_weight=w
        )
    for top in (2, 3):
        if top < k:
            out[f"top_{top}_accuracy"] = m.top_k_accuracy_score(
                y, probabilities, k=top, labels=list(range(k)), sample_weight=w
            )
    return out


def score(case):
    w = np.array(case["weights"]) if case["weights"] else None
    found = {"binary": binary, "regression": regression, "classes": classes, "labels": labels, "ranking": ranking}[case["kind"]](case, w)
    return {name: None if np.isnan(value) else float(value) for name, value in found.items()}


print(json.dumps([score(case) for case in json.load(sys.stdin)]))
