"""A script as users have it, unmodified: only MLFLOW_TRACKING_URI says where. Afterwards: is all of it there?"""

import os
import subprocess
import sys

import mlflow
import numpy
from story import step, tell

script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "examples", "sklearn_autolog.py")


@step
def scikit_learn(client, story):
    variables = {**os.environ, "MLFLOW_TRACKING_URI": story["uri"]}
    played = subprocess.run([sys.executable, script], env=variables, capture_output=True, text=True)
    # A word on its standard error says more than an exit code.
    assert played.returncode == 0, played.stderr
    run = client.search_runs([client.get_experiment_by_name("Default").experiment_id], max_results=1)[0]
    assert run.data.params["n_estimators"] == "50" and run.data.metrics["training_r2_score"] > 0.5
    assert run.info.status == "FINISHED"
    assert mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model").predict(numpy.zeros((1, 10)))[0] > 0


if __name__ == "__main__":
    tell(__doc__)
