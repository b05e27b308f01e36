"""mlflow.models.evaluate: metrics, plots and tables on the run, the data it was judged on, thresholds."""

import mlflow
import pandas
from mlflow.exceptions import MlflowException
from mlflow.metrics import MetricValue, make_metric
from mlflow.models import MetricThreshold
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from story import is_mlflow_3, step, tell, unique

frame, target = load_diabetes(return_X_y=True, as_frame=True)
data = frame.assign(target=target)


@step
def of_a_model(client, story):
    mlflow.set_experiment(unique("evaluation"))
    model = LinearRegression().fit(frame, target)
    within = make_metric(
        eval_fn=lambda predictions, targets: float((abs(predictions - targets) < 50).mean()),
        greater_is_better=True,
        name="within_50",
    )
    with mlflow.start_run() as run:
        words = {"name": "line"} if is_mlflow_3 else {"artifact_path": "line"}
        uri = mlflow.sklearn.log_model(model, serialization_format="cloudpickle", **words).model_uri
        result = mlflow.models.evaluate(
            uri,
            data,
            targets="target",
            model_type="regressor",
            extra_metrics=[within],
            evaluator_config={"log_model_explainability": False},
        )
    got = client.get_run(run.info.run_id)
    assert abs(got.data.metrics["r2_score"] - model.score(frame, target)) < 1e-9
    assert got.data.metrics["within_50"] == result.metrics["within_50"] > 0.3
    assert got.inputs.dataset_inputs, "what it was judged on is an input of the run"
    story["result"] = result


@step
def of_a_table(client, story):
    table = pandas.DataFrame({"question": ["a", "b"], "answer": ["yes", "no"], "prediction": ["yes", "yes"]})
    def compared(predictions, targets):
        scores = [float(p == t) for p, t in zip(predictions, targets)]
        return MetricValue(scores=scores, aggregate_results={"mean": sum(scores) / len(scores)})

    exact = make_metric(eval_fn=compared, greater_is_better=True, name="exact")
    with mlflow.start_run() as run:
        result = mlflow.models.evaluate(
            data=table, predictions="prediction", targets="answer", extra_metrics=[exact]
        )
    assert client.get_run(run.info.run_id).data.metrics == {"exact/mean": 0.5} == result.metrics
    files = [f.path for f in client.list_artifacts(run.info.run_id)]
    assert files == ["eval_results_table.json"], files
    back = mlflow.load_table("eval_results_table.json", run_ids=[run.info.run_id])
    assert back["prediction"].tolist() == ["yes", "yes"]
    assert back["exact/score"].tolist() == [1.0, 0.0]


@step
def thresholds(client, story):
    mlflow.validate_evaluation_results(
        {"r2_score": MetricThreshold(threshold=0.3, greater_is_better=True)}, story["result"]
    )
    try:
        mlflow.validate_evaluation_results(
            {"r2_score": MetricThreshold(threshold=0.99, greater_is_better=True)}, story["result"]
        )
    except MlflowException:
        return
    raise AssertionError("a threshold that was not met was not said")


if __name__ == "__main__":
    tell(__doc__)
