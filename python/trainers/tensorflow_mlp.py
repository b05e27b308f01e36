"""A small network of TensorFlow (Keras): layers of neurons on scaled features.

    python tensorflow_mlp.py --data prices.parquet --target next_close --features close,volume --time day --epochs 50

Scaling is part of the network, so that whoever asks it gives raw values. The order of the rows and their
augmented copies are drawn from the seed and the epoch's number: an epoch after an interruption is the one that
would have come without it.
"""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow tells its own internals at every fit

import keras
import mlflow.tensorflow
import numpy as np
import tensorflow

import common

parser = common.parser(__doc__)
parser.add_argument("--epochs", type=int, default=30, help="passes over the training rows")
parser.add_argument("--lr", type=float, default=0.003, help="size of a step")
parser.add_argument("--layers", type=int, default=2, help="hidden layers")
parser.add_argument("--width", type=int, default=32, help="neurons of a layer")
parser.add_argument("--dropout", type=float, default=0.0, help="share of the neurons left out while learning")
parser.add_argument("--batch", type=int, default=64, help="rows of a step")
options = common.parse(parser)
train, validation = common.load(options)


def build():
    shift, spread = train.X.mean(axis=0), np.maximum(train.X.std(axis=0), 1e-6)
    hidden = [
        layer
        for number in range(options.layers)
        for layer in (
            keras.layers.Dense(options.width, activation="relu"),
            keras.layers.Dropout(options.dropout, seed=options.seed + number),
        )
    ]
    scaled_in = keras.layers.Rescaling((1 / spread).tolist(), (-shift / spread).tolist())
    scaled_out = keras.layers.Rescaling(float(train.y.std()) or 1.0, float(train.y.mean()))
    network = keras.Sequential(
        [keras.Input((train.X.shape[1],)), scaled_in, *hidden, keras.layers.Dense(1), scaled_out]
    )
    network.compile(keras.optimizers.Adam(options.lr), loss="mse")
    return network


def export():
    exported = Path(common.nowhere.name) / "network.onnx"
    network.export(exported, format="onnx", verbose=False)
    return exported.read_bytes()


with common.run(options):
    keras.utils.set_random_seed(options.seed)
    tensorflow.config.experimental.enable_op_determinism()
    saved = common.checkpoint(options, "network.keras")
    network, first = build(), 0
    if saved.exists():
        network = keras.models.load_model(saved)
        batches = int(network.optimizer.iterations)
        first = batches // -(-len(common.augment(train, options)) // options.batch)
        # The file has all but how often dropout has drawn: once a batch.
        for layer in network.layers:
            if getattr(layer, "seed_generator", None):
                layer.seed_generator.state.assign([layer.seed, batches])
    for epoch in range(first, options.epochs):
        rows = common.augment(train, options, draw=epoch)
        rows = rows[np.random.default_rng([options.seed, epoch]).permutation(len(rows))]
        network.fit(rows.X, rows.y, sample_weight=rows.weight, batch_size=options.batch, shuffle=False, verbose=0)
        learned = common.errors("train", train, network.predict(train.X, verbose=0))
        answers = network.predict(validation.X, verbose=0)
        common.report(options, epoch, {**learned, **common.errors("val", validation, answers)})
        if (epoch + 1) % options.checkpoint_every == 0:
            with common.replacing(saved) as new:
                network.save(new)

    answers = network.predict(validation.X, verbose=0)
    common.save(
        mlflow.tensorflow,
        export,
        answers,
        validation,
        common.feature_names(options),
        model=network,
        pip_requirements=[f"tensorflow=={tensorflow.__version__}"],
    )
