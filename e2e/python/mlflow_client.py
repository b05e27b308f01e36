"""The unmodified MLflow client against a server of ours.

    python mlflow_client.py http://127.0.0.1:4600

Every step asserts what came back. The last line of the output is one JSON object: the client's version and the names
of the steps that passed. Anything wrong ends it with a traceback and exit code 1.
"""

import argparse
import json
import math
import os
import sys
import tempfile
import time
import uuid

# A mistake of ours must fail at once, not after minutes of retries.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

import mlflow
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

steps = []


def step(function):
    steps.append(function)
    return function


def refused(code, call, *args, **kwargs):
    """The call must fail with this error code."""
    try:
        call(*args, **kwargs)
    except MlflowException as error:
        assert error.error_code == code, f"{error.error_code} instead of {code}: {error}"
        return str(error)
    raise AssertionError(f"{call} was not refused with {code}")


@step
def default_experiment(client, story):
    default = client.get_experiment("0")
    assert default.name == "Default" and default.lifecycle_stage == "active", default
    assert default.artifact_location == "mlflow-artifacts:/0", default.artifact_location


@step
def set_experiment(client, story):
    name = f"forecast {uuid.uuid4().hex[:8]}"
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
    client.log_batch(run, metrics[:800], params[:100], tags[:100])
    with mlflow.start_run(run_id=run):
        mlflow.log_params({p.key: p.value for p in params})
        mlflow.set_tags({t.key: t.value for t in tags})
    client.log_batch(run, metrics[800:1700])
    client.log_batch(run, metrics[1700:])
    got = client.get_run(run)
    assert len(got.data.params) == 150 and len(got.data.metrics) == 10
    assert got.data.metrics["m9"] == 2499.0
    assert len(client.get_metric_history(run, "m3")) == 250


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
def artifacts(client, story):
    names = ["plain.txt", "with space.txt", "plus+tilde~.txt", "100%.txt", "ümlaut.txt", "empty.bin"]
    with mlflow.start_run(run_id=story["run"]), tempfile.TemporaryDirectory() as folder:
        for name in names:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(b"" if name == "empty.bin" else name.encode())
            mlflow.log_artifact(os.path.join(folder, name), "odd names")
        mlflow.log_artifacts(folder, "copied/deep")
        mlflow.log_text("hello", "notes/hello.txt")
        mlflow.log_dict({"a": [1, 2]}, "notes/data.json")
        mlflow.log_dict({"a": [1, 2]}, "notes/data.yaml")
    root = {f.path: f.is_dir for f in client.list_artifacts(story["run"])}
    assert root == {"copied": True, "notes": True, "odd names": True}, root
    listed = client.list_artifacts(story["run"], "odd names")
    assert sorted(f.path for f in listed) == sorted(f"odd names/{n}" for n in names), listed
    sizes = {f.path: f.file_size for f in client.list_artifacts(story["run"], "notes")}
    assert sizes["notes/hello.txt"] == 5, sizes
    assert client.list_artifacts(story["run"], "notes/hello.txt") == []
    assert client.list_artifacts(story["run"], "nothing") == []
    with tempfile.TemporaryDirectory() as folder:
        got = client.download_artifacts(story["run"], "odd names", folder)
        for name in names:
            with open(os.path.join(got, name), "rb") as file:
                assert file.read() == (b"" if name == "empty.bin" else name.encode()), name
        whole = mlflow.artifacts.download_artifacts(run_id=story["run"], dst_path=os.path.join(folder, "whole"))
        assert os.path.exists(os.path.join(whole, "copied/deep/plain.txt"))
        one = mlflow.artifacts.download_artifacts(f"runs:/{story['run']}/notes/hello.txt", dst_path=folder)
        with open(one) as file:
            assert file.read() == "hello"
    assert mlflow.artifacts.load_dict(f"runs:/{story['run']}/notes/data.json") == {"a": [1, 2]}
    assert mlflow.artifacts.load_text(f"runs:/{story['run']}/notes/hello.txt") == "hello"


