"""Beyond the reference: OR, parentheses and IN everywhere, which the client hands on as they are."""

import mlflow
from story import refused, since_3, step, tell, unique


@step
def some_runs(client, story):
    story["experiment"] = mlflow.set_experiment(unique("grammar")).experiment_id
    with mlflow.start_run(run_name="first"):
        mlflow.log_param("kind", "ridge")
    for number in range(3):
        with mlflow.start_run(run_name=f"child {number}", tags={"even": str(number % 2 == 0)}):
            mlflow.log_metric("score", number)
            mlflow.log_param("number", number)


@step
def runs(client, story):
    def names(text):
        found = mlflow.search_runs([story["experiment"]], text, output_format="list", order_by=["run_name"])
        return [r.info.run_name for r in found]

    assert names("metrics.score = 0 OR metrics.score = 2") == ["child 0", "child 2"]
    assert names("(params.kind = 'ridge' OR metrics.score > 1) AND run_name != 'first'") == ["child 2"]
    assert names("params.number IN ('0', '1')") == ["child 0", "child 1"]
    assert names("tags.even NOT IN ('True')") == ["child 1"]
    for wrong in ["(metrics.score > 1", "metrics.score > 1 OR", "metrics.score IN ('a')"]:
        refused("INVALID_PARAMETER_VALUE", names, wrong)


@step
def experiments(client, story):
    mine = client.get_experiment(story["experiment"]).name
    found = client.search_experiments(filter_string=f"name = 'Default' OR name = '{mine}'", order_by=["name"])
    assert [e.name for e in found] == ["Default", mine]


@since_3
def logged_models(client, story):
    for number in range(2):
        model = client.create_logged_model(story["experiment"], name=f"model-{number}", tags={"n": str(number)})
        client.finalize_logged_model(model.model_id, "READY")

    def names(text):
        found = client.search_logged_models([story["experiment"]], filter_string=text)
        return sorted(m.name for m in found)

    assert names("tags.n = '0' OR tags.n = '1'") == ["model-0", "model-1"]
    assert names("tags.n IN ('1')") == ["model-1"]
    # The reference fails with an internal error, which its client then retries for minutes.
    refused("INVALID_PARAMETER_VALUE", names, "colour = 'red'")


@step
def registry(client, story):
    name = unique("grammar")
    client.create_registered_model(name, tags={"team": "blue"})
    for text in [f"name = '{name}' OR name = 'none'", f"name IN ('{name}')", f"(name = '{name}')"]:
        assert [m.name for m in client.search_registered_models(text)] == [name], text


if __name__ == "__main__":
    tell(__doc__)
