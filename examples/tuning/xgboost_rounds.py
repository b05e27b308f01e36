"""The boosted trees of examples/training with what is to be tuned as options."""

import argparse

import mlflow
import xgboost
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser()
parser.add_argument("--max_depth", type=int, default=3)
parser.add_argument("--eta", type=float, default=0.1)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()

mlflow.autolog(log_models=False)

X, y = load_diabetes(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
learn, watch = xgboost.DMatrix(X_train, y_train), xgboost.DMatrix(X_test, y_test)

# Autologging logs valid-rmse after each round: what a pruner looks at.
xgboost.train(
    {**vars(options), "eval_metric": "rmse"},
    learn,
    num_boost_round=40,
    evals=[(learn, "train"), (watch, "valid")],
    verbose_eval=10,
)
