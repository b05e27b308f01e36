"""Scripts as users have them, unmodified: only MLFLOW_TRACKING_URI says where. Afterwards: is all of it there?"""

import os
import subprocess
import sys

import mlflow
import numpy
from story import step, tell


def play(story, name):
    """Runs the script; a word on its standard error says more than an exit code."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "examples", name)
    variables = {**os.environ, "MLFLOW_TRACKING_URI": story["uri"]}
    played = subprocess.run([sys.executable, script], env=variables, capture_output=True, text=True)
    assert played.returncode == 0, played.stderr


def newest_run(client, experiment):
    found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id], max_results=1)
    return found[0]


def scikit_learn(client, story):
    play(story, "sklearn_autolog.py")
    run = newest_run(client, "Default")
    assert run.data.params["n_estimators"] == "50" and run.data.metrics["training_r2_score"] > 0.5
    assert run.info.status == "FINISHED"
    assert mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model").predict(numpy.zeros((1, 10)))[0] > 0


def xgboost(client, story):
    play(story, "xgboost_autolog.py")
    run = newest_run(client, "Default")
    assert run.data.params["num_boost_round"] == "15" and run.data.metrics["accuracy"] > 0.8
    assert len(client.get_metric_history(run.info.run_id, "train-mlogloss")) == 15
    assert mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")


def pytorch(client, story):
    play(story, "pytorch_training.py")
    run = newest_run(client, "pytorch training")
    assert run.data.params["optimizer"] == "Adam" and run.data.metrics["train_accuracy"] > 0.5
    assert len(client.get_metric_history(run.info.run_id, "train_loss")) == 20
    assert mlflow.pytorch.load_model(f"runs:/{run.info.run_id}/model")


@step
def those_named(client, story):
    for name in story["scripts"].split(","):
        {"sklearn": scikit_learn, "xgboost": xgboost, "pytorch": pytorch}[name](client, story)


if __name__ == "__main__":
    tell(__doc__, [("scripts", "sklearn,xgboost")])
