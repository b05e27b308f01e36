"""A forest on scikit-learn's diabetes data, as a notebook has it. `mlflow.autolog()` is all that speaks of tracking."""

import mlflow
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split

mlflow.autolog()

X, y = load_diabetes(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

model = RandomForestRegressor(n_estimators=50, max_depth=6, random_state=0)
model.fit(X_train, y_train)
print("R² on unseen patients:", model.score(X_test, y_test))
