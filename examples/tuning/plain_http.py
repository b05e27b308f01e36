"""Trials over plain HTTP: no package of ours, nothing but Python's own library. Start it on as many machines as you like:
the server deals out the trials. Any other language does the same three calls."""

import json
import os
import urllib.request

URL = os.environ.get("TIDEMILL_URL", "http://127.0.0.1:4600")
TOKEN = os.environ.get("TIDEMILL_TOKEN")


def call(path, body):
    request = urllib.request.Request(f"{URL}/api/v1{path}", json.dumps(body).encode())
    request.add_header("content-type", "application/json")
    if TOKEN:
        request.add_header("authorization", f"Bearer {TOKEN}")
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


sweep = call(
    "/sweeps/space",
    {
        "experiment": "tuning",
        "name": "plain http",
        "space": {
            "x": {"type": "float", "low": -5, "high": 5},
            "wing": {"type": "categorical", "choices": ["left", "right"]},
        },
        "goals": [{"metric": "loss", "direction": "minimize"}],
        "pruner": {"type": "median"},
        "budget": {"trials": 30},
        "seed": 1,
    },
)
path = f"/sweeps/{sweep['id']}"

while trial := call(f"{path}/ask", {})["trial"]:
    x, wing = trial["parameters"]["x"], trial["parameters"]["wing"]
    told = {"lease": trial["lease"]}
    for step in range(10):
        loss = (x - 2) ** 2 + (wing == "right") + 1 / (step + 1)
        if call(f"{path}/trials/{trial['number']}/report", {"step": step, "value": loss, **told})["stop"]:
            call(f"{path}/trials/{trial['number']}/tell", {"state": "pruned", **told})
            break
    else:
        call(f"{path}/trials/{trial['number']}/tell", {"value": loss, **told})

with urllib.request.urlopen(f"{URL}/api/v1{path}") as reply:
    best = json.load(reply)["best"]
print(f"trial {best['number']}: {best['value']:.3f} at {best['parameters']}")
