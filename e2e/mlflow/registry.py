"""Registered models, their versions, stages, aliases and tags, and the search for them."""

import mlflow
from mlflow.entities.model_registry import ModelVersionTag
from story import refused, step, tell, unique


class Doubling(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input * 2


def log_doubling():
    """Both clients: the newer one says `name`, the older one `artifact_path`."""
    return mlflow.pyfunc.log_model("doubling", python_model=Doubling(), pip_requirements=[])


@step
def a_model(client, story):
    mlflow.set_experiment(unique("registry"))
    story["name"] = unique("doubling")
    with mlflow.start_run() as run:
        story["uri"] = log_doubling().model_uri
    story["run"] = run.info.run_id


@step
def registered_model(client, story):
    name = story["name"]
    made = client.create_registered_model(name, tags={"team": "blue"}, description="twice as much")
    assert made.name == name and made.description == "twice as much" and made.tags == {"team": "blue"}
    refused("RESOURCE_ALREADY_EXISTS", client.create_registered_model, name)
    client.update_registered_model(name, description="doubled")
    assert client.get_registered_model(name).description == "doubled"
    for bad in ["", "a/b", "a:b", "../x"]:
        refused("INVALID_PARAMETER_VALUE", client.create_registered_model, bad)
    refused("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, unique("none"))


@step
def versions(client, story):
    name = story["name"]
    first = mlflow.register_model(story["uri"], name, tags={"how": "by hand"})
    second = mlflow.register_model(story["uri"], name)
    assert (str(first.version), str(second.version)) == ("1", "2"), (first, second)
    assert first.tags == {"how": "by hand"} and first.status == "READY" and first.run_id == story["run"]
    client.update_model_version(name, "2", description="the second")
    assert client.get_model_version(name, "2").description == "the second"
    assert [v.version for v in client.get_latest_versions(name)] in (["2"], [2])
    assert client.get_model_version_download_uri(name, "1")
    refused("RESOURCE_DOES_NOT_EXIST", client.get_model_version, name, "9")
    refused("INVALID_PARAMETER_VALUE", client.get_model_version, name, "one")
    refused("INVALID_PARAMETER_VALUE", client.create_model_version, name, "file:///etc", None)
    refused("INVALID_PARAMETER_VALUE", client.create_model_version, name, "/etc/passwd", None)


@step
def stages(client, story):
    name = story["name"]
    client.transition_model_version_stage(name, "1", "Production")
    moved = client.transition_model_version_stage(name, "2", "Production", archive_existing_versions=True)
    assert moved.current_stage == "Production"
    assert client.get_model_version(name, "1").current_stage == "Archived"
    assert [str(v.version) for v in client.get_latest_versions(name, ["Production"])] == ["2"]
    assert mlflow.pyfunc.load_model(f"models:/{name}/Production").predict(21) == 42
    refused("INVALID_PARAMETER_VALUE", client.transition_model_version_stage, name, "1", "Somewhere")
    # An archived version is retired: it gets an alias again when another stage has brought it back.
    refused("RESOURCE_CONFLICT", client.set_registered_model_alias, name, "champion", "1")
    client.transition_model_version_stage(name, "1", "None")


@step
def aliases(client, story):
    name = story["name"]
    client.set_registered_model_alias(name, "champion", "1")
    client.set_registered_model_alias(name, "challenger", "2")
    client.set_registered_model_alias(name, "champion", "2")
    assert str(client.get_model_version_by_alias(name, "champion").version) == "2"
    assert {k: str(v) for k, v in client.get_registered_model(name).aliases.items()} == {
        "champion": "2", "challenger": "2",
    }
    assert sorted(client.get_model_version(name, "2").aliases) == ["challenger", "champion"]
    assert mlflow.pyfunc.load_model(f"models:/{name}@champion").predict(21) == 42
    assert mlflow.pyfunc.load_model(f"models:/{name}/latest").predict(21) == 42
    client.delete_registered_model_alias(name, "challenger")
    client.delete_registered_model_alias(name, "challenger")
    refused("INVALID_PARAMETER_VALUE", client.get_model_version_by_alias, name, "challenger")
    for bad in ["latest", "v1", "a b"]:
        refused("INVALID_PARAMETER_VALUE", client.set_registered_model_alias, name, bad, "1")
    refused("RESOURCE_DOES_NOT_EXIST", client.set_registered_model_alias, name, "champion", "9")


@step
def tags(client, story):
    name = story["name"]
    client.set_registered_model_tag(name, "task", "doubling")
    client.delete_registered_model_tag(name, "team")
    client.delete_registered_model_tag(name, "team")
    assert client.get_registered_model(name).tags == {"task": "doubling"}
    client.set_model_version_tag(name, "1", "checked", "yes")
    assert client.get_model_version(name, "1").tags == {"how": "by hand", "checked": "yes"}
    client.delete_model_version_tag(name, "1", "how")
    assert client.get_model_version(name, "1").tags == {"checked": "yes"}


@step
def search(client, story):
    name = story["name"]
    found = client.search_registered_models(f"name = '{name}' and tags.task = 'doubling'")
    assert [m.name for m in found] == [name]
    assert [m.name for m in client.search_registered_models(f"name ILIKE '{name[:10].upper()}%'")] != []
    assert client.search_registered_models("name LIKE 'no such%'") == []
    by_run = client.search_model_versions(f"run_id = '{story['run']}'")
    assert sorted(str(v.version) for v in by_run if v.name == name) == ["1", "2"]
    tagged = client.search_model_versions(f"name = '{name}' and tags.checked = 'yes'")
    assert [str(v.version) for v in tagged] == ["1"]
    ordered = client.search_model_versions(f"name = '{name}'", order_by=["version_number ASC"])
    assert [str(v.version) for v in ordered] == ["1", "2"]
    pages = client.search_model_versions(f"name = '{name}'", max_results=1)
    assert len(pages) == 1 and pages.token
    refused("INVALID_PARAMETER_VALUE", client.search_registered_models, "colour = 'red'")


@step
def rename_and_delete(client, story):
    name, other = story["name"], unique("renamed")
    client.rename_registered_model(name, other)
    refused("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, name)
    assert {v.name for v in client.search_model_versions(f"name = '{other}'")} == {other}
    client.delete_model_version(other, "1")
    refused("RESOURCE_DOES_NOT_EXIST", client.get_model_version, other, "1")
    client.delete_registered_model(other)
    refused("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, other)
    assert client.search_model_versions(f"name = '{other}'") == []


if __name__ == "__main__":
    tell(__doc__)
