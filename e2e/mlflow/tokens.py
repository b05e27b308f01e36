"""A server that asks who is there: MLFLOW_TRACKING_TOKEN, a token as basic auth's password, a person's, and neither."""

import os
import tempfile

import mlflow
from story import refused, step, tell, unique

names = ["MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"]


def be(**variables):
    for name in names:
        os.environ.pop(name, None)
    os.environ.update(variables)


def log_all_kinds(client):
    experiment = mlflow.set_experiment(unique("tokens")).experiment_id
    with mlflow.start_run() as run:
        mlflow.log_metric("loss", 1)
        mlflow.log_text("hello", "hello.txt")
    assert client.get_run(run.info.run_id).data.metrics == {"loss": 1}
    with tempfile.TemporaryDirectory() as folder:
        path = client.download_artifacts(run.info.run_id, "hello.txt", folder)
        with open(path) as file:
            assert file.read() == "hello"
    return experiment, run.info.run_id


@step
def bearer(client, story):
    be(MLFLOW_TRACKING_TOKEN=story["token"])
    story["experiment"], story["run"] = log_all_kinds(client)


@step
def basic(client, story):
    be(MLFLOW_TRACKING_USERNAME="anybody", MLFLOW_TRACKING_PASSWORD=story["token"])
    log_all_kinds(client)


@step
def a_person(client, story):
    be(MLFLOW_TRACKING_USERNAME="anna", MLFLOW_TRACKING_PASSWORD=story["password"])
    log_all_kinds(client)
    be(MLFLOW_TRACKING_USERNAME="anna", MLFLOW_TRACKING_PASSWORD="not " + story["password"])
    refused("UNAUTHENTICATED", client.search_experiments)


@step
def nobody(client, story):
    be()
    said = refused("UNAUTHENTICATED", client.get_run, story["run"])
    assert story["run"] not in said
    refused("UNAUTHENTICATED", client.create_experiment, unique("tokens"))


@step
def somebody_else(client, story):
    be(MLFLOW_TRACKING_TOKEN="tm_" + "0" * 40)
    refused("UNAUTHENTICATED", client.get_run, story["run"])
    be(MLFLOW_TRACKING_USERNAME="admin", MLFLOW_TRACKING_PASSWORD="password1234")
    refused("UNAUTHENTICATED", client.search_experiments)


@step
def a_viewer(client, story):
    if not story["viewer"]:
        return
    be(MLFLOW_TRACKING_TOKEN=story["viewer"])
    assert client.get_run(story["run"]).data.metrics == {"loss": 1}
    refused("PERMISSION_DENIED", client.log_metric, story["run"], "loss", 2)


if __name__ == "__main__":
    tell(__doc__, [("token", ""), ("viewer", ""), ("password", "")])
