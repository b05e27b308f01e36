"""Models of three frameworks, each saved by MLflow with `model.onnx` beside it, in FOLDER/<name>.

    python equal_models.py FOLDER
"""

import logging
import os
import sys

import mlflow
import numpy
import pandas
import torch
import xgboost
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NAMES = ["a", "b", "c", "d"]


def save(framework, model, folder, name, onnx, outputs, **options):
    path = os.path.join(folder, name)
    signature = ModelSignature(inputs=Schema([ColSpec("float", each) for each in NAMES]), outputs=outputs)
    framework.save_model(model, path, signature=signature, pip_requirements=["mlflow"], **options)
    with open(os.path.join(path, "model.onnx"), "wb") as file:
        file.write(onnx)


def main(folder):
    random = numpy.random.default_rng(5)
    torch.manual_seed(5)
    rows = random.normal(0, 2, (500, 4)).astype("float32")
    frame = pandas.DataFrame(rows, columns=NAMES)
    target = rows @ numpy.array([1, -2, 0.5, 3], dtype="float32") + numpy.sin(rows[:, 0])

    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, target > 0)
    exported = to_onnx(pipeline, rows[:1]).SerializeToString()
    doubles = Schema([ColSpec("double"), ColSpec("double")])
    sklearn = {"pyfunc_predict_fn": "predict_proba", "serialization_format": "cloudpickle"}
    save(mlflow.sklearn, pipeline, folder, "sklearn", exported, doubles, **sklearn)

    booster = xgboost.train({"max_depth": 4, "eta": 0.3}, xgboost.DMatrix(frame, label=target), 40)
    booster.feature_names = None
    exported = convert_xgboost(booster, initial_types=[("rows", FloatTensorType([None, 4]))]).SerializeToString()
    booster.feature_names = NAMES
    save(mlflow.xgboost, booster, folder, "xgboost", exported, Schema([ColSpec("float")]))

    network = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1)).eval()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    program = torch.onnx.export(
        network, (torch.zeros(2, 4),), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},), verbose=False
    )
    exported, pickled = program.model_proto.SerializeToString(), {"serialization_format": "pickle"}
    save(mlflow.pytorch, network, folder, "torch", exported, Schema([ColSpec("float")]), **pickled)


if __name__ == "__main__":
    main(*sys.argv[1:])
