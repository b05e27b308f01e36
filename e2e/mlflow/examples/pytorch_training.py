"""As a user writes it after reading MLflow's documentation: no address, no client, MLFLOW_TRACKING_URI says where."""

import mlflow
import torch
from torch import nn

mlflow.set_experiment("pytorch training")

torch.manual_seed(0)
X = torch.rand(256, 10)
y = (X.sum(dim=1) > 5).float().unsqueeze(1)
model = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1))
loss_function = nn.BCEWithLogitsLoss()
params = {"epochs": 20, "learning_rate": 0.05, "optimizer": "Adam"}
optimizer = torch.optim.Adam(model.parameters(), lr=params["learning_rate"])

with mlflow.start_run() as run:
    mlflow.log_params(params)
    for epoch in range(params["epochs"]):
        optimizer.zero_grad()
        loss = loss_function(model(X), y)
        loss.backward()
        optimizer.step()
        accuracy = ((model(X) > 0) == y.bool()).float().mean()
        mlflow.log_metrics({"train_loss": loss.item(), "train_accuracy": accuracy.item()}, step=epoch)
    mlflow.pytorch.log_model(model, name="model", input_example=X[:2].numpy())
