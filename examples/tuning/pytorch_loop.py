"""The network of examples/training with what is to be tuned as options."""

import argparse

import mlflow
import torch
from sklearn.datasets import load_diabetes
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=32)
parser.add_argument("--lr", type=float, default=0.01)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()

torch.manual_seed(options.seed)

X, y = (torch.tensor(part, dtype=torch.float32) for part in load_diabetes(return_X_y=True))
X, y, X_valid, y_valid = X[:350], y[:350], X[350:], y[350:]
model = nn.Sequential(nn.BatchNorm1d(10), nn.Linear(10, options.width), nn.ReLU(), nn.Linear(options.width, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)

with mlflow.start_run():
    for epoch in range(50):
        model.train()
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(X).squeeze(1), y)
        loss.backward()
        optimizer.step()
        model.eval()
        with torch.no_grad():
            missed = nn.functional.l1_loss(model(X_valid).squeeze(1), y_valid)
        # By step, so a pruner can look at it.
        mlflow.log_metric("val_mae", missed.item(), step=epoch)
