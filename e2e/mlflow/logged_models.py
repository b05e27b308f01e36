"""MLflow 3: models that are logged before they are registered, what runs take in and put out, metrics of a model."""

import mlflow
import pandas
from mlflow.entities import LoggedModelInput, LoggedModelOutput, Metric
from story import refused, step, tell, unique


class Tripling(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input * 3


@step
def a_model_of_a_run(client, story):
    story["experiment"] = mlflow.set_experiment(unique("logged models")).experiment_id
    with mlflow.start_run() as run:
        mlflow.log_params({f"p{i}": i for i in range(150)})
        mlflow.log_metric("loss", 0.5, step=3)
        info = mlflow.pyfunc.log_model(name="tripling", python_model=Tripling(), step=3, pip_requirements=[])
    story.update(run=run.info.run_id, model=info.model_id)
    model = mlflow.get_logged_model(info.model_id)
    assert model.status == "READY" and model.name == "tripling" and model.source_run_id == story["run"]
    assert model.artifact_location == f"mlflow-artifacts:/{story['experiment']}/models/{info.model_id}/artifacts"
    assert len(model.params) == 150 and model.params["p149"] == "149"
    outputs = client.get_run(story["run"]).outputs.model_outputs
    assert [(o.model_id, o.step) for o in outputs] == [(info.model_id, 3)]
    assert mlflow.pyfunc.load_model(f"models:/{info.model_id}").predict(14) == 42
    assert mlflow.pyfunc.load_model(f"runs:/{story['run']}/tripling").predict(14) == 42


@step
def metrics_of_a_model(client, story):
    frame = pandas.DataFrame({"x": [1.0, 2.0]})
    data = mlflow.data.from_pandas(frame, name="held back")
    with mlflow.start_run(run_id=story["run"]):
        mlflow.log_metric("accuracy", 0.9, step=1, model_id=story["model"], dataset=data)
        mlflow.log_metrics({"recall": 0.8}, model_id=story["model"])
    client.log_batch(story["run"], [Metric("f1", 0.85, 1_000, 0, model_id=story["model"])])
    metrics = {m.key: m for m in mlflow.get_logged_model(story["model"]).metrics}
    assert metrics["accuracy"].value == 0.9 and metrics["recall"].value == 0.8 and metrics["f1"].value == 0.85
    assert (metrics["accuracy"].dataset_name, metrics["accuracy"].dataset_digest) == ("held back", data.digest)


@step
def by_hand(client, story):
    made = client.create_logged_model(
        story["experiment"], name="by-hand", source_run_id=story["run"], params={"depth": "3"}, tags={"a": "1"},
        model_type="forest",
    )
    assert made.status == "PENDING" and made.model_id.startswith("m-")
    client.set_logged_model_tags(made.model_id, {"a": "2", "b": "3"})
    client.delete_logged_model_tag(made.model_id, "b")
    client.log_model_params(made.model_id, {f"more{i}": str(i) for i in range(120)})
    ready = client.finalize_logged_model(made.model_id, "READY")
    assert ready.status == "READY" and ready.tags["a"] == "2" and "b" not in ready.tags
    assert len(ready.params) == 121 and ready.model_type == "forest"
    with mlflow.start_run() as user:
        client.log_inputs(user.info.run_id, models=[LoggedModelInput(made.model_id)])
        client.log_outputs(user.info.run_id, [LoggedModelOutput(story["model"], 7)])
    got = client.get_run(user.info.run_id)
    assert [i.model_id for i in got.inputs.model_inputs] == [made.model_id]
    assert [(o.model_id, o.step) for o in got.outputs.model_outputs] == [(story["model"], 7)]
    client.delete_logged_model(made.model_id)
    refused("RESOURCE_DOES_NOT_EXIST", client.get_logged_model, made.model_id)


@step
def search(client, story):
    def names(text=None, **more):
        found = client.search_logged_models([story["experiment"]], filter_string=text, **more)
        return [m.name for m in found]

    with mlflow.start_run():
        for number in range(3):
            model = mlflow.initialize_logged_model(name=f"model-{number}", params={"number": str(number)})
            mlflow.log_metric("score", number, model_id=model.model_id)
            mlflow.finalize_logged_model(model.model_id, "READY")
    assert names("metrics.score >= 1", order_by=[{"field_name": "metrics.score", "ascending": False}]) == [
        "model-2", "model-1",
    ]
    assert names("params.number = '0'") == ["model-0"]
    assert names("name = 'tripling'") == ["tripling"]
    assert names(f"source_run_id = '{story['run']}'") == ["tripling"]
    ascending = [{"field_name": "creation_time", "ascending": True}]
    assert names(order_by=ascending) == ["tripling", "model-0", "model-1", "model-2"]
    page = client.search_logged_models([story["experiment"]], max_results=3)
    assert len(page) == 3 and page.token
    assert len(client.search_logged_models([story["experiment"]], max_results=3, page_token=page.token)) == 1
    frame = mlflow.search_logged_models([story["experiment"]])
    assert len(frame) == 4


@step
def registered(client, story):
    name = unique("tripling")
    version = mlflow.register_model(f"models:/{story['model']}", name)
    assert version.run_id == story["run"] and version.source == f"models:/{story['model']}", version
    assert mlflow.pyfunc.load_model(f"models:/{name}/1").predict(14) == 42
    written = mlflow.get_logged_model(story["model"]).tags["mlflow.modelVersions"]
    assert name in written, written
    with mlflow.start_run():
        again = mlflow.pyfunc.log_model(name="again", python_model=Tripling(), registered_model_name=name, pip_requirements=[])
    assert str(again.registered_model_version) == "2"


if __name__ == "__main__":
    tell(__doc__)
