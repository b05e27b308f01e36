"""As a user writes it after reading MLflow's documentation: no address, no client, MLFLOW_TRACKING_URI says where."""

import mlflow
import xgboost as xgb
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split

mlflow.xgboost.autolog()

X, y = load_iris(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
dtrain, dtest = xgb.DMatrix(X_train, label=y_train), xgb.DMatrix(X_test, label=y_test)

with mlflow.start_run():
    params = {"objective": "multi:softprob", "num_class": 3, "learning_rate": 0.3, "eval_metric": "mlogloss"}
    model = xgb.train(params, dtrain, num_boost_round=15, evals=[(dtrain, "train")], verbose_eval=False)
    probabilities = model.predict(dtest)
    mlflow.log_metrics(
        {
            "log_loss": log_loss(y_test, probabilities),
            "accuracy": accuracy_score(y_test, probabilities.argmax(axis=1)),
        }
    )
