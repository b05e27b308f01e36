"""Boosted trees on scikit-learn's diabetes data, watched round by round. `mlflow.autolog()` is all that speaks of
tracking."""

import mlflow
import xgboost
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

mlflow.autolog()

X, y = load_diabetes(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
learn, watch = xgboost.DMatrix(X_train, y_train), xgboost.DMatrix(X_test, y_test)

settings = {"max_depth": 3, "eta": 0.1, "eval_metric": "rmse", "seed": 0}
xgboost.train(settings, learn, num_boost_round=40, evals=[(learn, "train"), (watch, "valid")], verbose_eval=10)
