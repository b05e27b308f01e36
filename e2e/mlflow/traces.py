"""Traces are not what this server keeps: the client warns, the traced function answers, training goes on."""

import mlflow
from story import refused, since_3, step, tell, unique


@since_3
def only_warns(client, story):
    story["experiment"] = mlflow.set_experiment(unique("traces")).experiment_id

    @mlflow.trace
    def double(x):
        return 2 * x

    with mlflow.start_run() as run:
        assert double(21) == 42
        mlflow.flush_trace_async_logging()
        mlflow.log_metric("after", 1)
    assert client.get_run(run.info.run_id).data.metrics == {"after": 1}


@since_3
def says_so(client, story):
    said = refused("NOT_IMPLEMENTED", mlflow.search_traces, locations=[story["experiment"]])
    assert "<html" not in said.lower(), said


if __name__ == "__main__":
    tell(__doc__)
