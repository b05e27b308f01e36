"""mlflow.search_runs in the search grammar, and dataset inputs.
"""

import json

import mlflow
from story import refused, step, tell, unique


@step
def some_runs(client, story):
    story["name"] = unique("search")
    story["experiment"] = mlflow.set_experiment(story["name"]).experiment_id
    with mlflow.start_run(run_name="first", tags={"stage": "try", "a b": "1", "unicode": "größe ✓"}) as run:
        mlflow.log_params({"alpha": 0.5, "kind": "ridge"})
        mlflow.log_metric("loss", 2.0, step=0)
        mlflow.log_metric("loss", 1.0, step=1)
        mlflow.log_metrics({"nan": float("nan"), "mae": 0.25})
    story["run"] = run.info.run_id
    for number in range(3):
        with mlflow.start_run(run_name=f"child {number}"):
            mlflow.log_metric("score", number)
            mlflow.log_param("number", number)


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
    for wrong in ["metrics.loss = 'x'", "params.alpha = 0.5", "loss > 1", "metrics.loss >", "user = 'me' AND"]:
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


if __name__ == "__main__":
    tell(__doc__)
