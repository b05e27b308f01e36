"""An autoregressive network of PyTorch: it learns a sequence from its own past, and forecasts by feeding itself.

    python torch_autoregressive.py --data prices.parquet --target close --time day --lags 20 --horizon 5 --series symbol

It looks at the last `lags` values of the target, and at the features as they stand at the newest of them, and
says the next value. For the value after that it moves its window one step on, with its own answer as the newest
value (features stay as they were last known). It learns on one step, where the truth is known, and is judged on
one step (val_rmse) and on all steps of the horizon (val_horizon_rmse), where its own mistakes come back to it.
`naive_rmse` is what "the next value is the last one" gets.

The window enters as differences from its newest value, so a level never seen before is no stranger than any
other. With --series, every value of that column is a sequence of its own, and one network learns them all.

A row of the model is `close_lag_19 … close_lag_0, features`, or has the `--lag-names`; its answer is the forecast, one
column for each step.
"""

import logging

import mlflow.pytorch
import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import nn

import common

parser = common.parser(__doc__)
parser.add_argument("--series", help="column that tells sequences apart")
parser.add_argument("--lags", type=int, default=16, help="values of the past that it sees")
parser.add_argument(
    "--lag-names", default="", help="what the lags are called where it is asked, oldest first: close_2,close_1,close"
)
parser.add_argument("--horizon", type=int, default=5, help="steps of a forecast")
parser.add_argument("--epochs", type=int, default=20, help="passes over the training rows")
parser.add_argument("--lr", type=float, default=0.001, help="size of a step")
parser.add_argument("--width", type=int, default=32, help="neurons of a layer")
parser.add_argument("--batch", type=int, default=64, help="rows of a step")
parser.add_argument("--decay", type=float, default=0.1, help="pulls the weights towards 0")
options = common.parse(parser)

# --- sequences: a stretch of lags + horizon values is an example, at the time of the first value it has to say --------

features = common.feature_names(options)
lag_names = [name.strip() for name in options.lag_names.split(",") if name.strip()]
lag_names = lag_names or [f"{options.target}_lag_{lag}" for lag in reversed(range(options.lags))]
if len(lag_names) != options.lags:
    raise SystemExit(f"--lag-names has {len(lag_names)} names for {options.lags} lags")
table = common.read_table(options, extra=[options.series] if options.series else [])
stretches = [part for _, part in table.groupby(options.series, sort=True)] if options.series else [table]
X, y, time = [], [], []
for part in stretches:
    if len(part) < options.lags + options.horizon:
        continue
    values = sliding_window_view(part[options.target].to_numpy(np.float32), options.lags + options.horizon)
    known = slice(options.lags - 1, options.lags - 1 + len(values))  # the newest value of each window
    X.append(np.hstack([values[:, : options.lags], part[features].to_numpy(np.float32)[known]]))
    y.append(values[:, options.lags :])
    time.append(common.time_of(part, options)[options.lags :][: len(values)])
if not X:
    raise SystemExit(f"no sequence is as long as {options.lags} lags and {options.horizon} steps together")
train, validation = common.split(np.concatenate(X), np.concatenate(y), np.concatenate(time), options)

# --- the network ------------------------------------------------------------------------------------------------------


class Autoregressive(nn.Module):
    def __init__(self, rows):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(rows.X.shape[1], options.width),
            nn.ReLU(),
            nn.Linear(options.width, options.width),
            nn.ReLU(),
            nn.Linear(options.width, 1),
        )
        # Start as the naive rule: the next value is the last one.
        nn.init.zeros_(self.layers[-1].weight)
        nn.init.zeros_(self.layers[-1].bias)
        steps, known = rows.y[:, 0] - rows.X[:, options.lags - 1], rows.X[:, options.lags :]
        self.register_buffer("step", torch.tensor(float(steps.std()) or 1.0))
        self.register_buffer("shift", torch.tensor(known.mean(axis=0)))
        self.register_buffer("spread", torch.tensor(np.maximum(known.std(axis=0), 1e-6)))

    def scaled(self, rows):
        """(rows, lags + features) raw, to the same without level and unit; and the level (rows, 1)."""
        past, known = rows[:, : options.lags], rows[:, options.lags :]
        level = past[:, -1:]
        return torch.cat([(past - level) / self.step, (known - self.shift) / self.spread], dim=1), level

    def forward(self, rows):
        """(rows, lags + features) raw, to the forecast (rows, horizon)."""
        forecast = []
        for _ in range(options.horizon):
            looked, level = self.scaled(rows)
            forecast.append(level + self.layers(looked) * self.step)
            rows = torch.cat([rows[:, 1 : options.lags], forecast[-1], rows[:, options.lags :]], dim=1)
        return torch.cat(forecast, dim=1)


