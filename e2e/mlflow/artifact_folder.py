"""Artifacts in a folder that the client writes into by itself: logged past the server, listed, registered and loaded."""

import os
import pathlib
import tempfile

import mlflow
import numpy
from sklearn.linear_model import LinearRegression
from story import refused, since_3, step, tell, unique


@step
def an_experiment(client, story):
    experiment = mlflow.set_experiment(unique("folder"))
    story["experiment"], story["place"] = experiment.experiment_id, pathlib.Path(story["root"], experiment.experiment_id)
    assert experiment.artifact_location == f"file://{story['place']}", experiment.artifact_location
    wanted = f"file://{story['root']}/a team"
    asked = client.create_experiment(unique("asked"), artifact_location=wanted)
    assert client.get_experiment(asked).artifact_location == wanted.replace(" ", "%20")
    with mlflow.start_run(experiment_id=asked) as run:
        mlflow.log_text("hello", "hello.txt")
    assert pathlib.Path(story["root"], "a team", run.info.run_id, "artifacts", "hello.txt").read_text() == "hello"
    for elsewhere in ["file:///etc", f"file://{story['root']}/../x", "s3://bucket/x", "mlflow-artifacts:/"]:
        refused("INVALID_PARAMETER_VALUE", client.create_experiment, unique("never"), artifact_location=elsewhere)


@step
def files(client, story):
    names = ["plain.txt", "with space.txt", "plus+tilde~.txt", "100%.txt", "ümlaut.txt", "empty.bin"]
    with mlflow.start_run() as run, tempfile.TemporaryDirectory() as folder:
        story["run"] = run.info.run_id
        for name in names:
            pathlib.Path(folder, name).write_text("" if name == "empty.bin" else name)
            mlflow.log_artifact(os.path.join(folder, name), "odd names")
    for name in names:
        laid = story["place"] / story["run"] / "artifacts" / "odd names" / name
        assert laid.read_text() == ("" if name == "empty.bin" else name), name
    assert [(f.path, f.is_dir) for f in client.list_artifacts(story["run"])] == [("odd names", True)]
    listed = client.list_artifacts(story["run"], "odd names")
    assert sorted(f.path for f in listed) == sorted(f"odd names/{n}" for n in names), listed
    with tempfile.TemporaryDirectory() as folder:
        got = client.download_artifacts(story["run"], "odd names/with space.txt", folder)
        assert pathlib.Path(got).read_text() == "with space.txt"


@step
def the_server_reads_them(client, story):
    from mlflow.utils.rest_utils import http_request

    def get(door, **params):
        return http_request(client._tracking_client.store.get_host_creds(), door, "GET", params=params)

    listed = get("/api/2.0/mlflow/artifacts/list", run_id=story["run"], path="odd names").json()
    assert len(listed["files"]) == 6, listed
    assert listed["root_uri"] == f"file://{story['place']}/{story['run']}/artifacts", listed
    file = {"run_id": story["run"], "path": "odd names/ümlaut.txt"}
    assert get("/get-artifact", **file).content.decode() == "ümlaut.txt"
    os.symlink("/etc/passwd", story["place"] / story["run"] / "artifacts" / "link")
    assert get("/get-artifact", run_id=story["run"], path="link").status_code == 400
    assert get("/get-artifact", run_id=story["run"], path="../../x").status_code == 400
    found = mlflow.search_runs([story["experiment"]], f"attributes.artifact_uri LIKE 'file://{story['root']}/%'")
    assert found.run_id.tolist() == [story["run"]], found


def fit():
    x = numpy.arange(20, dtype=float).reshape(-1, 2)
    return LinearRegression().fit(x, x @ [1.0, 2.0] + 3), x


def assert_same(uri, model, x):
    assert numpy.allclose(mlflow.pyfunc.load_model(uri).predict(x), model.predict(x)), uri


@since_3
def a_logged_model(client, story):
    model, x = fit()
    name = unique("logged")
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(model, name="model", registered_model_name=name)
    assert (story["place"] / "models" / info.model_id / "artifacts" / "MLmodel").exists()
    assert_same(info.model_uri, model, x)
    assert_same(f"models:/{name}/1", model, x)
    version = client.get_model_version(name, "1")
    assert version.source == f"models:/{info.model_id}" and version.status == "READY", version


@step
def a_model_folder_of_a_run(client, story):
    model, x = fit()
    name = unique("folder of a run")
    with mlflow.start_run() as run, tempfile.TemporaryDirectory() as folder:
        mlflow.sklearn.save_model(model, os.path.join(folder, "model"))
        mlflow.log_artifacts(os.path.join(folder, "model"), "model")
    assert_same(f"runs:/{run.info.run_id}/model", model, x)
    mlflow.register_model(f"runs:/{run.info.run_id}/model", name)
    named = client.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id)
    assert named.version == 2 or named.version == "2", named
    for version in "12":
        assert_same(f"models:/{name}/{version}", model, x)
    other = f"file://{story['place']}/{story['run']}/artifacts/model"
    for source in ["file:///etc", f"file://{story['root']}/../x", f"file://{story['place']}/nothing"]:
        refused("INVALID_PARAMETER_VALUE", client.create_model_version, name, source)
    refused("INVALID_PARAMETER_VALUE", client.create_model_version, name, other, run.info.run_id)


if __name__ == "__main__":
    # `root`: the server's --artifact-root, as a path.
    tell(__doc__, [("root", "")])
