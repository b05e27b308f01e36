"""System metrics: a thread of the client samples the machine and logs what it saw until the run ends."""

import time

import mlflow
from story import step, tell, unique


@step
def sampled(client, story):
    mlflow.set_experiment(unique("system metrics"))
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    with mlflow.start_run(log_system_metrics=True) as run:
        waited = time.monotonic() + 30
        while time.monotonic() < waited:
            names = client.get_run(run.info.run_id).data.metrics
            if "system/cpu_utilization_percentage" in names:
                if len(client.get_metric_history(run.info.run_id, "system/cpu_utilization_percentage")) >= 3:
                    break
            time.sleep(0.1)
        mlflow.log_metric("loss", 1)
    got = client.get_run(run.info.run_id)
    for name in ["system_memory_usage_megabytes", "disk_usage_percentage", "network_receive_megabytes"]:
        assert f"system/{name}" in got.data.metrics, got.data.metrics
    history = client.get_metric_history(run.info.run_id, "system/cpu_utilization_percentage")
    assert len(history) >= 3 and [m.step for m in history] == sorted(m.step for m in history)
    assert got.info.status == "FINISHED" and got.data.metrics["loss"] == 1


if __name__ == "__main__":
    tell(__doc__)
