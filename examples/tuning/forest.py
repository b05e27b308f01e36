"""The forest of examples/training with what is to be tuned as options: that is all a sweep needs of a script."""

import argparse

import mlflow
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser()
parser.add_argument("--max_depth", type=int, default=6)
parser.add_argument("--max_features", type=float, default=1.0)
parser.add_argument("--min_samples_leaf", type=int, default=1)
parser.add_argument("--seed", dest="random_state", type=int, default=0)
parser.add_argument("--keep", action="store_true", help="log the model too, which takes a few seconds")
options = vars(parser.parse_args())

mlflow.autolog(log_models=options.pop("keep"))

X, y = load_diabetes(return_X_y=True, as_frame=True)
X_train, X_valid, y_train, y_valid = train_test_split(X, y, random_state=0)

model = RandomForestRegressor(n_estimators=50, **options)
model.fit(X_train, y_train)
# Autologging logs this as RandomForestRegressor_score_X_valid, into the run of the trial.
print("R² on unseen patients:", model.score(X_valid, y_valid))