class OneNumberFirst(nn.Module):
    """What an endpoint asks: the next value as an output of its own, then the whole forecast."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, rows):
        forecast = self.network(rows)
        return forecast[:, :1], forecast


def export():
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it would tell of operators nobody asked for
    exported = torch.onnx.export(
        OneNumberFirst(network).eval(),
        (example,),
        input_names=["rows"],
        output_names=["next", "forecast"],
        dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
        verbose=False,
    )
    return exported.model_proto.SerializeToString()


def judge(name, rows):
    with torch.no_grad():
        forecast = network(torch.tensor(rows.X)).numpy()
    first = common.Rows(rows.X, rows.y[:, :1], rows.weight)
    horizon = common.errors(f"{name}_horizon", rows, forecast)
    return {
        **common.errors(name, first, forecast[:, :1]),
        f"{name}_horizon_rmse": horizon[f"{name}_horizon_rmse"],
    }


with common.run(options):
    torch.manual_seed(options.seed)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)  # for a network this small a second one costs more than it brings
    network = Autoregressive(train)
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.lr, weight_decay=options.decay)
    saved, first = common.checkpoint(options, "network.pt"), 0
    if saved.exists():
        kept = torch.load(saved, weights_only=True)
        network.load_state_dict(kept["network"])
        optimizer.load_state_dict(kept["optimizer"])
        first = kept["epochs"]
    naive = common.errors(
        "naive",
        common.Rows(validation.X, validation.y[:, 0], validation.weight),
        validation.X[:, options.lags - 1],
    )
    mlflow.log_metric("naive_rmse", naive["naive_rmse"])

    # Augmented without level and unit: noise on a price would drown its steps.
    with torch.no_grad():
        looked, level = network.scaled(torch.tensor(train.X))
        steps = (torch.tensor(train.y[:, :1]) - level) / network.step
    examples = common.Rows(looked.numpy(), steps.numpy(), train.weight)

    for epoch in range(first, options.epochs):
        rows = common.augment(examples, options, draw=epoch)
        order = np.random.default_rng([options.seed, epoch]).permutation(len(rows))
        for start in range(0, len(rows), options.batch):
            batch = rows[order[start : start + options.batch]]
            off = network.layers(torch.tensor(batch.X)) - torch.tensor(batch.y)
            loss = (torch.tensor(batch.weight) * off.squeeze(1) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        common.report(options, epoch, {**judge("train", train), **judge("val", validation)})
        if (epoch + 1) % options.checkpoint_every == 0:
            with common.replacing(saved) as new:
                torch.save(
                    {
                        "network": network.state_dict(),
                        "optimizer": optimizer.state_dict(),
                        "epochs": epoch + 1,
                    },
                    new,
                )

    names = lag_names + features
    example = torch.tensor(validation.X[:2] if len(validation) > 1 else train.X[:2])
    with torch.no_grad():
        answers = network(torch.tensor(validation.X)).numpy()
    tensors = mlflow.models.infer_signature(example.numpy(), answers[:2])
    common.save(
        mlflow.pytorch,
        export,
        answers,
        validation,
        names,
        pytorch_model=network,
        signature=tensors,
        input_example=example.numpy(),
        pip_requirements=[f"torch=={torch.__version__}"],
    )
