"""Keras 3 on PyTorch: autolog with its metrics per epoch, log_model and load_model with equal predictions."""

import mlflow
import numpy
from mlflow.models import infer_signature
from story import step, tell, unique

# After `story`, which says that the backend is PyTorch.
import keras

random = numpy.random.default_rng(1)
inputs = random.random((64, 4), dtype=numpy.float32)
target = inputs.sum(axis=1, keepdims=True)


def build():
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    return model


@step
def autolog(client, story):
    assert keras.backend.backend() == "torch"
    mlflow.set_experiment(unique("keras"))
    mlflow.keras.autolog()
    model = build()
    with mlflow.start_run() as run:
        model.fit(inputs, target, epochs=5, batch_size=16, verbose=0)
    mlflow.keras.autolog(disable=True)
    got = client.get_run(run.info.run_id)
    assert got.data.params["epochs"] == "5", got.data.params
    history = client.get_metric_history(run.info.run_id, "loss")
    assert len(history) >= 5 and history[-1].value < history[0].value, history
    back = mlflow.keras.load_model(f"runs:/{run.info.run_id}/model")
    assert numpy.array_equal(back.predict(inputs, verbose=0), model.predict(inputs, verbose=0))


@step
def round_trip(client, story):
    model = build()
    model.fit(inputs, target, epochs=1, verbose=0)
    expected = model.predict(inputs, verbose=0)
    with mlflow.start_run():
        info = mlflow.keras.log_model(model, name="net", signature=infer_signature(inputs, expected))
    assert numpy.array_equal(mlflow.keras.load_model(info.model_uri).predict(inputs, verbose=0), expected)
    assert numpy.array_equal(mlflow.pyfunc.load_model(info.model_uri).predict(inputs), expected)


if __name__ == "__main__":
    tell(__doc__)
