"""Experiments and runs: created, nested, resumed, deleted, restored; parameters, metrics with their histories, tags.
"""

import math

import mlflow
from mlflow.entities import Metric, Param, RunTag, ViewType
from story import refused, step, tell, unique


@step
def default_experiment(client, story):
    default = client.get_experiment("0")
    assert default.name == "Default" and default.lifecycle_stage == "active", default
    assert default.artifact_location == "mlflow-artifacts:/0", default.artifact_location


@step
def set_experiment(client, story):
    name = unique("forecast")
    created = mlflow.set_experiment(name)
    assert mlflow.set_experiment(name).experiment_id == created.experiment_id
    assert mlflow.set_experiment(experiment_id=created.experiment_id).name == name
    refused("RESOURCE_ALREADY_EXISTS", client.create_experiment, name)
    story.update(name=name, experiment=created.experiment_id)


@step
def log_everything(client, story):
    with mlflow.start_run(run_name="first", description="a note", tags={"team": "blue"}) as run:
        assert mlflow.log_param("alpha", 0.5) == 0.5
        mlflow.log_params({"depth": 3, "kind": "ridge", "empty": ""})
        mlflow.log_metric("loss", 2.0, step=0)
        mlflow.log_metric("loss", 1.0, step=1)
        mlflow.log_metrics({"mae": 0.25, "nan": math.nan, "up": math.inf}, step=3)
        mlflow.set_tag("stage", "try")
        mlflow.set_tags({"a b": "1", "unicode": "größe ✓"})
        story["run"] = run.info.run_id
    got = client.get_run(story["run"])
    assert got.info.status == "FINISHED" and got.info.end_time >= got.info.start_time
    assert got.info.run_name == got.data.tags["mlflow.runName"] == "first"
    assert got.data.params == {"alpha": "0.5", "depth": "3", "kind": "ridge", "empty": ""}, got.data.params
    assert got.data.metrics["loss"] == 1.0 and got.data.metrics["mae"] == 0.25
    assert math.isnan(got.data.metrics["nan"]) and got.data.metrics["up"] > 1e308
    assert got.data.tags["unicode"] == "größe ✓" and got.data.tags["mlflow.note.content"] == "a note"


@step
def parameters_stay(client, story):
    client.log_param(story["run"], "alpha", "0.5")
    refused("INVALID_PARAMETER_VALUE", client.log_param, story["run"], "alpha", "0.6")
    refused("INVALID_PARAMETER_VALUE", client.log_param, story["run"], "../alpha", "1")


@step
def metric_history(client, story):
    for number in range(5):
        client.log_metric(story["run"], "curve", number * number, timestamp=1000 + number, step=number)
    client.log_metric(story["run"], "curve", 16, timestamp=1004, step=4)
    client.log_metric(story["run"], "curve", -1, timestamp=999, step=2)
    history = client.get_metric_history(story["run"], "curve")
    assert [(m.timestamp, m.step, m.value) for m in history] == [
        (999, 2, -1), (1000, 0, 0), (1001, 1, 1), (1002, 2, 4), (1003, 3, 9), (1004, 4, 16),
    ], history
    assert client.get_run(story["run"]).data.metrics["curve"] == 16
    assert math.isnan(client.get_metric_history(story["run"], "nan")[0].value)
    assert client.get_metric_history(story["run"], "none") == []


@step
def log_batch(client, story):
    run = client.create_run(story["experiment"], run_name="batch").info.run_id
    metrics = [Metric(f"m{i % 10}", float(i), 1_000 + i, i) for i in range(2_500)]
    params = [Param(f"p{i}", str(i)) for i in range(150)]
    tags = [RunTag(f"t{i}", str(i)) for i in range(150)]
    # The client cuts it into requests of at most a thousand metrics and a hundred parameters or tags.
    client.log_batch(run, metrics, params, tags)
    with mlflow.start_run(run_id=run):
        mlflow.log_params({p.key: p.value for p in params})
        mlflow.set_tags({t.key: t.value for t in tags})
    got = client.get_run(run)
    assert len(got.data.params) == 150 and len(got.data.metrics) == 10
    assert got.data.metrics["m9"] == 2499.0
    assert len(client.get_metric_history(run, "m3")) == 250


@step
def history_in_pages(client, story):
    run = client.create_run(story["experiment"], run_name="pages").info.run_id
    count = 30_000
    for start in range(0, count, 10_000):
        client.log_batch(run, [Metric("long", i / 2, 5_000 + i, i) for i in range(start, start + 10_000)])
    # The client asks for pages of 25,000.
    history = client.get_metric_history(run, "long")
    assert [m.step for m in history] == list(range(count)) and history[-1].value == (count - 1) / 2


