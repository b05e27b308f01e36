"""Registers one scikit-learn pipeline with a column of text twice with the real mlflow client: as Python, and as ONNX.

    python flowers.py

Prints {"records": [...], "labels": [...]}: what is asked, and what scikit-learn says.
"""

import json

import mlflow
import numpy
import pandas
from mlflow.models import infer_signature
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

random = numpy.random.default_rng(7)
rows = pandas.DataFrame({"color": random.choice(["red", "white", "blue"], 300), "petal": random.normal(5, 2, 300)})
kinds = numpy.where(rows["petal"] > 5, numpy.where(rows["color"] == "red", "rose", "lily"), "iris")
encode = ColumnTransformer([("color", OneHotEncoder(handle_unknown="ignore"), ["color"])], remainder="passthrough")
model = make_pipeline(encode, LogisticRegression(max_iter=500)).fit(rows, kinds)
signature = infer_signature(rows, model.predict(rows))

with mlflow.start_run():
    mlflow.sklearn.log_model(
        model,
        name="flowers",
        signature=signature,
        input_example=rows.head(2),
        serialization_format="cloudpickle",
        registered_model_name="flowers",
    )
types = [("color", StringTensorType([None, 1])), ("petal", FloatTensorType([None, 1]))]
graph = to_onnx(model, initial_types=types, options={"zipmap": False}, target_opset=17)
with mlflow.start_run():
    mlflow.onnx.log_model(graph, name="flowers", signature=signature, registered_model_name="flowers")

# Away from the borders, where 32-bit floats could tell two classes apart otherwise.
asked = rows[model.predict_proba(rows).max(axis=1) > 0.6].head(40)
print(json.dumps({"records": asked.to_dict("records"), "labels": model.predict(asked).tolist()}))
