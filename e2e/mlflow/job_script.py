"""A job's script on a server that asks for tokens: what it logs by its own run's token, and what it is refused.

As a trial of a sweep it reports to its own trial, and tries another's.
"""

import json
import os
import time
import urllib.error
import urllib.request
import warnings

os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
warnings.filterwarnings("ignore")

import mlflow
from story import refused

own = os.environ["MLFLOW_RUN_ID"]
params = json.load(open(os.environ["TIDEMILL_PARAMS"]))["params"]


def report(number, step, value):
    request = urllib.request.Request(
        f"{os.environ['TIDEMILL_URL']}/api/v1/sweeps/{os.environ['TIDEMILL_SWEEP_ID']}/trials/{number}/report",
        json.dumps({"step": step, "value": value}).encode(),
        {"Authorization": f"Bearer {os.environ['TIDEMILL_TOKEN']}", "Content-Type": "application/json"},
    )
    try:
        return json.load(urllib.request.urlopen(request, timeout=30))
    except urllib.error.HTTPError as error:
        return json.load(error)


def be_a_trial(number):
    with mlflow.start_run():
        mlflow.log_metric("loss", params["x"] ** 2, step=1)
    assert report(number, 1, params["x"] ** 2) == {"stop": False}
    said = report(1 - number, 1, 0)
    assert said["error"]["code"] == "jobTokenRefused", said


def log_all():
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV

    # What a model needs is found out in another process, which takes longer than all else here.
    mlflow.autolog(log_models=False)
    data = load_diabetes(as_frame=True)
    with mlflow.start_run() as run:
        assert run.info.run_id == own
        GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=2).fit(data.data, data.target)
        mlflow.log_params({"token": os.environ["TIDEMILL_TOKEN"], "seen": 1})
        model = Ridge().fit(data.data, data.target)
        info = mlflow.sklearn.log_model(model, name="by-hand", pip_requirements=["scikit-learn"], registered_model_name="mine")
        with mlflow.start_run(nested=True):
            mlflow.log_metric("inner", 1)
        mlflow.log_text("hello", "notes/hello.txt")
    assert mlflow.sklearn.load_model(info.model_uri).predict(data.data).shape == (442,)


def be_refused():
    client = mlflow.MlflowClient()
    assert client.get_run(params["foreign"]).info.run_id == params["foreign"]
    refused("PERMISSION_DENIED", client.log_metric, params["foreign"], "loss", 1)
    refused("PERMISSION_DENIED", client.create_experiment, "mine")
    refused("PERMISSION_DENIED", client.delete_experiment, client.get_run(own).info.experiment_id)
    said = refused("PERMISSION_DENIED", mlflow.register_model, f"runs:/{own}/by-hand", "others")
    assert "--may-register NAME" in said, said
    said = refused("PERMISSION_DENIED", client.create_run, client.get_run(own).info.experiment_id)
    assert "nested=True" in said, said


def tell_the_secret():
    secret = os.environ["MLFLOW_TRACKING_TOKEN"]
    print("secret ", secret[:9], end="", flush=True)
    time.sleep(0.3)
    print(secret[9:], flush=True)
    raise SystemExit(f"at the end: {secret}")


if "TIDEMILL_TRIAL" in os.environ:
    be_a_trial(int(os.environ["TIDEMILL_TRIAL"]))
else:
    log_all()
    be_refused()
    tell_the_secret()
