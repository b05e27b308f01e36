"""Histories of many runs at once, thinned out for a chart: what the reference's own screens ask for."""

import mlflow
from mlflow.entities import Metric
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request
from story import step, tell, unique


@step
def history_of_many_runs(client, story):
    experiment = client.create_experiment(unique("histories"))
    runs = [client.create_run(experiment).info.run_id for _ in range(3)]
    for number, run in enumerate(runs):
        client.log_batch(run, [Metric("many", i * number, 1_000 + i, i) for i in range(5_000)])
    host = get_default_host_creds(mlflow.get_tracking_uri())
    asked = {"run_ids": runs, "metric_key": "many", "max_results": 300}
    path = "/api/2.0/mlflow/metrics/get-history-bulk-interval"
    points = http_request(host, path, "GET", params=asked).json()["metrics"]
    for number, run in enumerate(runs):
        steps = [p["step"] for p in points if p["run_id"] == run]
        assert steps[0] == 0 and steps[-1] == 4_999 and 50 <= len(steps) <= 400, (number, len(steps))
        assert all(p["value"] == p["step"] * number for p in points if p["run_id"] == run)


if __name__ == "__main__":
    tell(__doc__)