@step
def resumed_run(client, story):
    with mlflow.start_run(run_name="interrupted") as run:
        mlflow.log_metric("loss", 3, step=0)
    with mlflow.start_run(run_id=run.info.run_id) as again:
        assert again.info.run_id == run.info.run_id
        assert client.get_run(run.info.run_id).info.status == "RUNNING"
        mlflow.log_metric("loss", 2, step=1)
    got = client.get_run(run.info.run_id)
    assert got.info.status == "FINISHED" and got.data.metrics["loss"] == 2
    assert [m.step for m in client.get_metric_history(run.info.run_id, "loss")] == [0, 1]


@step
def nested_runs(client, story):
    with mlflow.start_run(run_name="parent") as parent:
        for number in range(3):
            with mlflow.start_run(run_name=f"child {number}", nested=True):
                mlflow.log_metric("score", number)
                mlflow.log_param("number", number)
    story["parent"] = parent.info.run_id
    children = mlflow.search_runs(
        [story["experiment"]],
        filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
        order_by=["metrics.score DESC"],
        output_format="list",
    )
    assert [c.data.metrics["score"] for c in children] == [2, 1, 0]
    assert client.get_parent_run(children[0].info.run_id).info.run_id == parent.info.run_id


@step
def failed_run(client, story):
    try:
        with mlflow.start_run(run_name="broken") as run:
            raise ValueError("as planned")
    except ValueError:
        pass
    assert client.get_run(run.info.run_id).info.status == "FAILED"
    client.set_terminated(run.info.run_id, "KILLED")
    assert client.get_run(run.info.run_id).info.status == "KILLED"


@step
def delete_and_restore_run(client, story):
    experiment, run = [story["experiment"]], story["parent"]
    client.delete_run(run)
    assert client.get_run(run).info.lifecycle_stage == "deleted"
    refused("INVALID_PARAMETER_VALUE", client.log_metric, run, "x", 1)
    assert run not in [r.info.run_id for r in client.search_runs(experiment)]
    deleted = client.search_runs(experiment, run_view_type=ViewType.DELETED_ONLY)
    assert [r.info.run_id for r in deleted] == [run]
    assert run in [r.info.run_id for r in client.search_runs(experiment, run_view_type=ViewType.ALL)]
    client.restore_run(run)
    assert client.get_run(run).info.lifecycle_stage == "active"


@step
def rename_and_tag(client, story):
    client.update_run(story["run"], name="renamed")
    assert client.get_run(story["run"]).data.tags["mlflow.runName"] == "renamed"
    client.set_tag(story["run"], "mlflow.runName", "again")
    assert client.get_run(story["run"]).info.run_name == "again"
    client.delete_tag(story["run"], "stage")
    refused("RESOURCE_DOES_NOT_EXIST", client.delete_tag, story["run"], "stage")
    client.rename_experiment(story["experiment"], story["name"] + " renamed")
    client.set_experiment_tag(story["experiment"], "owner", "us")
    got = client.get_experiment(story["experiment"])
    assert got.name.endswith(" renamed") and got.tags["owner"] == "us"


@step
def search_experiments(client, story):
    found = client.search_experiments(filter_string="tags.owner = 'us' and name ILIKE '%RENAMED'")
    assert story["experiment"] in [e.experiment_id for e in found]
    names = [e.name for e in client.search_experiments(order_by=["name ASC"])]
    assert names == sorted(names) and "Default" in names, names
    assert len(client.search_experiments(max_results=1)) == 1


@step
def delete_and_restore_experiment(client, story):
    other = client.create_experiment(story["name"] + " other", tags={"k": "v"})
    run = client.create_run(other).info.run_id
    client.delete_experiment(other)
    assert client.get_experiment(other).lifecycle_stage == "deleted"
    assert client.get_run(run).info.lifecycle_stage == "deleted"
    assert other in [e.experiment_id for e in client.search_experiments(view_type=ViewType.DELETED_ONLY)]
    refused("RESOURCE_ALREADY_EXISTS", client.create_experiment, story["name"] + " other")
    client.restore_experiment(other)
    assert client.get_run(run).info.lifecycle_stage == "active"
    assert client.get_experiment_by_name(story["name"] + " other").tags["k"] == "v"


@step
def what_is_missing_says_so(client, story):
    assert client.get_experiment_by_name("no such thing") is None
    refused("RESOURCE_DOES_NOT_EXIST", client.get_run, "0" * 32)
    refused("RESOURCE_DOES_NOT_EXIST", client.get_experiment, "123456")


if __name__ == "__main__":
    tell(__doc__)
