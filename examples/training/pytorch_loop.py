"""A network on scikit-learn's diabetes data with a training loop by hand. Autologging follows Lightning's trainer,
not such a loop, so the loop logs its own losses and its model, as MLflow's documentation has it."""

import mlflow
import torch
from sklearn.datasets import load_diabetes
from torch import nn

mlflow.autolog()
torch.manual_seed(0)

X, y = (torch.tensor(part, dtype=torch.float32) for part in load_diabetes(return_X_y=True))
model = nn.Sequential(nn.BatchNorm1d(10), nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

with mlflow.start_run():
    mlflow.log_params({"lr": 0.01, "epochs": 50})
    for epoch in range(50):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(X).squeeze(1), y)
        loss.backward()
        optimizer.step()
        mlflow.log_metric("loss", loss.item(), step=epoch)
    mlflow.pytorch.log_model(model.eval(), name="model", input_example=X[:2].numpy())
