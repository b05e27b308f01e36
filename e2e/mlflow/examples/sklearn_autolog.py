"""As a user writes it after reading MLflow's documentation: no address, no client, MLFLOW_TRACKING_URI says where."""

import mlflow
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split

mlflow.autolog()

X_train, X_test, y_train, y_test = train_test_split(*load_diabetes(return_X_y=True), random_state=0)

model = RandomForestRegressor(n_estimators=50, max_depth=6, max_features=3, random_state=0)
model.fit(X_train, y_train)
predictions = model.predict(X_test)
