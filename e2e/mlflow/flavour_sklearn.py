"""scikit-learn: autolog, log_model and load_model with equal predictions, signatures and input examples."""

import mlflow
import numpy
from mlflow.models import infer_signature
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.model_selection import GridSearchCV
from story import is_mlflow_3, step, tell, unique

frame, target = load_diabetes(return_X_y=True, as_frame=True)


@step
def autolog(client, story):
    story["experiment"] = mlflow.set_experiment(unique("scikit-learn")).experiment_id
    mlflow.sklearn.autolog()
    with mlflow.start_run() as run:
        model = RandomForestRegressor(n_estimators=10, max_depth=4, random_state=1).fit(frame, target)
    mlflow.sklearn.autolog(disable=True)
    got = client.get_run(run.info.run_id)
    assert got.info.status == "FINISHED" and got.data.params["n_estimators"] == "10", got.data.params
    assert {"training_r2_score", "training_mean_absolute_error"} <= set(got.data.metrics), got.data.metrics
    assert got.data.tags["estimator_name"] == "RandomForestRegressor"
    assert got.inputs.dataset_inputs, "autolog names what was trained on"
    back = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert numpy.array_equal(back.predict(frame), model.predict(frame))


@step
def autolog_of_a_search(client, story):
    """A grid search logs its best children as nested runs."""
    mlflow.sklearn.autolog(max_tuning_runs=3, log_models=False)
    with mlflow.start_run() as run:
        search = GridSearchCV(RandomForestRegressor(random_state=1), {"n_estimators": [2, 3, 4]}, cv=2)
        search.fit(frame, target)
    mlflow.sklearn.autolog(disable=True)
    children = client.search_runs(
        [story["experiment"]], f"tags.mlflow.parentRunId = '{run.info.run_id}'", order_by=["metrics.rank_test_score"]
    )
    assert len(children) == 3, children
    best = client.get_run(run.info.run_id).data.params["best_n_estimators"]
    assert best == str(search.best_params_["n_estimators"])


@step
def round_trip(client, story):
    labels = target > target.mean()
    model = RandomForestClassifier(n_estimators=10, random_state=1).fit(frame, labels)
    with mlflow.start_run() as run:
        words = {"name": "forest"} if is_mlflow_3 else {"artifact_path": "forest"}
        info = mlflow.sklearn.log_model(
            model,
            signature=infer_signature(frame, model.predict(frame)),
            input_example=frame.head(3),
            pyfunc_predict_fn="predict_proba",
            serialization_format="cloudpickle",
            registered_model_name=unique("forest"),
            **words,
        )
    native = mlflow.sklearn.load_model(info.model_uri)
    assert numpy.array_equal(native.predict_proba(frame), model.predict_proba(frame))
    generic = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/forest")
    assert numpy.array_equal(generic.predict(frame), model.predict_proba(frame))
    assert generic.metadata.signature.inputs.input_names() == list(frame.columns)


if __name__ == "__main__":
    tell(__doc__)
