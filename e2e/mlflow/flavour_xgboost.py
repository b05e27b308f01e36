"""XGBoost: autolog with its metrics per round, log_model and load_model with equal predictions."""

import mlflow
import numpy
import xgboost
from sklearn.datasets import load_diabetes
from story import step, tell, unique

frame, target = load_diabetes(return_X_y=True, as_frame=True)


@step
def autolog(client, story):
    mlflow.set_experiment(unique("xgboost"))
    mlflow.xgboost.autolog()
    data = xgboost.DMatrix(frame, target)
    with mlflow.start_run() as run:
        booster = xgboost.train({"max_depth": 3, "eta": 0.3}, data, 20, evals=[(data, "train")], verbose_eval=False)
    mlflow.xgboost.autolog(disable=True)
    got = client.get_run(run.info.run_id)
    assert got.data.params["max_depth"] == "3" and got.data.params["num_boost_round"] == "20"
    history = client.get_metric_history(run.info.run_id, "train-rmse")
    assert [m.step for m in history] == list(range(20)) and history[-1].value < history[0].value
    files = [f.path for f in client.list_artifacts(run.info.run_id)]
    assert any("feature_importance" in path for path in files), files
    back = mlflow.xgboost.load_model(f"runs:/{run.info.run_id}/model")
    assert numpy.array_equal(back.predict(data), booster.predict(data))


@step
def round_trip(client, story):
    model = xgboost.XGBRegressor(n_estimators=15, max_depth=3).fit(frame, target)
    with mlflow.start_run():
        info = mlflow.xgboost.log_model(model, name="trees", input_example=frame.head(2), model_format="json")
    assert numpy.array_equal(mlflow.xgboost.load_model(info.model_uri).predict(frame), model.predict(frame))
    assert numpy.array_equal(mlflow.pyfunc.load_model(info.model_uri).predict(frame), model.predict(frame))


if __name__ == "__main__":
    tell(__doc__)
