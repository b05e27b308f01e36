"""LightGBM: autolog with its metrics per round, log_model and load_model with equal predictions."""

import lightgbm
import mlflow
import numpy
from sklearn.datasets import load_diabetes
from story import step, tell, unique

frame, target = load_diabetes(return_X_y=True, as_frame=True)


@step
def autolog(client, story):
    mlflow.set_experiment(unique("lightgbm"))
    mlflow.lightgbm.autolog()
    data = lightgbm.Dataset(frame, target)
    settings = {"objective": "regression", "num_leaves": 7, "verbose": -1}
    with mlflow.start_run() as run:
        booster = lightgbm.train(settings, data, 20, valid_sets=[data], valid_names=["train"])
    mlflow.lightgbm.autolog(disable=True)
    got = client.get_run(run.info.run_id)
    assert got.data.params["num_leaves"] == "7" and got.data.params["objective"] == "regression"
    history = client.get_metric_history(run.info.run_id, "train-l2")
    assert [m.step for m in history] == list(range(20)) and history[-1].value < history[0].value
    back = mlflow.lightgbm.load_model(f"runs:/{run.info.run_id}/model")
    assert numpy.array_equal(back.predict(frame), booster.predict(frame))


@step
def round_trip(client, story):
    model = lightgbm.LGBMRegressor(n_estimators=15, num_leaves=7, verbose=-1).fit(frame, target)
    with mlflow.start_run():
        info = mlflow.lightgbm.log_model(model, name="trees", input_example=frame.head(2))
    assert numpy.array_equal(mlflow.lightgbm.load_model(info.model_uri).predict(frame), model.predict(frame))
    assert numpy.array_equal(mlflow.pyfunc.load_model(info.model_uri).predict(frame), model.predict(frame))


if __name__ == "__main__":
    tell(__doc__)
