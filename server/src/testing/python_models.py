"""Saves a few models with the real mlflow client into FOLDER/<name>, and what they must answer into FOLDER/expected.json.

    python python_models.py FOLDER
"""

import json
import os
import subprocess
import sys
import time

import mlflow
import numpy
import pandas
from mlflow.models import infer_signature
from mlflow.types import ColSpec, Schema
from sklearn.ensemble import GradientBoostingClassifier


class Exact(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: pandas.DataFrame, params=None):
        return 2 * model_input["a"] + 3 * model_input["b"] + 1


class Odd(mlflow.pyfunc.PythonModel):
    """Does what its column `deed` says."""

    def predict(self, context, model_input: pandas.DataFrame, params=None):
        deed, rows = int(model_input["deed"].iloc[0]), len(model_input)
        if deed == 1:
            raise ValueError("no such street")
        if deed == 2:
            print("a model that talks\n" * 100)
            os.write(1, b"\x05\0\0\0\0\0\0\0{}")
            subprocess.run(["echo", "so does what it starts"])
        if deed == 3:
            kept = []
            while True:
                kept.append(numpy.ones(8_000_000))
                time.sleep(0.05)
        if deed == 4:
            subprocess.Popen(["sleep", "1000"], start_new_session=True)
            time.sleep(1000)
        if deed == 5:
            return numpy.array([numpy.nan] * rows)
        if deed == 6:
            return numpy.zeros(rows + 1)
        if deed == 7:
            return ["dog"] * rows
        if deed == 8:
            sys.exit(3)
        if deed == 9:
            return pandas.DataFrame({"low": [1.0] * rows, "high": [2] * rows})
        if deed == 10:
            return object()
        if deed == 11:
            os._exit(7)
        if deed == 12 and os.fork() == 0:
            time.sleep(1000)
        return model_input["deed"] * 10


def main(folder):
    numbers = Schema([ColSpec("double", "a"), ColSpec("double", "b")])
    signature = mlflow.models.ModelSignature(inputs=numbers, outputs=Schema([ColSpec("double")]))
    save = mlflow.pyfunc.save_model
    save(os.path.join(folder, "exact"), python_model=Exact(), signature=signature, pip_requirements=["mlflow"])
    deeds = mlflow.models.ModelSignature(inputs=Schema([ColSpec("long", "deed")]))
    save(os.path.join(folder, "odd"), python_model=Odd(), signature=deeds, pip_requirements=["mlflow"])

    random = numpy.random.default_rng(7)
    rows = pandas.DataFrame({"size": random.normal(50, 20, 400), "rooms": random.integers(1, 6, 400)})
    rows["far"] = random.exponential(3, 400).astype("float32")
    labels = (rows["size"] + 10 * rows["rooms"] - 4 * rows["far"] > 70).astype(int)
    model = GradientBoostingClassifier(n_estimators=30, random_state=1).fit(rows, labels)
    mlflow.sklearn.save_model(
        model,
        os.path.join(folder, "houses"),
        signature=infer_signature(rows, model.predict_proba(rows)),
        input_example=rows.head(3),
        pyfunc_predict_fn="predict_proba",
        serialization_format="cloudpickle",
        pip_requirements=["mlflow", "scikit-learn"],
    )
    mlflow.sklearn.save_model(
        GradientBoostingClassifier(n_estimators=5, random_state=1).fit(rows.to_numpy(), labels),
        os.path.join(folder, "array"),
        signature=infer_signature(rows.to_numpy(), labels.to_numpy()),
        serialization_format="cloudpickle",
        pip_requirements=["mlflow", "scikit-learn"],
    )
    with open(os.path.join(folder, "expected.json"), "w") as file:
        columns = {name: rows[name].astype(float).tolist() for name in rows}
        json.dump({"columns": columns, "probabilities": model.predict_proba(rows).tolist()}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
