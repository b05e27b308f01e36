"""A Keras network on scikit-learn's diabetes data. `mlflow.autolog()` is all that speaks of tracking."""

import mlflow
import tensorflow as tf
from sklearn.datasets import load_diabetes

mlflow.autolog()
tf.keras.utils.set_random_seed(0)

X, y = load_diabetes(return_X_y=True)
model = tf.keras.Sequential(
    [tf.keras.Input((10,)), tf.keras.layers.Dense(32, activation="relu"), tf.keras.layers.Dense(1)]
)
model.compile(optimizer=tf.keras.optimizers.Adam(0.01), loss="mse", metrics=["mae"])
model.fit(X, y, epochs=10, batch_size=32, validation_split=0.2, verbose=2)
