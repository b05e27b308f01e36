"""Asynchronous logging: a queue of the client, many threads of it, and everything there after the flush."""

from concurrent.futures import ThreadPoolExecutor

import mlflow
from story import step, tell, unique


@step
def futures(client, story):
    mlflow.set_experiment(unique("asynchronous"))
    with mlflow.start_run() as run:
        pending = [mlflow.log_metric("loss", i, step=i, synchronous=False) for i in range(500)]
        pending.append(mlflow.log_params({"a": 1, "b": 2}, synchronous=False))
        pending.append(mlflow.set_tags({"c": "3"}, synchronous=False))
        for one in pending:
            one.wait()
    got = client.get_run(run.info.run_id)
    assert got.data.params == {"a": "1", "b": "2"} and got.data.tags["c"] == "3"
    assert [m.value for m in client.get_metric_history(run.info.run_id, "loss")] == list(range(500))


@step
def flushed(client, story):
    mlflow.config.enable_async_logging(True)
    with mlflow.start_run() as run:
        for i in range(200):
            mlflow.log_metrics({"x": i, "y": -i}, step=i)
        mlflow.flush_async_logging()
        assert len(client.get_metric_history(run.info.run_id, "y")) == 200
    mlflow.config.enable_async_logging(False)


@step
def many_threads(client, story):
    """Twenty writers on one run and one experiment that each of them asks for."""
    name = unique("contended")

    def write(number):
        mlflow.set_experiment(name)
        run = client.create_run(mlflow.get_experiment_by_name(name).experiment_id).info.run_id
        for i in range(20):
            client.log_metric(run, "m", number * i, step=i)
            client.log_metric(story["shared"], f"m{number}", i, step=i)
        return run

    experiment = mlflow.set_experiment(unique("shared")).experiment_id
    story["shared"] = client.create_run(experiment).info.run_id
    mlflow.set_experiment(name)
    with ThreadPoolExecutor(20) as threads:
        runs = list(threads.map(write, range(20)))
    assert len(client.search_runs([mlflow.get_experiment_by_name(name).experiment_id])) == 20
    assert client.get_run(runs[3]).data.metrics == {"m": 57}
    assert client.get_run(story["shared"]).data.metrics == {f"m{n}": 19 for n in range(20)}


if __name__ == "__main__":
    tell(__doc__)
