"""The Keras network of examples/training with what is to be tuned as options."""

import argparse

import mlflow
import tensorflow as tf
from sklearn.datasets import load_diabetes

parser = argparse.ArgumentParser()
parser.add_argument("--units", type=int, default=32)
parser.add_argument("--lr", type=float, default=0.01)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()

mlflow.autolog(log_models=False)
tf.keras.utils.set_random_seed(options.seed)

X, y = load_diabetes(return_X_y=True)
model = tf.keras.Sequential(
    [tf.keras.Input((10,)), tf.keras.layers.Dense(options.units, activation="relu"), tf.keras.layers.Dense(1)]
)
model.compile(optimizer=tf.keras.optimizers.Adam(options.lr), loss="mse", metrics=["mae"])
# Autologging logs val_mae after each epoch: what a pruner looks at.
model.fit(X, y, epochs=10, batch_size=32, validation_split=0.2, verbose=2)