@step
def large_artifact(client, story):
    size = 64 * 1024 * 1024
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "large.bin")
        block = os.urandom(1024 * 1024)
        with open(path, "wb") as file:
            for _ in range(size // len(block)):
                file.write(block)
        started = time.perf_counter()
        client.log_artifact(story["run"], path)
        sent = time.perf_counter()
        back = client.download_artifacts(story["run"], "large.bin", os.path.join(folder))
        assert os.path.getsize(back) == size
        story["mebibytes per second"] = [
            round(size / 2**20 / (sent - started)),
            round(size / 2**20 / (time.perf_counter() - sent)),
        ]


@step
def figure(client, story):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plot

    drawn, axes = plot.subplots()
    axes.plot([1, 2, 3])
    with mlflow.start_run(run_id=story["run"]):
        mlflow.log_figure(drawn, "plots/curve.png")
    plot.close(drawn)
    path = mlflow.artifacts.download_artifacts(f"runs:/{story['run']}/plots/curve.png")
    with open(path, "rb") as file:
        assert file.read(4) == b"\x89PNG"


@step
def tables_and_images(client, story):
    import numpy
    import pandas

    with mlflow.start_run(run_id=story["run"]):
        mlflow.log_table(pandas.DataFrame({"x": [1, 2]}), "tables/t.json")
        mlflow.log_table(pandas.DataFrame({"x": [3]}), "tables/t.json")
        mlflow.log_image(numpy.zeros((4, 4, 3), dtype=numpy.uint8), "plots/black.png")
    assert mlflow.load_table("tables/t.json", run_ids=[story["run"]])["x"].tolist() == [1, 2, 3]


@step
def log_input(client, story):
    import pandas

    data = mlflow.data.from_pandas(pandas.DataFrame({"x": [1.0, 2.0], "y": [3, 4]}), name="prices", targets="y")
    with mlflow.start_run(run_id=story["run"]):
        mlflow.log_input(data, context="training", tags={"cut": "1"})
    inputs = client.get_run(story["run"]).inputs.dataset_inputs
    assert len(inputs) == 1 and inputs[0].dataset.name == "prices", inputs
    assert inputs[0].dataset.digest == data.digest and json.loads(inputs[0].dataset.schema)
    assert {t.key: t.value for t in inputs[0].tags} == {"mlflow.data.context": "training", "cut": "1"}
    found = mlflow.search_runs([story["experiment"]], "dataset.name = 'prices'", output_format="list")
    assert [r.info.run_id for r in found] == [story["run"]]


@step
def search_runs(client, story):
    experiment = story["experiment"]

    def ids(filter_string="", **more):
        found = mlflow.search_runs([experiment], filter_string, output_format="list", **more)
        return [r.info.run_id for r in found]

    first = story["run"]
    for text in [
        "metrics.loss < 1.5",
        "metrics.loss = 1 and params.alpha = '0.5'",
        "params.kind LIKE 'rid%' AND tags.stage != 'prod'",
        "params.kind ILIKE 'RIDGE'",
        "tags.`a b` = '1'",
        'tags."unicode" = "größe ✓"',
        "attributes.run_name = 'first'",
        "run_name LIKE 'fir%'",
        f"run_id IN ('{first}')",
        f"attributes.run_id = '{first}' and status = 'FINISHED'",
        "params.alpha IS NOT NULL",
        "dataset.context IN ('training', 'eval')",
    ]:
        assert ids(text) == [first], text
    assert ids("params.kind LIKE 'RIDGE'") == []
    assert ids("metrics.loss > 5") == []
    assert first not in ids("tags.stage IS NULL")
    assert len(ids("metrics.score >= 0", max_results=2)) == 2
    frame = mlflow.search_runs([experiment], order_by=["params.number DESC"])
    assert "metrics.loss" in frame and frame["params.number"].tolist()[:3] == ["2", "1", "0"], frame
    for wrong in ["metrics.loss = 'x'", "params.alpha = 0.5", "loss > 1 OR loss < 2", "(metrics.a > 1)"]:
        refused("INVALID_PARAMETER_VALUE", ids, wrong)
    by_name = mlflow.search_runs(experiment_names=[story["name"]], output_format="list")
    assert len(by_name) == len(ids())


@step
def paging(client, story):
    seen, token = [], None
    while True:
        page = client.search_runs([story["experiment"]], max_results=2, page_token=token)
        seen += [r.info.run_id for r in page]
        token = page.token
        if not token:
            break
    assert len(seen) == len(set(seen)) == len(client.search_runs([story["experiment"]])), seen


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
    refused("INVALID_PARAMETER_VALUE", client.create_experiment, "elsewhere", "file:///etc")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("uri", help="address of the server, as in http://127.0.0.1:4600")
    mlflow.set_tracking_uri(parser.parse_args().uri)
    client, story, seconds = MlflowClient(), {}, {}
    for run_step in steps:
        started = time.perf_counter()
        run_step(client, story)
        seconds[run_step.__name__] = round(time.perf_counter() - started, 2)
        print(f"ok {run_step.__name__} {seconds[run_step.__name__]} s", file=sys.stderr)
    rates = story.get("mebibytes per second")
    print(json.dumps({"version": mlflow.__version__, "steps": seconds, "up and down, MiB/s": rates}))


if __name__ == "__main__":
    main()
