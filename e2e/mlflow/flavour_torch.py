"""PyTorch: a training loop that logs by hand, log_model and load_model with equal predictions, state dicts."""

import mlflow
import numpy
import torch
from mlflow.models import infer_signature
from story import step, tell, unique

torch.manual_seed(1)
inputs = torch.rand(64, 4)
target = inputs.sum(dim=1, keepdim=True)


@step
def train(client, story):
    mlflow.set_experiment(unique("pytorch"))
    mlflow.pytorch.autolog()
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with mlflow.start_run() as run:
        mlflow.log_params({"lr": 0.01, "layers": 2})
        for epoch in range(30):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(model(inputs), target)
            loss.backward()
            optimizer.step()
            mlflow.log_metric("loss", loss.item(), step=epoch)
        model.eval()
        mlflow.pytorch.log_state_dict(model.state_dict(), artifact_path="checkpoint")
    mlflow.pytorch.autolog(disable=True)
    story.update(model=model, run=run.info.run_id)
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [m.step for m in history] == list(range(30)) and history[-1].value < history[0].value
    state = mlflow.pytorch.load_state_dict(f"runs:/{run.info.run_id}/checkpoint")
    assert all(torch.equal(state[key], value) for key, value in model.state_dict().items())


@step
def round_trip(client, story):
    model, array = story["model"], inputs.numpy()
    with torch.no_grad():
        expected = model(inputs)
    with mlflow.start_run(run_id=story["run"]):
        info = mlflow.pytorch.log_model(
            model,
            name="net",
            signature=infer_signature(array, expected.numpy()),
            input_example=array[:2],
            pip_requirements=["torch"],
        )
    with torch.no_grad():
        assert torch.equal(mlflow.pytorch.load_model(info.model_uri)(inputs), expected)
    assert numpy.array_equal(mlflow.pyfunc.load_model(info.model_uri).predict(array), expected.numpy())


if __name__ == "__main__":
    tell(__doc__)
